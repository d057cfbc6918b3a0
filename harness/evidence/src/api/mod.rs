//! The queries over HTTP, as JSON, for people and programs. Teaches that an error response says what is wrong with a query:
//! `application/problem+json` (RFC 9457) that names the parameter.
//!
//! | path | parameters |
//! |---|---|
//! | `/evidence/logs` | `text`, `service`, `severity`, `event`, `trace`, `attribute=key=value` (repeatable, up to 32 times), `from`, `to`, `after`, `limit` |
//! | `/evidence/changes` | `from`, `to` |
//! | `/evidence/metrics` | |
//! | `/evidence/metrics/query` | `name`, `function=range\|sum\|rate\|quantile\|ratio`, `q`, `of=key=value` (repeatable), `service`, `attribute`, `by` (with commas), `from`, `to`, `step`, `window` |
//! | `/evidence/metrics/requests` | `sort=failed\|slow`, `service`, `route`, `from`, `to` |
//! | `/evidence/traces` | `slowest`, `failed`, `service`, `name`, `route`, `attribute`, `from`, `to`, `limit` |
//! | `/evidence/traces/{id}` | |
//! | `/evidence/alerts`, `/evidence/usage` | |
//! | `/metrics` | for Prometheus |
//!
//! A time is RFC 3339, seconds since 1970, or relative to now as in `-5m`; a duration is as in `10s`. `to` defaults to now. `from`
//! defaults to everything held, or for lines of a metric to the last five minutes.

mod parameters;

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, header};
use tower::ServiceExt;

use self::parameters::Parameters;
use crate::exposition::CONTENT_TYPE;
use crate::problem::{Problem, no_such_method, no_such_path};
use crate::{Evidence, Function, LogQuery, MetricQuery, Sort, TraceId, TraceOrder, TraceQuery, UnixTime};

/// The number of steps in a line if the query sets no step.
const STEPS: u32 = 60;

/// All routes of this table.
pub fn router(evidence: Evidence) -> Router {
    Router::new()
        .route("/evidence/logs", get(logs))
        .route("/evidence/changes", get(changes))
        .route("/evidence/metrics", get(metrics))
        .route("/evidence/metrics/query", get(metric))
        .route("/evidence/metrics/requests", get(requests))
        .route("/evidence/traces", get(traces))
        .route("/evidence/traces/{id}", get(trace))
        .route("/evidence/alerts", get(async |State(evidence): State<Evidence>| Json(evidence.alerts())))
        .route("/evidence/usage", get(async |State(evidence): State<Evidence>| Json(evidence.usage())))
        .route("/metrics", get(exposition))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(evidence)
}

/// Answers one request synchronously: no handler here waits for anything but a lock.
///
/// # Errors
///
/// If the answer is larger than `bytes_max`.
///
/// # Panics
///
/// Never, because no handler waits.
pub fn answered(
    evidence: Evidence,
    request: Request<Body>,
    bytes_max: usize,
) -> Result<Response<Bytes>, axum::Error> {
    let answer = async {
        let Ok(answer) = router(evidence).oneshot(request).await;
        let (head, body) = answer.into_parts();
        to_bytes(body, bytes_max).await.map(|body| Response::from_parts(head, body))
    };
    answer.now_or_never().expect("the evidence store waits for nothing")
}

type Asked = Query<Vec<(String, String)>>;

async fn logs(State(evidence): State<Evidence>, Query(asked): Asked) -> Result<impl IntoResponse, Problem> {
    let mut asked = Parameters::new(asked, evidence.now());
    let query = LogQuery {
        text: asked.text("text"),
        attributes: asked.pairs("attribute")?,
        service: asked.text("service"),
        severity_min: asked.parsed("severity")?,
        event: asked.text("event"),
        trace_id: asked.parsed("trace")?,
        from: asked.time("from")?,
        to: asked.time("to")?,
        after: asked.parsed("after")?,
        limit: asked.parsed("limit")?.unwrap_or(LogQuery::default().limit),
    };
    asked.done()?;
    Ok(Json(evidence.logs(&query)))
}

