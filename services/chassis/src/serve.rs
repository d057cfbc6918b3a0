//! The accept loop, one for all that listens. Teaches which limits stand between a server and the world, and that health
//! stands outside them.
//!
//! # Layout
//!
//! - [`limits`]: how many connections, and how long each may keep the server waiting.
//! - `activity`: what each connection is doing, and who gives way when a listener is full.
//! - `connection`: one connection. `door`: whole requests in place of one, in memory. `hosts`: under which names it is asked.

mod activity;
mod connection;
pub(crate) mod door;
mod hosts;
pub mod limits;

use std::{sync::Arc, time::Duration};

use axum::{Router, middleware, routing::get};
use http::StatusCode;
use tokio::{select, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use activity::Places;
use door::Door;
pub use hosts::{AllowedHosts, Hosts};
pub use limits::{CONNECTIONS_MAX, CONNECTIONS_RESERVED, DRAIN_TIMEOUT, HEAD_TIMEOUT, Limits};

use crate::{
    chassis::Chassis,
    network::Listener,
    problem::Problem,
    simulation::compute::work,
    tasks::{Boxed, TaskGroup},
    telemetry::http::{Requests, TracedLayer},
};

/// A pause after a failed accept, as when descriptors run out, so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Debug, Default)]
pub struct App {
    /// The service's own routes, with its own limits around them.
    pub router: Router,
    /// `/readyz`, where a service has one. Answered outside every limit, like `/healthz`.
    pub ready: Router,
}

impl From<Router> for App {
    fn from(router: Router) -> Self {
        Self { router, ready: Router::new() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http1,
    /// HTTP/1 and HTTP/2 without TLS, as gRPC needs it.
    Http1And2,
}

/// How a listener is served, whatever it answers.
#[derive(Clone, Debug)]
pub struct Serving {
    pub protocol: Protocol,
    pub limits: Limits,
    pub hosts: Hosts,
    /// Whether answers bear the machine's date, which has no place where time is virtual.
    pub has_date: bool,
}

/// Serves a service, as [`serve_router`] does, with a span and a duration for each request. The host in the address that the
/// listener is bound to is one of its names, and so is the service's own.
pub fn serve(listener: Listener, app: App, chassis: Chassis, stop: CancellationToken) -> Boxed<'static, ()> {
    Box::pin(async move {
        // Health is asked too often, and says too little, to be worth a span.
        let served = Requests::served(chassis.telemetry.meter(), chassis.settings.propagates);
        let router = app.router.layer(TracedLayer(served));
        let router = match chassis.compute.clone() {
            Some(compute) => router.layer(middleware::from_fn_with_state(compute, work)),
            None => router,
        };
        let mut hosts = chassis.settings.hosts.clone().and(chassis.service);
        if let Ok(address) = listener.address() {
            hosts = hosts.and(address.host());
        }
        let limits = chassis.settings.limits;
        let has_date = !chassis.clock.is_virtual();
        let serving = Serving { protocol: Protocol::Http1, limits, hosts, has_date };
        serve_router(listener, App { router, ready: app.ready }, serving, chassis.tasks, stop).await;
    })
}

/// Accepts connections and serves them in `tasks` until `stop`, then waits for what is under way, at most [`DRAIN_TIMEOUT`].
/// `/healthz` is answered at every listener.
pub fn serve_router(
    mut listener: Listener,
    app: App,
    serving: Serving,
    tasks: TaskGroup,
    stop: CancellationToken,
) -> Boxed<'static, ()> {
    Box::pin(async move {
        let health = Router::new().route("/healthz", get(|| async { "ok\n" })).merge(app.ready);
        let whole = app.router.merge(health.clone());
        let beyond_limit = health.fallback(|| async {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Too many connections; try again shortly.")
        });
        let builder = connection::builder(serving.protocol, serving.has_date, &tasks);
        let connections = TaskTracker::new();
        let door = Arc::new(Door {
            whole,
            beyond_limit,
            hosts: serving.hosts,
            places: Places::new(serving.limits.connections),
            reserved: Places::new(serving.limits.reserved),
            connections: connections.clone(),
            tasks: tasks.clone(),
        });
        listener.open_door(&door);
        loop {
            let accepted = select! {
                biased;
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            let connection = match accepted {
                Ok(connection) => connection,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &(dyn std::error::Error + 'static),
                        "could not accept a connection"
                    );
                    // Whoever came knocks until it is let in: a connection that only waits gives its descriptor back.
                    door.places.make_room();
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Some((router, place)) = door.place().await else { continue };
            let (builder, hosts, stop) = (builder.clone(), door.hosts.clone(), stop.clone());
            let served = connection::serve(connection, place, builder, router.clone(), hosts, stop);
            tasks.spawn(connections.track_future(served));
        }
        drop((listener, door));
        connections.close();
        select! {
            biased;
            () = connections.wait() => {}
            () = sleep(DRAIN_TIMEOUT) => {}
        }
    })
}
