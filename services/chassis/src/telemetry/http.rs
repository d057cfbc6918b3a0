//! Spans and durations of each request that is served or sent (OpenTelemetry's semantic conventions for HTTP).

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use ::http::{Request, StatusCode, uri::Authority};
use axum::{body::Body, extract::MatchedPath, response::Response};
use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Histogram, Meter, UpDownCounter},
};
use parking_lot::RwLock;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};
use tracing::{Instrument, Span, field::Empty, info_span, instrument::Instrumented};

use super::context::TraceContext;
use crate::client::CallError;

/// Bounds of duration histograms in seconds, as the conventions advise, and one more: customers wait ten seconds.
const DURATION_BOUNDS_S: [f64; 15] =
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What a service counts of the requests it serves.
#[derive(Debug)]
pub(crate) struct Served {
    duration_s: Durations,
    active: UpDownCounter<i64>,
    propagates: bool,
}

impl Served {
    pub(crate) fn new(meter: &Meter, propagates: bool) -> Arc<Self> {
        Arc::new(Self {
            propagates,
            duration_s: Durations::new(meter, "http.server.request.duration"),
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
    method: &'static str,
    route: Option<MatchedPath>,
    began: Instant,
    status: Option<StatusCode>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let (route, status) = (self.route.as_ref().map(MatchedPath::as_str), self.status);
        if status.is_none() {
            self.span.record("error.type", CLIENT_DISCONNECTED);
        }
        self.served.active.add(-1, &[]);
        let kind = status.is_none().then_some(CLIENT_DISCONNECTED);
        self.served.duration_s.record(self.began.elapsed(), (self.method, route, status, kind), || {
            let mut attributes = vec![KeyValue::new("http.request.method", self.method)];
            attributes.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
            attributes.extend(status.map(status_code));
            let failed = status.filter(StatusCode::is_server_error).map(|status| status.as_str().to_owned());
            let error = failed.or_else(|| kind.map(str::to_owned));
            attributes.extend(error.map(|error| KeyValue::new("error.type", error)));
            attributes
        });
    }
}

const CLIENT_DISCONNECTED: &str = "client_disconnected";

/// A layer around all routes of a service: one span and one duration for each request. A service of its own and no function that axum
/// wraps: it stands in the way of every request, and that wrapping copies the routes behind it each time.
#[derive(Clone, Debug)]
pub(crate) struct TracedLayer(pub(crate) Arc<Served>);

impl<S> Layer<S> for TracedLayer {
    type Service = Traced<S>;

    fn layer(&self, routes: S) -> Traced<S> {
        Traced { served: Arc::clone(&self.0), routes }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Traced<S> {
    served: Arc<Served>,
    routes: S,
}

impl<S: Service<Request<Body>, Response = Response>> Service<Request<Body>> for Traced<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.routes.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let served = Arc::clone(&self.served);
        let method = known_method(request.method());
        let route = request.extensions().get::<MatchedPath>().cloned();
        let parent = TraceContext::of(request.headers()).filter(|_| served.propagates);
        let span = {
            let route = route.as_ref().map(MatchedPath::as_str);
            info_span!(
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
            )
        };
        served.active.add(1, &[]);
        let answer = span.in_scope(|| self.routes.call(request)).instrument(span.clone());
        let under_way = UnderWay { served, span, method, route, began: Instant::now(), status: None };
        Answering { answer: Some(answer), under_way: Some(under_way) }
    }
}

pin_project! {
    /// A request that is being served. Whatever it held is gone when it is answered.
    pub(crate) struct Answering<F> {
        #[pin]
        answer: Option<Instrumented<F>>,
        under_way: Option<UnderWay>,
    }
}

impl<E, F: Future<Output = Result<Response, E>>> Future for Answering<F> {
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let answer = this.answer.as_mut().as_pin_mut().expect("a future that has ended is not asked again");
        let response = ready!(answer.poll(cx));
        this.answer.set(None);
        if let (Ok(response), Some(under_way)) = (&response, this.under_way.as_mut()) {
            let status = response.status();
            under_way.span.record("http.response.status_code", status.as_u16());
            if status.is_server_error() {
                under_way.span.record("error.type", status.as_str());
            }
            under_way.status = Some(status);
        }
        *this.under_way = None;
        Poll::Ready(response)
    }
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
    peer: Arc<CalledPeer>,
}

#[derive(Debug)]
struct CalledPeer {
    host: Arc<str>,
    port: u16,
    propagates: bool,
    duration_s: Durations,
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
        let duration_s = Durations::new(meter, "http.client.request.duration");
        Self { peer: Arc::new(CalledPeer { host, port, propagates, duration_s }) }
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
            server.address = &*self.peer.host,
            server.port = self.peer.port,
            url.path = request.uri().path(),
            http.response.status_code = Empty,
            error.type = Empty,
        );
        if self.peer.propagates
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
                if is_error(status) {
                    self.span.record("error.type", status.as_str());
                }
                self.count(Some(status), None);
            }
            Err(error) => {
                self.span.record("error.type", error.kind());
                self.count(None, Some(error.kind()));
            }
        }
    }

    fn count(&self, status: Option<StatusCode>, kind: Option<&'static str>) {
        let peer = &self.calls.peer;
        peer.duration_s.record(self.began.elapsed(), (self.method, None, status, kind), || {
            let mut attributes = vec![
                KeyValue::new("http.request.method", self.method),
                KeyValue::new("server.address", Arc::clone(&peer.host)),
                KeyValue::new("server.port", i64::from(peer.port)),
            ];
            attributes.extend(status.map(status_code));
            let failed = status.filter(|status| is_error(*status)).map(|status| status.as_str().to_owned());
            let error = failed.or_else(|| kind.map(str::to_owned));
            attributes.extend(error.map(|error| KeyValue::new("error.type", error)));
            attributes
        });
    }
}