async fn changes(
    State(evidence): State<Evidence>,
    Query(asked): Asked,
) -> Result<impl IntoResponse, Problem> {
    let mut asked = Parameters::new(asked, evidence.now());
    let (from, to) = (asked.time("from")?.unwrap_or_default(), asked.time("to")?.unwrap_or(UnixTime::MAX));
    asked.done()?;
    Ok(Json(evidence.changes(from, to)))
}

async fn metrics(State(evidence): State<Evidence>) -> impl IntoResponse {
    Json(serde_json::json!({ "metrics": evidence.metrics() }))
}

async fn metric(State(evidence): State<Evidence>, Query(asked): Asked) -> Result<impl IntoResponse, Problem> {
    let now = evidence.now();
    let mut asked = Parameters::new(asked, now);
    let name =
        asked.text("name").ok_or_else(|| Problem::parameter("name", "name the metric to ask about"))?;
    let (q, of) = (asked.parsed("q")?, asked.pairs("of")?);
    let function = match asked.text("function").as_deref() {
        None | Some("range") => Function::Range,
        Some("sum") => Function::Sum,
        Some("rate") => Function::Rate,
        Some("quantile") => Function::Quantile(q.unwrap_or(0.5)),
        Some("ratio") => Function::Ratio(of),
        Some(_) => {
            return Err(Problem::parameter("function", "expected range, sum, rate, quantile or ratio"));
        }
    };
    let to = asked.time("to")?.unwrap_or(now);
    let from = asked.time("from")?.unwrap_or(to.minus(Duration::from_secs(300)));
    let all = Duration::from_nanos(to.nanos().saturating_sub(from.nanos()));
    let step = asked.duration("step")?.unwrap_or((all / STEPS).max(Duration::from_secs(1)));
    let query = MetricQuery {
        function,
        service: asked.text("service"),
        attributes: asked.pairs("attribute")?,
        by: asked.list("by")?,
        from,
        to,
        step,
        window: asked.duration("window")?.unwrap_or(step.max(Duration::from_secs(10))),
        name,
    };
    asked.done()?;
    let answer = evidence.metric(&query).map_err(|error| {
        let text = error.to_string();
        let parameter = text.split(':').next().unwrap_or_default();
        Problem::parameter(parameter, text.clone())
    })?;
    answer.map(Json).ok_or_else(|| Problem::not_found("No metric of this name is held."))
}

async fn requests(
    State(evidence): State<Evidence>,
    Query(asked): Asked,
) -> Result<impl IntoResponse, Problem> {
    let mut asked = Parameters::new(asked, evidence.now());
    let sort = match asked.text("sort").as_deref() {
        None | Some("failed") => Sort::Failed,
        Some("slow") => Sort::Slow,
        Some(_) => return Err(Problem::parameter("sort", "expected failed or slow")),
    };
    let (service, route) = (asked.text("service"), asked.text("route"));
    let (from, to) = (asked.time("from")?.unwrap_or_default(), asked.time("to")?.unwrap_or(UnixTime::MAX));
    asked.done()?;
    let requests = evidence.requests(sort, service.as_deref(), route.as_deref(), from, to);
    Ok(Json(serde_json::json!({ "requests": requests })))
}

async fn traces(State(evidence): State<Evidence>, Query(asked): Asked) -> Result<impl IntoResponse, Problem> {
    let mut asked = Parameters::new(asked, evidence.now());
    let query = TraceQuery {
        order: if asked.flag("slowest")? { TraceOrder::Slowest } else { TraceOrder::Newest },
        failed: asked.flag("failed")?,
        service: asked.text("service"),
        name: asked.text("name"),
        route: asked.text("route"),
        attributes: asked.pairs("attribute")?,
        from: asked.time("from")?,
        to: asked.time("to")?,
        limit: asked.parsed("limit")?.unwrap_or(TraceQuery::default().limit),
    };
    asked.done()?;
    Ok(Json(evidence.traces(&query)))
}

async fn trace(
    State(evidence): State<Evidence>,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Problem> {
    // A path that is not valid text is no id either.
    let id: Result<TraceId, _> = id.map(|Path(id)| id).unwrap_or_default().parse();
    let id = id.map_err(|error| Problem::parameter("id", error.to_string()))?;
    evidence.trace(id).map(Json).ok_or_else(|| Problem::not_found("No trace of this id is held."))
}

async fn exposition(State(evidence): State<Evidence>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], evidence.exposition())
}
