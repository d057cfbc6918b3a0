//! Changes as they happen, as server-sent events. The first event holds the whole state, each later one what has changed since. Teaches that a
//! browser which reconnects needs the current state and no history, and that a stream has an owner, and ends when the owner leaves.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::sse::{Event, KeepAlive, Sse};
use chassis::Problem;
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use crate::{
    access::{AtDesk, Member},
    desk_views::desk_view,
    feeds::{News, Subscription},
    lines::Lines,
    rate_limits::Who,
    room::Room,
    session::not_found,
    views::team_view,
};

/// Keep-alive interval of a silent stream: proxies cut off connections that are silent for long.
const ALIVE_EVERY: Duration = Duration::from_secs(10);

/// The team's state, now and after each change
///
/// The first event is named `state` and holds what `/api/team` answers. Each event after it is named `change` and holds a JSON Patch (RFC
/// 6902) on the state before. Another `state` may come at any time, in place of what was before.
#[utoipa::path(get, path = "/api/team/events", responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn team_events(
    member: Member,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let Member { room, team, alias, who } = member;
    let own = json!({ "you": alias, "seat": who.seat() });
    follow(room, Some(team), who, own)
}

/// The facilitator's state, now and after each change
///
/// As for a team: `state` with the whole, then `change` with JSON Patches.
#[utoipa::path(get, path = "/api/desk/events", responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn desk_events(
    AtDesk { room, who, name, rights }: AtDesk,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    follow(room, None, who, json!({ "you": name, "rights": rights }))
}

struct Follower {
    room: Room,
    /// The team whose state is streamed; none for the facilitator.
    team: Option<u32>,
    who: Who,
    /// The lines that they work at.
    lines: Option<Lines>,
    /// The part of the state that says who follows. Nothing else differs among the followers of one feed.
    own: Value,
    changes: watch::Receiver<u64>,
    version: Option<u64>,
    place: Subscription,
}

fn follow(
    room: Room,
    team: Option<u32>,
    who: Who,
    own: Value,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let lines = team.and_then(|team| room.read(|session| session.lines_of(team, who)));
    let feed = room.feeds().of(team, lines.as_ref()).ok_or_else(|| not_found("There is no such team."))?;
    let mut changes = feed.follow();
    changes.mark_changed();
    let place = room.feeds().open(who, team)?;
    let follower = Follower { room, team, who, lines, own, changes, version: None, place };
    let events = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)))
}

impl Follower {
    /// The next event; none when the stream is over.
    async fn next(&mut self) -> Option<Event> {
        let ends = self.place.ends().clone();
        ends.run_until_cancelled(self.wait()).await.flatten()
    }

    async fn wait(&mut self) -> Option<Event> {
        loop {
            self.changes.changed().await.ok()?;
            if !self.room.hears(self.who) {
                return None;
            }
            let lines = self.team.and_then(|team| self.room.read(|session| session.lines_of(team, self.who)));
            let feed = self.room.feeds().of(self.team, lines.as_ref())?;
            if lines != self.lines {
                (self.lines, self.version, self.changes) = (lines, None, feed.follow());
            }
            let (version, news) = feed.news(self.version, || self.state()).await;
            self.version = Some(version);
            match news {
                Some(News::Whole(state)) => {
                    return Some(Event::default().event("state").data(self.whole(&state)));
                }
                Some(News::Change(patch)) => {
                    // More changes may follow this one: look again at once.
                    self.changes.mark_changed();
                    return Some(Event::default().event("change").data(&*patch));
                }
                None => {}
            }
        }
    }

    /// The state that all followers of this feed share.
    fn state(&self) -> Value {
        let state = match self.team {
            Some(team) => serde_json::to_value(team_view(&self.room, team, self.lines.as_ref())),
            None => serde_json::to_value(desk_view(&self.room)),
        };
        state.expect("a view is made of plain values")
    }

    fn whole(&self, state: &Arc<Value>) -> String {
        let mut whole = Value::clone(state);
        for (name, value) in self.own.as_object().into_iter().flatten() {
            whole[name] = value.clone();
        }
        whole.to_string()
    }
}

impl Room {
    /// Whether a follower still has access. The call marks the seat as in use.
    fn hears(&self, who: Who) -> bool {
        self.change(|session| match who {
            Who::Seat(id) => {
                let is_in = session.seats.iter().any(|seat| seat.id == id && !seat.waiting);
                session.hear(id, Instant::now());
                is_in
            }
            Who::Desk(id) => id == 0 || session.seats.iter().any(|seat| seat.id == id && seat.team.is_none()),
            Who::Program(_) => true,
        })
    }
}
