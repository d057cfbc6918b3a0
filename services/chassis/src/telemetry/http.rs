//! Spans and durations of each request that is served or sent (OpenTelemetry's semantic conventions for HTTP).

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use ::http::{
    Request, StatusCode,
    uri::{Authority, PathAndQuery},
};
use axum::{body::Body, extract::MatchedPath, response::Response};
use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Histogram, Meter, UpDownCounter},
};
use parking_lot::RwLock;
use tokio::time::Instant;
use tower::{Layer, Service};
use tracing::{Instrument, Span, field::Empty, info_span};

use super::context::TraceContext;
use crate::tasks::Boxed;

/// Bounds of duration histograms in seconds, as the conventions advise, and one more: customers wait ten seconds.
const DURATION_BOUNDS_S: [f64; 15] =
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What is measured of the requests that a service serves, or sends to one peer.
#[derive(Debug)]
pub(crate) struct Requests {
    duration_s: Durations,
    /// How many are under way, of those that are served.
    active: Option<UpDownCounter<i64>>,
    /// To whom they go, of those that are sent.
    peer: Option<Peer>,
    propagates: bool,
    is_error: fn(&StatusCode) -> bool,
    /// The kind of error of one that nobody waited for any longer.
    given_up: &'static str,
}

#[derive(Debug)]
struct Peer {
    host: Arc<str>,
    port: u16,
}

/// The address of a request to a peer. It is written only where its span is kept.
struct Address<'a> {
    peer: &'a Peer,
    target: &'a str,
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer: Peer { host, port }, target } = self;
        write!(f, "{SCHEME}://{host}:{port}{target}")
    }
}

/// Services speak plain HTTP with each other.
const SCHEME: &str = "http";

impl Requests {
    pub(crate) fn served(meter: &Meter, propagates: bool) -> Arc<Self> {
        let active = meter.i64_up_down_counter("http.server.active_requests").with_unit("{request}");
        Arc::new(Self {
            duration_s: Durations::new(meter, "http.server.request.duration"),
            active: Some(active.with_description("Requests being served").build()),
            peer: None,
            propagates,
            is_error: StatusCode::is_server_error,
            given_up: "client_disconnected",
        })
    }

    pub(crate) fn sent(meter: &Meter, peer: &Authority, propagates: bool) -> Arc<Self> {
        Arc::new(Self {
            duration_s: Durations::new(meter, "http.client.request.duration"),
            active: None,
            peer: Some(Peer { host: peer.host().into(), port: peer.port_u16().unwrap_or(80) }),
            propagates,
            // A caller's error is as much of one to whoever called.
            is_error: |status| status.is_client_error() || status.is_server_error(),
            given_up: "cancelled",
        })
    }

    /// Begins a call: its span, and the header that carries it to the peer.
    pub(crate) fn call<B>(self: &Arc<Self>, request: &mut Request<B>) -> UnderWay {
        let method = known_method(request.method());
        let target = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        let span = info_span!(
            target: "http",
            "client",
            otel.kind = "client",
            otel.name = named(method),
            http.request.method = method,
            server.address = self.peer.as_ref().map(|peer| &*peer.host),
            server.port = self.peer.as_ref().map(|peer| peer.port),
            url.full = self.peer.as_ref().map(|peer| display(Address { peer, target })),
            http.response.status_code = Empty,
            error.type = Empty,
        );
        if self.propagates
            && let Some(context) = TraceContext::of_span(&span)
        {
            context.inject(request.headers_mut());
        }
        UnderWay::new(self, span, method, None)
    }
}

/// One request. What is dropped without an end was given up.
pub(crate) struct UnderWay {
    of: Arc<Requests>,
    span: Span,
    method: &'static str,
    route: Option<MatchedPath>,
    began: Instant,
    ended: Option<Result<StatusCode, &'static str>>,
}

