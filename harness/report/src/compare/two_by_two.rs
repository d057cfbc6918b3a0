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
    /// What the sentence rests on: how far it moves with each assumption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tornado: Option<Tornado>,
}

/// The difference in time to restore when both change, in seconds, as assumed and at both ends of each assumption's range, on the same
/// incidents.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Tornado {
    pub difference: f64,
    /// What moves it most stands first.
    pub rows: Vec<Swing>,
}

/// One assumption about the operating models.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Swing {
    pub assumption: String,
    pub unit: String,
    pub value: f64,
    pub range: [f64; 2],
    /// Where the value is from, or that it is assumed.
    pub source: String,
    /// At both ends of the range.
    pub differences: [f64; 2],
}

impl Swing {
    /// With its unit, where that is not said by itself.
    pub fn name(&self) -> String {
        if self.unit == "min" { format!("{}, min", self.assumption) } else { self.assumption.clone() }
    }

    /// How far the difference moves.
    pub fn reach(&self) -> f64 {
        (self.differences[0] - self.differences[1]).abs()
    }
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
            let minutes = format!("{:.0}", (seconds / 60.0).abs());
            let unit = if minutes == "1" { "minute" } else { "minutes" };
            format!("{minutes} {unit} {}", if seconds > 0.0 { "later" } else { "sooner" })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_minute_is_said_as_one() {
        let part = |mean: f64| Difference { mean, interval: Interval { low: mean, high: mean } };
        let effect = Effect {
            metric: Metric::Restore,
            at_first: 9_000.0,
            telemetry: part(-62.0),
            model: part(-1_200.0),
            interaction: part(58.0),
            together: part(-1_204.0),
        };
        let (from, to) =
            ((OperatingModel::OpsRunIt, Level::Dark), (OperatingModel::YouBuildIt, Level::Changes));
        let sentence = TwoByTwo { from, to, effects: vec![effect], tornado: None }.sentence().unwrap();
        assert!(
            sentence.contains("served again 20 minutes sooner: 1 minute sooner by telemetry"),
            "{sentence}"
        );
        assert!(sentence.contains("1 minute later only by both"), "{sentence}");
    }
}