/// A caller's error is as much of one to whoever called.
fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_answered {
            self.span.record("error.type", "cancelled");
            self.count(None, Some("cancelled"));
        }
    }
}

/// A histogram of durations, by what each is recorded with. The attributes of a request are looked up once and not for every request: to
/// make, sort and hash them would cost more than all that is counted.
#[derive(Debug)]
struct Durations {
    histogram: Histogram<f64>,
    known: RwLock<Vec<(KnownBy, BoundHistogram<f64>)>>,
}

/// By what durations differ: method, route, status, and the kind of an error that has no status.
type By<'a> = (&'static str, Option<&'a str>, Option<StatusCode>, Option<&'static str>);

/// The same, kept.
#[derive(Debug)]
struct KnownBy(&'static str, Option<Box<str>>, Option<StatusCode>, Option<&'static str>);

/// Kinds of requests that are remembered: the routes of a service, each with some statuses. Others are looked up each time.
const KNOWN_MAX: usize = 64;

impl Durations {
    fn new(meter: &Meter, name: &'static str) -> Self {
        let histogram =
            meter.f64_histogram(name).with_unit("s").with_boundaries(DURATION_BOUNDS_S.into()).build();
        Self { histogram, known: RwLock::default() }
    }

    fn record(&self, duration: Duration, by: By<'_>, attributes: impl FnOnce() -> Vec<KeyValue>) {
        let seconds = duration.as_secs_f64();
        if let Some((_, bound)) = self.known.read().iter().find(|(known, _)| known.is(by)) {
            return bound.record(seconds);
        }
        let attributes = attributes();
        let mut known = self.known.write();
        if known.len() >= KNOWN_MAX {
            return self.histogram.record(seconds, &attributes);
        }
        let bound = self.histogram.bind(&attributes);
        bound.record(seconds);
        let (method, route, status, kind) = by;
        known.push((KnownBy(method, route.map(Into::into), status, kind), bound));
    }
}

impl KnownBy {
    fn is(&self, (method, route, status, kind): By<'_>) -> bool {
        self.2 == status && self.0 == method && self.1.as_deref() == route && self.3 == kind
    }
}

fn status_code(status: StatusCode) -> KeyValue {
    KeyValue::new("http.response.status_code", i64::from(status.as_u16()))
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