impl UnderWay {
    fn new(of: &Arc<Requests>, span: Span, method: &'static str, route: Option<MatchedPath>) -> Self {
        if let Some(active) = &of.active {
            active.add(1, &served_by(method));
        }
        Self { of: Arc::clone(of), span, method, route, began: Instant::now(), ended: None }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Ends with a status, or with a kind of error that has none.
    pub(crate) fn end(mut self, ended: Result<StatusCode, &'static str>) {
        self.ended = Some(ended);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let of = &self.of;
        let ended = self.ended.unwrap_or(Err(of.given_up));
        let (status, kind) = (ended.ok(), ended.err());
        if let Some(status) = status {
            self.span.record("http.response.status_code", status.as_u16());
        }
        let failed = status.filter(of.is_error);
        if let Some(error) = failed.as_ref().map(StatusCode::as_str).or(kind) {
            self.span.record("error.type", error);
        }
        if let Some(active) = &of.active {
            active.add(-1, &served_by(self.method));
        }
        let route = self.route.as_ref().map(MatchedPath::as_str);
        of.duration_s.record(self.began.elapsed(), (self.method, route, status, kind), || {
            let mut attributes = if of.active.is_some() {
                served_by(self.method).to_vec()
            } else {
                vec![KeyValue::new("http.request.method", self.method)]
            };
            attributes.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
            if let Some(Peer { host, port }) = &of.peer {
                attributes.push(KeyValue::new("server.address", Arc::clone(host)));
                attributes.push(KeyValue::new("server.port", i64::from(*port)));
            }
            let code = status.map(|status| i64::from(status.as_u16()));
            attributes.extend(code.map(|code| KeyValue::new("http.response.status_code", code)));
            let error = failed.map(|status| status.as_str().to_owned()).or_else(|| kind.map(str::to_owned));
            attributes.extend(error.map(|error| KeyValue::new("error.type", error)));
            attributes
        });
    }
}

/// A layer around all routes of a service: one span and one duration for each request. A service of its own and no function that axum
/// wraps: it stands in the way of every request, and that wrapping copies the routes behind it each time.
#[derive(Clone, Debug)]
pub(crate) struct TracedLayer(pub(crate) Arc<Requests>);

impl<S> Layer<S> for TracedLayer {
    type Service = Traced<S>;

    fn layer(&self, routes: S) -> Traced<S> {
        Traced { served: Arc::clone(&self.0), routes }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Traced<S> {
    served: Arc<Requests>,
    routes: S,
}

impl<S> Service<Request<Body>> for Traced<S>
where
    S: Service<Request<Body>, Response = Response, Error: 'static, Future: Send + 'static>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Boxed<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.routes.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = known_method(request.method());
        let route = request.extensions().get::<MatchedPath>().cloned();
        let parent = TraceContext::of(request.headers()).filter(|_| self.served.propagates);
        let span = {
            let (name, route) = (named(method), route.as_ref().map(MatchedPath::as_str));
            // How the conventions name a server's span; it is written only where it is kept.
            let (space, shown) = route.map_or(("", ""), |route| (" ", route));
            info_span!(
                target: "http",
                "server",
                otel.kind = "server",
                otel.name = %format_args!("{name}{space}{shown}"),
                otel.parent = parent.map(display),
                http.request.method = method,
                http.route = route,
                url.path = request.uri().path(),
                url.scheme = SCHEME,
                http.response.status_code = Empty,
                error.type = Empty,
            )
        };
        let under_way = UnderWay::new(&self.served, span.clone(), method, route);
        let answer = span.in_scope(|| self.routes.call(request)).instrument(span);
        Box::pin(async move {
            let response = answer.await?;
            // Whatever it held is gone when it is answered.
            under_way.end(Ok(response.status()));
            Ok(response)
        })
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

/// What the conventions require of everything that is measured of a served request.
fn served_by(method: &'static str) -> [KeyValue; 2] {
    [KeyValue::new("http.request.method", method), KeyValue::new("url.scheme", SCHEME)]
}

/// A method that the conventions do not know.
const OTHER: &str = "_OTHER";

/// The method, or [`OTHER`]: whoever calls must not be able to make up label values.
fn known_method(method: &::http::Method) -> &'static str {
    let known = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"];
    known.into_iter().find(|known| method == known).unwrap_or(OTHER)
}

/// How the conventions write the method in a span's name.
fn named(method: &'static str) -> &'static str {
    if method == OTHER { "HTTP" } else { method }
}
