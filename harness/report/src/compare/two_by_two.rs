//! Telemetry and the operating model, each alone and both together.

use incident::{Level, OperatingModel};
use serde::{Deserialize, Serialize};

use super::Metric;
use crate::Interval;

/// The change from one operating model at one level to another model at another level, split into its parts.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct TwoByTwo {
    pub from: (OperatingModel, Level),
    pub to: (OperatingModel, Level),
    pub effects: Vec<Effect>,
    /// How far the result moves with each assumption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tornado: Option<Tornado>,
}

/// A sensitivity analysis of the difference in time to restore when both change, in seconds: as assumed, and at both ends of each
/// assumption's range, on the same incidents.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Tornado {
    pub difference: f64,
    /// The most influential assumption stands first.
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
    /// The difference at each end of the range.
    pub differences: [f64; 2],
}

impl Swing {
    /// The assumption, with its unit if the words do not already say it.
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
    /// The part that needs both changes.
    pub interaction: Difference,
    /// Both change.
    pub together: Difference,
}

/// A mean of paired differences.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Difference {
    pub mean: f64,
    /// 95 % confidence interval of the mean, over new scenarios.
    pub interval: Interval,
}

impl Effect {
    /// The names of the parts, in the order of [`parts`](Self::parts).
    pub const PARTS: [&'static str; 4] =
        ["telemetry alone", "the operating model alone", "only with both", "both together"];

    /// The parts, in the order of [`PARTS`](Self::PARTS).
    pub fn parts(&self) -> [Difference; 4] {
        [self.telemetry, self.model, self.interaction, self.together]
    }
}

impl TwoByTwo {
    /// The result in a sentence to read aloud: how much sooner customers are served, and how much of that each change brings.
    pub fn sentence(&self) -> Option<String> {
        let effect = self.effects.iter().find(|effect| effect.metric == Metric::Restore)?;
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
