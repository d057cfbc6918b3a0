//! The incident room: people live an incident, each team in a world of its own, and a facilitator leads them.
//!
//! # Layout, in the order to read
//!
//! - [`session`]: who is here, which rounds there are, what each team did ([`played`]); plain data. [`soundness`]: whether one that was read can have been written. [`state`]: its owner, and the one way to change it:
//!   [`seats`] (people come and go), [`changes`] (rounds and the facilitator) and [`work`] (a team's own), in [`lines`] of support with a
//!   [`ticket`] or not, and with [`roles`] or not. [`voices`]: who speaks to teams from outside. [`invitations`]: who else is at the desk.
//!   [`plan`]: which team meets what, and when; [`syllabus`]: what that teaches. [`catalogue`]: what claims are matched with, and when it
//!   opens. [`claims`]: an explanation in parts, and what it is worth; [`free_answer`]: one in anybody's words. [`parting`]: what participants take along. [`complaints`]: what
//!   customers say.
//! - [`evidence_kind`]: what each telemetry level opens. [`team_world`]: one team's world. [`forward`]: its telemetry, also to a backend of the team's own.
//!   [`ended`]: what is shown of it afterwards. [`example`]: a finished session to look at.
//! - [`room`]: the session with its worlds. [`rounds`]: how a round begins, runs and ends. [`saving`] and [`store`]: what a restart finds.
//!   [`queries`]: whose query is computed when.
//! - [`access`]: who is allowed what. [`rate_limits`]: how often. [`limits`]: how large everything may grow, in one place. [`texts`]: what
//!   people type. [`views`], [`clock_views`], [`ticket_views`], [`role_views`] and [`desk_views`]: what is shown; [`feeds`]: to whom, and when, as a [`difference`].
//!   [`api`]: HTTP, described as `OpenAPI`. [`join`]: addresses and QR codes. [`pages`]: files, and the headers of every answer.
//!   [`mod@debrief`]: what it was all about,
//!   once the answers are open.
//!
//! Nothing that a team receives names the product, a scenario or a latent fault: library, files and cookies bear plain names.

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
pub mod parting;
pub mod ticket;
pub mod roles;
pub mod voices;
pub mod invitations;
pub mod plan;
pub mod syllabus;
pub mod catalogue;
pub mod claims;
pub mod free_answer;
pub mod complaints;
pub mod evidence_kind;
pub mod team_world;
pub mod ended;
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
pub mod clock_views;
pub mod ticket_views;
pub mod role_views;
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
    TaskGroup,
    network::Listener,
    problem,
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
        // Before anything is read: no page of another site changes anything, whatever the door.
        .layer(from_fn(access::same_origin))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(room.clone(), example::refuse_changes))
        // Innermost: what a handler has changed is on disk before anybody reads that it is done.
        .layer(from_fn_with_state(room.clone(), saving::save_before_answering));
    let pages = pages::router().merge(api::debrief_pages::router());
    let all = api::router().merge(api::looks::evidence_and_shop()).merge(pages);
    // After everything is merged, so that they hold for every path.
    let all = all.fallback(problem::unknown_route);
    all.layer(layers).with_state(room)
}

/// Answers under the names of `hosts` until it is told to stop; pages that follow are cut off.
pub async fn serve(room: Room, listener: TcpListener, hosts: Hosts, stop: CancellationToken) {
    // The teams' shops are in memory: nothing else in this process listens.
    let limits = Limits::of_process(1);
    let serving = Serving { protocol: Protocol::Http1, limits, hosts, has_date: true };
    let tasks = TaskGroup::default();
    serve_router(Listener::Tcp(listener), router(room).into(), serving, tasks.clone(), stop).await;
    tasks.kill().await;
}
