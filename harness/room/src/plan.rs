//! Which team meets which scenario at which telemetry level, and when. Teaches that levels can only be compared fairly if half of the
//! teams have the poor one first, and nobody meets the same incident twice.
//!
//! **Crossover.** Two scenarios, A and B, and two levels, poor and rich, make four orders: A poor then B rich, A rich then B poor,
//! B poor then A rich, B rich then A poor. Teams are dealt to the orders in turn. With fewer than four teams only the first two orders are used;
//! then the effects of scenario and round are confounded.

use std::collections::BTreeSet;

use chassis::rng;
use incident::{Level, OperatingModel};
use rand::seq::SliceRandom;
use world::scenario::{Symptom, library};

use crate::{
    session::{Assigned, Round},
    voices::Updates,
};

/// Half of the teams begin with the one level, half with the other.
pub const POOR: Level = Level::Logs;
pub const RICH: Level = Level::RICHEST;

/// Story minutes per wall-clock minute, and wall-clock minutes of a scored round: together the story's five hours and a quarter.
pub const SPEED: f64 = 15.0;
pub const MINUTES: f64 = 21.0;
pub const PRACTICE_MINUTES: f64 = 6.0;
/// Wall-clock minutes of a rehearsal: visits fail within the first two, and each further minute takes a quarter of an hour of the story.
pub const REHEARSAL_MINUTES: f64 = 10.0;
/// The limits for rounds that are planned by hand.
pub const SPEED_RANGE: (f64, f64) = (1.0, 120.0);
/// The shortest and the longest round, in minutes.
pub const MINUTES_RANGE: (f64, f64) = (1.0, 180.0);
/// Most rounds of a session: a whole day of half hours, with breaks.
pub const ROUNDS_MAX: usize = 12;

/// The practice scenario: simple, and unlike the scored ones.
const PRACTICE: &str = "stopped-store";

/// Scenarios for a first session, the story first; others follow in an order that the seed decides.
const FIRST: [&str; 2] = [world::scenario::STORY, "slow-disk"];

/// The practice round, and two scored ones in crossover. Scenarios in `seen` are used only when no others are left.
pub fn crossover(seed: u64, teams: u32, seen: &BTreeSet<String>) -> Vec<Round> {
    let scenarios = unseen(seed, seen);
    let practice = Assigned {
        scenario: scenarios[0].clone(),
        text: None,
        seed: seed_of(seed, 0),
        level: Level::Metrics,
    };
    let round = |practice, minutes, assigned| Round {
        practice,
        operating_model: OperatingModel::YouBuildIt,
        speed: SPEED,
        minutes,
        // No status updates while people learn the page.
        updates: (!practice).then(Updates::default),
        assigned,
    };
    let scored = |place: usize| {
        let of_team = |team: u32| {
            let order = if teams < 4 { team % 2 } else { team % 4 };
            let (first_b, first_rich) = (order >= 2, order % 2 == 1);
            let is_b = first_b != (place == 1);
            let is_rich = first_rich != (place == 1);
            let scenario = scenarios[1 + usize::from(is_b)].clone();
            let level = if is_rich { RICH } else { POOR };
            Assigned { scenario, text: None, seed: seed_of(seed, 1 + u64::from(is_b)), level }
        };
        round(false, MINUTES, (0..teams).map(of_team).collect())
    };
    let for_all = vec![practice; usize::try_from(teams).unwrap_or_default()];
    vec![round(true, PRACTICE_MINUTES, for_all), scored(0), scored(1)]
}

/// The one round of a rehearsal. It counts, so that its debrief shows everything.
pub fn rehearsal(seed: u64, (scenario, text): (&str, Option<String>), level: Level) -> Round {
    let assigned = vec![Assigned { scenario: scenario.to_owned(), text, seed: seed_of(seed, 0), level }];
    let operating_model = OperatingModel::YouBuildIt;
    Round {
        practice: false,
        operating_model,
        speed: SPEED,
        minutes: REHEARSAL_MINUTES,
        updates: None,
        assigned,
    }
}

/// Three scenarios that customers notice and that remedies can end: one for practice, and two to compare.
fn unseen(seed: u64, seen: &BTreeSet<String>) -> Vec<String> {
    let mends = |scenario: &world::scenario::Scenario| {
        !scenario.control && scenario.symptom != Symptom::Nothing && scenario.name != PRACTICE
    };
    let mut others: Vec<String> = library().into_iter().filter(mends).map(|scenario| scenario.name).collect();
    others.shuffle(&mut rng(seed, "plan", "scenarios"));
    // A stable sort keeps the seed's order within each group.
    others.sort_by_key(|name| (seen.contains(name), !FIRST.contains(&name.as_str())));
    let practice = if seen.contains(PRACTICE) { others.remove(2) } else { PRACTICE.to_owned() };
    others.truncate(2);
    others.sort_by_key(|name| FIRST.iter().position(|first| first == name));
    [vec![practice], others].concat()
}

/// Each scenario of a session has a seed of its own, the same for all teams: they meet the identical incident.
pub fn seed_of(seed: u64, place: u64) -> u64 {
    seed.wrapping_add(place) % 1_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_teams_have_the_poor_level_first_and_nobody_meets_an_incident_twice() {
        for teams in [2, 4, 8, 30] {
            let plan = crossover(7, teams, &BTreeSet::new());
            assert!(plan[0].practice && !plan[1].practice && plan.len() == 3);
            let poor_first = plan[1].assigned.iter().filter(|assigned| assigned.level == POOR).count();
            assert_eq!(poor_first * 2, usize::try_from(teams).unwrap() + poor_first * 2 % 2, "{teams}");
            for team in 0..usize::try_from(teams).unwrap() {
                let met: BTreeSet<_> =
                    plan.iter().map(|round| round.assigned[team].scenario.clone()).collect();
                assert_eq!(met.len(), 3, "team {team} of {teams}");
                assert_ne!(plan[1].assigned[team].level, plan[2].assigned[team].level);
            }
        }
    }

    #[test]
    fn who_comes_again_meets_what_they_have_not_seen() {
        let mut seen = BTreeSet::new();
        for session in 0..4 {
            let plan = crossover(session, 4, &seen);
            let new: BTreeSet<_> = plan
                .iter()
                .flat_map(|round| &round.assigned)
                .map(|assigned| assigned.scenario.clone())
                .collect();
            assert!(new.is_disjoint(&seen), "{new:?} after {seen:?}");
            seen.extend(new);
        }
    }

    #[test]
    fn the_first_session_tells_the_story() {
        let plan = crossover(1, 2, &BTreeSet::new());
        assert_eq!(plan[1].assigned[0].scenario, world::scenario::STORY);
        assert_eq!(plan[0].assigned[0].scenario, PRACTICE);
    }
}
