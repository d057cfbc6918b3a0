//! The incident room: teams respond to an incident, each in a world of its own, and a facilitator leads them.
//!
//! # Layout, in the order to read
//!
//! - [`session`]: people, rounds, and each team's work ([`played`]), as plain data. [`soundness`]: validates a session read from a file. [`state`]:
//!   the owner of the session, and the only way to change it. The changes: [`seats`] (people join and leave), [`changes`] (rounds and the
//!   facilitator) and [`work`] (a team's own), in [`lines`] of support with a [`ticket`] or not, and with [`roles`] or not. [`voices`]: messages to
//!   teams from outside the shop. [`invitations`]: further people at the desk. [`plan`]: which team meets which scenario, and when. [`catalogue`]:
//!   the answers that claims are matched with, and when they open. [`claims`]: an explanation in parts, and its score; [`free_answer`]: an
//!   explanation in free text. [`complaints`]: what customers say.
//! - [`evidence_kind`]: the evidence that each telemetry level opens. [`team_world`]: one team's world. [`forward`]: sends its telemetry also to a
//!   backend of the team's own. [`example`]: a finished session to look at.
//! - [`room`]: the session with its worlds. [`rounds`]: how a round begins, runs and ends. [`saving`] and [`store`]: persistence across restarts.
//!   [`queries`]: fair scheduling of expensive queries.
//! - [`access`]: authentication and permissions. [`rate_limits`]: request rates. [`limits`]: all size limits in one place. [`texts`]: validation of
//!   what people type. [`views`] and [`desk_views`]: what pages show; [`feeds`]: whom to send it to and when, as a [`difference`]. [`api`]: HTTP,
//!   described as `OpenAPI`. [`join`]: addresses and QR codes. [`pages`]: static files, and the headers of every response. [`mod@debrief`]: the
//!   analysis of a session once the answers are open.
//!
//! Nothing that a team receives may name the product, a scenario or a latent fault. So library, files and cookies have plain names.

#![allow(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of `Change` in place of the closure that it is called in is tied to one lifetime, and does not compile"
)]
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "nothing outside the workspace uses this crate: a comment stands where it says more than the name"
)]

pub mod session;
pub mod played;
pub mod state;
pub mod soundness;
pub mod limits;
pub mod texts;
pub mod seats;
pub mod changes;
pub mod work;
pub mod lines;
pub mod ticket;
pub mod roles;
pub mod voices;
pub mod invitations;
pub mod plan;
pub mod catalogue;
pub mod claims;
pub mod free_answer;
pub mod complaints;
pub mod evidence_kind;
pub mod team_world;
pub mod example;
pub mod forward;
pub mod room;
pub mod saving;
pub mod queries;
pub mod rounds;
pub mod store;
pub mod access;
pub mod rate_limits;
pub mod views;
pub mod desk_views;
pub mod difference;
pub mod feeds;
pub mod join;
pub mod debrief;
pub mod api;
pub mod pages;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
};
use chassis::{
    TaskGroup, problem,
    serve::{Hosts, Limits, Protocol, Serving, serve_router},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;

pub use limits::BODY_BYTES_MAX;
pub use room::{Room, RoomOptions};

pub fn router(room: Room) -> Router {
    let layers = ServiceBuilder::new()
        // Outermost, so that refusals carry the headers too.
        .layer(from_fn(pages::guarded))
        // Before any body is read: a page of another site changes nothing, on any route.
        .layer(from_fn(access::same_origin))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(room.clone(), example::refuse_changes))
        // Innermost: the response to a change waits until the change is on disk.
        .layer(from_fn_with_state(room.clone(), saving::save_before_answering));
    let pages = pages::router().merge(api::debrief_pages::router());
    let all = api::router().merge(api::looks::evidence_and_shop()).merge(pages);
    // Added after all merges, so that the layers apply to every path.
    let all = all.fallback(problem::unknown_route);
    all.layer(layers).with_state(room)
}

/// Serves requests for the host names in `hosts` until `stop` is cancelled. Then it cuts off open event streams.
pub async fn serve(room: Room, listener: TcpListener, hosts: Hosts, stop: CancellationToken) {
    // The teams' shops are in memory: nothing else in this process listens.
    let limits = Limits::of_process(1);
    let serving = Serving { protocol: Protocol::Http1, limits, hosts, has_date: true };
    let tasks = TaskGroup::default();
    serve_router(listener.into(), router(room).into(), serving, tasks.clone(), stop).await;
    tasks.kill().await;
}
