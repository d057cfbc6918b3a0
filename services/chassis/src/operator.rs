//! The operator port of a service: its switches, restart and reset, and the journal of what people did. Off unless a token is set.

use std::{future::Future, io, sync::Arc};

use axum::{
    Json, Router,
    extract::{Query, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use crate::{
    extract::{Checked, JsonObject},
    faults::Switches,
    host::{Host, Program},
    journal::{Action, Journaled, OPERATOR},
    problem::{self, Problem},
    tasks::TaskGroup,
};
use words::{LatentFault, Level};

/// How credentials begin.
const SCHEME: &[u8] = b"Bearer";

/// The state of a service's switches, and what a change of them names. An absent member is left as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchState {
    pub level: Option<Level>,
    /// Exactly these latent faults are present.
    pub faults_present: Option<Vec<LatentFault>>,
}

/// The routes: `GET|PUT /switches`, `POST /restart`, `POST /reset`, `GET /journal?after=N` and the service's own, all with `Authorization: Bearer <token>`.
/// Restarts and resets run in `tasks`, which outlive them.
pub fn router<P: Program>(host: &Arc<Host<P>>, token: &str, tasks: &TaskGroup) -> Router {
    let port = Port { host: Arc::clone(host), tasks: tasks.clone() };
    let again = Router::new().route("/restart", post(restart)).route("/reset", post(reset)).with_state(port);
    let router = Router::new()
        .route("/switches", get(read_switches).put(turn_switches))
        .route("/journal", get(read_journal))
        .with_state(Arc::clone(host))
        .merge(again)
        .merge(host.service().operator_routes());
    guarded(router, token)
}

/// What kills a service and starts it again needs the port's own tasks.
struct Port<P> {
    host: Arc<Host<P>>,
    tasks: TaskGroup,
}

impl<P> Clone for Port<P> {
    fn clone(&self) -> Self {
        Self { host: Arc::clone(&self.host), tasks: self.tasks.clone() }
    }
}

impl<P: Program> Port<P> {
    /// Does `work` to its end, even if the client hangs up: half-way, the service would be dead. Notes what was done, if it was.
    async fn carry_out(
        &self,
        action: Action,
        work: impl Future<Output = io::Result<()>> + Send + 'static,
    ) -> Response {
        let (sends, result) = oneshot::channel();
        let host = Arc::clone(&self.host);
        self.tasks.spawn(async move {
            let result = work.await;
            if result.is_ok() {
                host.journal().note(OPERATOR, action);
            }
            // Nobody may wait for it any more.
            let _ = sends.send(result);
        });
        match result.await {
            Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
            Ok(Err(error)) => {
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
            }
            Err(_) => {
                let detail = "The operator port is closing.";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).into_response()
            }
        }
    }
}

/// These routes, for whoever has the token.
pub fn guarded(router: Router, token: &str) -> Router {
    let token: Arc<str> = token.into();
    router.fallback(problem::unknown_route).layer(middleware::from_fn(move |request: Request, next: Next| {
        let allowed = is_bearer(request.headers(), &token);
        async move { if allowed { next.run(request).await } else { unauthorized().into_response() } }
    }))
}

/// Whether a request carries this bearer token. The comparison takes the same time wherever the tokens differ.
pub fn is_bearer(headers: &HeaderMap, token: &str) -> bool {
    bearer_token(headers).is_some_and(|given| given.ct_eq(token.as_bytes()).into())
}

/// The bearer token that a request carries. The scheme's name may be written in any case (RFC 9110, section 11.1), with one
/// space or more behind it.
pub fn bearer_token(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, rest) = headers.get(header::AUTHORIZATION)?.as_bytes().split_at_checked(SCHEME.len())?;
    let token = rest.strip_prefix(b" ").filter(|_| scheme.eq_ignore_ascii_case(SCHEME));
    token.map(<[u8]>::trim_ascii_start)
}

pub fn unauthorized() -> Problem {
    let detail =
        "This needs credentials: send 'Authorization: Bearer' with the token that was printed at start.";
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

async fn read_switches<P: Program>(State(host): State<Arc<Host<P>>>) -> Json<SwitchState> {
    Json(state_of(host.switches()))
}

async fn turn_switches<P: Program>(
    State(host): State<Arc<Host<P>>>,
    JsonObject(wanted): JsonObject<SwitchState>,
) -> Json<SwitchState> {
    let switches = host.switches();
    if let Some(faults) = wanted.faults_present {
        for fault in LatentFault::ALL {
            let present = faults.contains(&fault);
            // Telemetry is turned by its level.
            if fault == LatentFault::InadequateTelemetry || switches.present(fault) == present {
                continue;
            }
            switches.set(fault, present);
            let action = if present { Action::BroughtBack { fault } } else { Action::Repaired { fault } };
            host.journal().note(OPERATOR, action);
        }
    }
    if let Some(level) = wanted.level.filter(|level| *level != switches.level()) {
        switches.set_level(level);
        host.journal().note(OPERATOR, Action::SetLevel { level });
    }
    Json(state_of(switches))
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn read_journal<P: Program>(
    State(host): State<Arc<Host<P>>>,
    Checked(Query(After { after })): Checked<Query<After>>,
) -> Json<Journaled> {
    Json(host.journal().after(after))
}

async fn restart<P: Program>(State(port): State<Port<P>>) -> Response {
    let host = Arc::clone(&port.host);
    port.carry_out(Action::Restarted, async move { host.restart_by(Some(OPERATOR)).await }).await
}

async fn reset<P: Program>(State(port): State<Port<P>>) -> Response {
    let host = Arc::clone(&port.host);
    port.carry_out(Action::Reset, async move { host.reset().await }).await
}

fn state_of(switches: &Switches) -> SwitchState {
    SwitchState { level: Some(switches.level()), faults_present: Some(switches.faults_present()) }
}
