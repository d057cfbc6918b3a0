//! The clocks of a team's shop, as pages count on from them. Teaches that a page which knows when a clock was set needs no tick from the server.

use incident::{EventKind, Recorder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{played::Moment, team_world::TeamWorld, views::story_time};

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// The time of the story, as on a clock.
    pub story: String,
    /// The same in seconds since 08:00.
    pub story_s: f64,
    /// The shop's own seconds since its customers arrived.
    pub shop_s: f64,
    /// When they arrived, in seconds since 1970.
    pub arrived_unix_s: f64,
    pub changes: Vec<ChangeView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// The shop's second from which it holds.
    pub at_s: f64,
    pub story_s: f64,
    /// Story seconds a second.
    pub speed: f64,
    /// Whether it is paused.
    pub paused: bool,
}

pub fn clock_view(team_world: &TeamWorld) -> ClockView {
    let (now, arrived_unix_s) = (team_world.now(), team_world.arrived_unix_s());
    clock_of(&team_world.world.record(), now, arrived_unix_s)
}

/// The clocks of a record at a moment.
pub(crate) fn clock_of(record: &Recorder, now: Moment, arrived_unix_s: f64) -> ClockView {
    let set = record.events().iter().filter_map(|event| match event.kind {
        EventKind::Clock { speed, paused } => {
            Some(ChangeView { at_s: event.at_s, story_s: event.story_s, speed, paused })
        }
        _ => None,
    });
    ClockView {
        story: story_time(now.story_s),
        story_s: now.story_s,
        shop_s: now.at_s,
        arrived_unix_s,
        changes: set.collect(),
    }
}
