//! Rates how hard a scenario is, by the minutes of work that the model responder needed until customers were served. They were measured for
//! a [`year`](crate::year). Teaches that 'hard' can be measured: anyone who doubts a rating can play the incident again.
//!
//! The responder knows the list of incidents and never tires; people need longer. A rating only compares one scenario with another.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use incident::OperatingModel;
use serde::{Deserialize, Serialize};
use world::scenario::Scenario;

use crate::year::measured::{Handled, Incident, LEVELS, Measured};

/// Upper limits of easy and medium, in minutes of work at the worst level. A third of the library is easy, and a third is hard.
pub const EASY_MINUTES_MAX: f64 = 20.0;
pub const MEDIUM_MINUTES_MAX: f64 = 60.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    Easy,
    Medium,
    Hard,
}

/// A rating and its basis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rated {
    pub rating: Rating,
    /// Minutes of work until customers were served, at the best and at the worst level. `None` if customers were never served at some level.
    pub minutes: Option<(f64, f64)>,
}

/// How hard a scenario is. A scenario outside the library was never played, and counts as hard.
pub fn rated(scenario: &Scenario) -> Rated {
    static MEASURED: LazyLock<BTreeMap<String, Rated>> = LazyLock::new(|| {
        let whole = Measured::built_in().incidents.into_iter().filter(|one| one.repaired.is_empty());
        whole.map(|one| (one.scenario.clone(), Rated::of(&one))).collect()
    });
    MEASURED.get(&scenario.name).copied().unwrap_or(Rated { rating: Rating::Hard, minutes: None })
}

impl Rated {
    /// Uses the operating model in which the responder may do everything.
    fn of(incident: &Incident) -> Self {
        let worked = |handled: &Handled| {
            let minutes: f64 = handled.worked.iter().sum();
            handled.settled.map(|settled| minutes + settled)
        };
        let at = |level| incident.handled(level, OperatingModel::YouBuildIt).and_then(worked);
        let minutes: Option<Vec<f64>> = LEVELS.into_iter().map(at).collect();
        let minutes = minutes.map(|all| {
            let least = all.iter().copied().fold(f64::INFINITY, f64::min);
            (least, all.iter().copied().fold(0.0, f64::max))
        });
        let rating = match minutes {
            Some((_, most)) if most <= EASY_MINUTES_MAX => Rating::Easy,
            Some((_, most)) if most <= MEDIUM_MINUTES_MAX => Rating::Medium,
            _ => Rating::Hard,
        };
        Self { rating, minutes }
    }
}

impl Rating {
    pub const ALL: [Self; 3] = [Self::Easy, Self::Medium, Self::Hard];

    pub fn name(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }
}

/// `Medium: the model responder worked 22 to 29 minutes until customers were served, by telemetry level.`
impl fmt::Display for Rated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.rating.name();
        write!(f, "{}{}: the model responder ", name[..1].to_uppercase(), &name[1..])?;
        match self.minutes {
            None => write!(f, "found no remedy at one telemetry level or more."),
            Some((least, most)) if least.round() >= most.round() => {
                write!(f, "worked {most:.0} minutes until customers were served.")
            }
            Some((least, most)) => write!(
                f,
                "worked {least:.0} to {most:.0} minutes until customers were served, by telemetry level."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use world::scenario::{STORY, library};

    use super::*;

    #[test]
    fn every_scenario_was_played_and_there_are_easy_and_hard_ones() {
        let all: Vec<(String, Rated)> =
            library().iter().map(|scenario| (scenario.name.clone(), rated(scenario))).collect();
        let of = |rating| all.iter().filter(|(_, rated)| rated.rating == rating).count();
        for rating in Rating::ALL {
            assert!(of(rating) * 6 >= all.len(), "{}: {} of {}", rating.name(), of(rating), all.len());
        }
        // Only controls, which nobody can mend, have no minutes: the responder restored every other scenario at every level.
        for scenario in library() {
            assert_eq!(rated(&scenario).minutes.is_none(), scenario.control, "{}", scenario.name);
        }
        let (_, story) = all.iter().find(|(name, _)| name == STORY).unwrap();
        assert_eq!(
            story.to_string(),
            "Medium: the model responder worked 22 to 29 minutes until customers were served, by telemetry level."
        );
    }
}
