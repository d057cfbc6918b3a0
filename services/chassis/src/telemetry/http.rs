//! Spans and durations of each request that is served or sent (OpenTelemetry's semantic conventions for HTTP).

use std::{fmt, sync::Arc};

use ::http::{Request, StatusCode, uri::Authority};
use axum::{
    extract::{MatchedPath, State},
    middleware::Next,
    response::Response,
};
use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter, UpDownCounter},
};
use tokio::time::Instant;
use tracing::{Instrument, Span, field::Empty, info_span};

use super::context::TraceContext;
use crate::client::CallError;

/// Bounds of duration histograms in seconds, as the conventions advise, and one more: customers wait ten seconds.
const DURATION_BOUNDS_S: [f64; 15] =
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What a service counts of the requests it serves.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    duration_s: Histogram<f64>,
    active: UpDownCounter<i64>,
    propagates: bool,
}

impl Served {
    pub(crate) fn new(meter: &Meter, propagates: bool) -> Arc<Self> {
        Arc::new(Self {
            propagates,
            duration_s: duration_histogram(meter, "http.server.request.duration"),
            active: meter
                .i64_up_down_counter("http.server.active_requests")
                .with_unit("{request}")
                .with_description("Requests being served")
                .build(),
        })
    }
}

/// Counts what is under way, and says so when the client leaves before the answer.
struct UnderWay {
    served: Arc<Served>,
    span: Span,
    attributes: Vec<KeyValue>,
    began: Instant,
    is_answered: bool,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.is_answered {
            self.span.record("error.type", "client_disconnected");
            self.attributes.push(KeyValue::new("error.type", "client_disconnected"));
        }
        self.served.active.add(-1, &[]);
        self.served.duration_s.record(self.began.elapsed().as_secs_f64(), &self.attributes);
    }
}

/// A layer around all routes of a service: one span and one duration for each request.
pub(crate) async fn serve_traced(
    State(served): State<Arc<Served>>,
    request: Request<axum::body::Body>,
    next: Next,
) -> Response {
    let method = known_method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    let parent = TraceContext::of(request.headers()).filter(|_| served.propagates);
    let span = info_span!(
        target: "http",
        "server",
        otel.kind = "server",
        otel.name = %ServerName { method, route },
        otel.parent = parent.map(display),
        http.request.method = method,
        http.route = route,
        url.path = request.uri().path(),
        http.response.status_code = Empty,
        error.type = Empty,
    );
    // Room for those that the answer adds.
    let mut attributes = Vec::with_capacity(4);
    attributes.push(KeyValue::new("http.request.method", method));
    attributes.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
    served.active.add(1, &[]);
    let mut under_way =
        UnderWay { served, span: span.clone(), attributes, began: Instant::now(), is_answered: false };
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    under_way.attributes.push(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        span.record("error.type", status.as_str());
        under_way.attributes.push(KeyValue::new("error.type", status.as_str().to_owned()));
    }
    under_way.is_answered = true;
    response
}

/// How the conventions name a server's span, written only where it is kept.
struct ServerName<'a> {
    method: &'static str,
    route: Option<&'a str>,
}

impl fmt::Display for ServerName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method)?;
        self.route.map_or(Ok(()), |route| write!(f, " {route}"))
    }
}

/// What a service counts of the calls it makes to one peer.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    host: Arc<str>,
    port: u16,
    propagates: bool,
    duration_s: Histogram<f64>,
}

pub(crate) struct Call {
    calls: Calls,
    method: &'static str,
    began: Instant,
    span: Span,
    is_answered: bool,
}

impl Calls {
    pub(crate) fn new(meter: &Meter, peer: &Authority, propagates: bool) -> Self {
        let (host, port) = (peer.host().into(), peer.port_u16().unwrap_or(80));
        Self { host, port, propagates, duration_s: duration_histogram(meter, "http.client.request.duration") }
    }

    /// Begins a call: its span, and the header that carries it to the peer.
    pub(crate) fn begin<B>(&self, request: &mut Request<B>) -> Call {
        let method = known_method(request.method());
        let span = info_span!(
            target: "http",
            "client",
            otel.kind = "client",
            otel.name = method,
            http.request.method = method,
            server.address = &*self.host,
            server.port = self.port,
            url.path = request.uri().path(),
            http.response.status_code = Empty,
            error.type = Empty,
        );
        if self.propagates
            && let Some(context) = TraceContext::of_span(&span)
        {
            context.inject(request.headers_mut());
        }
        Call { calls: self.clone(), method, began: Instant::now(), span, is_answered: false }
    }
}

impl Call {
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(crate) fn end(mut self, answer: Result<StatusCode, &CallError>) {
        self.is_answered = true;
        match answer {
            Ok(status) => {
                self.span.record("http.response.status_code", status.as_u16());
                let error = (status.is_client_error() || status.is_server_error())
                    .then(|| status.as_str().to_owned());
                if let Some(error) = &error {
                    self.span.record("error.type", error.as_str());
                }
                self.count(Some(status), error);
            }
            Err(error) => {
                self.span.record("error.type", error.kind());
                self.count(None, Some(error.kind().to_owned()));
            }
        }
    }

    fn count(&self, status: Option<StatusCode>, error: Option<String>) {
        let mut attributes = Vec::with_capacity(5);
        attributes.extend([
            KeyValue::new("http.request.method", self.method),
            KeyValue::new("server.address", Arc::clone(&self.calls.host)),
            KeyValue::new("server.port", i64::from(self.calls.port)),
        ]);
        attributes.extend(
            status.map(|status| KeyValue::new("http.response.status_code", i64::from(status.as_u16()))),
        );
        attributes.extend(error.map(|error| KeyValue::new("error.type", error)));
        self.calls.duration_s.record(self.began.elapsed().as_secs_f64(), &attributes);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_answered {
            self.span.record("error.type", "cancelled");
            self.count(None, Some("cancelled".to_owned()));
        }
    }
}

fn duration_histogram(meter: &Meter, name: &'static str) -> Histogram<f64> {
    meter.f64_histogram(name).with_unit("s").with_boundaries(DURATION_BOUNDS_S.into()).build()
}

/// The method, or `_OTHER`: whoever calls must not be able to make up label values.
fn known_method(method: &::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "PUT" => "PUT",
        "POST" => "POST",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        _ => "_OTHER",
    }
}
