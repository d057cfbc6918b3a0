//! Changes as they happen: server-sent events, each of which is the whole state. Teaches that who comes back after a lost connection needs
//! no history, only what is true now.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use serde::Serialize;
use tokio::{sync::watch, time::sleep};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::Refusal;
use crate::{
    access::{Facilitator, Member},
    desk_views::desk_view,
    room::Room,
    views::team_view,
};

/// How often a silent connection is told that it lives: proxies cut off what is silent for long.
const ALIVE_EVERY: Duration = Duration::from_secs(10);

/// At most so often, however fast things change.
const AT_MOST_EVERY: Duration = Duration::from_millis(100);

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(team_events)).routes(routes!(desk_events))
}

/// The team's state, now and after each change
#[utoipa::path(get, path = "/api/team/events", tag = "team", security(("team" = [])),
    responses((status = 200, content_type = "text/event-stream", body = String), Refusal))]
async fn team_events(
    State(room): State<Room>,
    member: Member,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    states(room.follow(), move || team_view(&room, member.team, &member.alias))
}

/// The facilitator's state, now and after each change
#[utoipa::path(get, path = "/api/desk/events", tag = "desk", security(("facilitator" = [])),
    responses((status = 200, content_type = "text/event-stream", body = String), Refusal))]
async fn desk_events(
    State(room): State<Room>,
    _: Facilitator,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    states(room.follow(), move || Some(desk_view(&room)))
}

fn states<T: Serialize>(
    mut changes: watch::Receiver<u64>,
    view: impl Fn() -> Option<T> + Send + 'static,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    changes.mark_changed();
    let events = stream::unfold((changes, view), async |(mut changes, view)| {
        changes.changed().await.ok()?;
        changes.mark_unchanged();
        let state = serde_json::to_string(&view()?).expect("a view is made of plain values");
        let event = Event::default().event("state").data(state);
        sleep(AT_MOST_EVERY).await;
        Some((Ok(event), (changes, view)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY))
}
