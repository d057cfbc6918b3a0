//! Telemetry and the operating model, each alone and both together.

use incident::{Level, OperatingModel};
use serde::{Deserialize, Serialize};

use super::Metric;
use crate::Interval;

/// What changes from one operating model at one level to another model at another level, and which part of it is whose.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct TwoByTwo {
    pub from: (OperatingModel, Level),
    pub to: (OperatingModel, Level),
    pub effects: Vec<Effect>,
}

/// The parts of one metric's difference. Below zero: shorter, or less. `together` = `telemetry` + `model` + `interaction`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Effect {
    pub metric: Metric,
    /// The mean at `from`.
    pub at_first: f64,
    /// The level changes, the model stays.
    pub telemetry: Difference,
    /// The model changes, the level stays.
    pub model: Difference,
    /// What only both together change.
    pub interaction: Difference,
    /// Both change.
    pub together: Difference,
}

/// A mean of paired differences.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Difference {
    pub mean: f64,
    /// In which 95 % of the means lie, if scenarios were written anew.
    pub interval: Interval,
}

impl Effect {
    /// What the parts are called, in the order in which they are told.
    pub const PARTS: [&'static str; 4] =
        ["telemetry alone", "the operating model alone", "only with both", "both together"];

    /// The parts in that order.
    pub fn parts(&self) -> [Difference; 4] {
        [self.telemetry, self.model, self.interaction, self.together]
    }
}

impl TwoByTwo {
    pub fn effect(&self, metric: Metric) -> Option<&Effect> {
        self.effects.iter().find(|effect| effect.metric == metric)
    }

    /// What can be said aloud: how much sooner customers are served, and whose part in that is how large.
    pub fn sentence(&self) -> Option<String> {
        let effect = self.effect(Metric::Restore)?;
        let minutes = |seconds: f64| {
            let word = if seconds > 0.0 { "later" } else { "sooner" };
            format!("{:.0} minutes {word}", (seconds / 60.0).abs())
        };
        let ((first, poorest), (second, richest)) = (self.from, self.to);
        Some(format!(
            "From {first} at {poorest} to {second} at {richest}, customers were served again {}: {} by telemetry alone, {} by the operating model \
             alone, and {} only by both together.",
            minutes(effect.together.mean),
            minutes(effect.telemetry.mean),
            minutes(effect.model.mean),
            minutes(effect.interaction.mean),
        ))
    }
}
