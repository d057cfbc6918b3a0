//! The accept loop. Teaches which limits stand between a service and the world, and that health stands outside them.

use std::{sync::Arc, time::Duration};

use axum::{Router, middleware, routing::get};
use http::StatusCode;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    pin, select,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Chassis,
    compute::work,
    network::{Connection, Listener},
    problem::{self, Problem},
    telemetry::http::{Served, serve_traced},
};

/// Connections served at once: far above what a front needs, below what a process may open (two descriptors each when
/// client and server share one).
pub const CONNECTIONS_MAX: usize = 2_048;

/// Connections above that limit on which health is still answered, so that a full service can be told from a dead one.
pub const CONNECTIONS_RESERVED: usize = 64;

/// The head of a request: ample for our own, small enough for thousands of connections.
pub const HEAD_BYTES_MAX: usize = 32 * 1_024;

/// A client that has not sent its request's head by then is cut off (a slow loris holds connections by never finishing).
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a graceful stop waits for requests under way.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// A pause after a failed accept, as when descriptors run out, so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a service answers.
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

/// Accepts connections and serves them in the chassis's tasks until `stop`, then waits for what is under way, at most
/// [`DRAIN_TIMEOUT`].
pub async fn serve(mut listener: Listener, app: App, chassis: Chassis, stop: CancellationToken) {
    let health = Router::new().route("/healthz", get(|| async { "ok\n" })).merge(app.ready);
    // Health is asked too often, and says too little, to be worth a span.
    let served = Served::new(chassis.telemetry.meter());
    let router = app.router.layer(middleware::from_fn_with_state(served, serve_traced));
    let router = match chassis.compute.clone() {
        Some(compute) => router.layer(middleware::from_fn_with_state(compute, work)),
        None => router,
    };
    let whole = problem::explained(router.merge(health.clone()));
    let beyond_limit = problem::explained(health.fallback(|| async {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Too many connections; try again shortly.")
    }));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let reserved = Arc::new(Semaphore::new(CONNECTIONS_RESERVED));
    let connections = TaskTracker::new();
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
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (router, place) = if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            (whole.clone(), place)
        } else if let Ok(place) = Arc::clone(&reserved).try_acquire_owned() {
            (beyond_limit.clone(), place)
        } else {
            continue;
        };
        let served = serve_connection(connection, router, place, chassis.clock.is_virtual(), stop.clone());
        chassis.tasks.spawn(connections.track_future(served));
    }
    drop(listener);
    connections.close();
    select! {
        biased;
        () = connections.wait() => {}
        () = sleep(DRAIN_TIMEOUT) => {}
    }
}

async fn serve_connection(
    connection: Connection,
    router: Router,
    _place: OwnedSemaphorePermit,
    is_virtual: bool,
    stop: CancellationToken,
) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        // The date is the machine's: it has no place where time is virtual.
        .auto_date_header(!is_virtual)
        .serve_connection(TokioIo::new(connection), TowerToHyperService::new(router));
    pin!(served);
    let ended = select! {
        biased;
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        // Clients come and go; only someone who reads debug lines wants to know how.
        tracing::debug!(error = &error as &(dyn std::error::Error + 'static), "a connection ended early");
    }
}
