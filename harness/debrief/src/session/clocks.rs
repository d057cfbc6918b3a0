//! The two clocks of a round: the wall clock of the people, and the story clock. Teaches to report people's times in their own minutes: the
//! story's hours are only scenery.

use incident::{Event, EventKind};

/// A stretch in which speed and pause did not change.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    story_s: f64,
    /// The wall-clock seconds before it began, pauses not counted.
    wall_s: f64,
    /// Story seconds per wall-clock second; none while the clocks stand still.
    speed: Option<f64>,
}

/// Converts story seconds to wall-clock seconds, pauses not counted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clocks {
    stretches: Vec<Stretch>,
}

impl Clocks {
    pub(super) fn of(events: &[Event]) -> Self {
        let mut stretches: Vec<Stretch> = Vec::new();
        let (mut wall_s, mut since_s) = (0.0, 0.0);
        for event in events {
            let EventKind::Clock { speed, paused } = event.kind else { continue };
            if stretches.last().is_some_and(|last| last.speed.is_some()) {
                wall_s += event.at_s - since_s;
            }
            since_s = event.at_s;
            let speed = (!paused && speed > 0.0).then_some(speed);
            stretches.push(Stretch { story_s: event.story_s, wall_s, speed });
        }
        if stretches.is_empty() {
            stretches.push(Stretch { story_s: 0.0, wall_s: 0.0, speed: Some(1.0) });
        }
        Self { stretches }
    }

    /// The wall-clock seconds since the start at a second of the story, pauses not counted.
    pub(super) fn wall_s(&self, story_s: f64) -> f64 {
        let running = self.stretches.iter().filter(|stretch| stretch.speed.is_some());
        let before = running.clone().rfind(|stretch| stretch.story_s <= story_s);
        before.or_else(|| running.clone().next()).map_or(0.0, |stretch| {
            stretch.wall_s + (story_s - stretch.story_s) / stretch.speed.unwrap_or(1.0)
        })
    }

    /// Whether both ran at the same speed throughout.
    pub(super) fn agree_with(&self, other: &Self) -> bool {
        let all = self.stretches.iter().chain(&other.stretches);
        let all: Vec<f64> = all.filter_map(|stretch| stretch.speed).collect();
        all.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 1e-9)
    }
}

/// Minutes in words: `7.2 min`.
pub(super) fn minutes(seconds: f64) -> String {
    format!("{:.1}\u{a0}min", (seconds / 60.0 * 10.0).round() / 10.0 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_those_that_people_sat_there() {
        let event = |at_s, story_s, paused| Event {
            at_s,
            story_s,
            who: None,
            kind: EventKind::Clock { speed: 15.0, paused },
        };
        let clocks =
            Clocks::of(&[event(0.0, -900.0, false), event(60.0, 0.0, true), event(100.0, 0.0, false)]);
        let check = |story_s: f64, expected: f64| {
            let wall_s = clocks.wall_s(story_s);
            assert!((wall_s - expected).abs() < 1e-9, "{story_s}: {wall_s}");
        };
        check(-900.0, 0.0);
        check(-450.0, 30.0);
        check(0.0, 60.0);
        check(150.0, 70.0);
        assert_eq!(minutes(70.0), "1.2\u{a0}min");
        assert!(clocks.agree_with(&clocks.clone()));
    }
}
