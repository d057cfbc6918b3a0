//! One connection: its requests, and the watch over it. Teaches that whatever a client can begin, it can also leave unfinished.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    extract::ConnectInfo,
    response::IntoResponse,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    select,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tower::ServiceExt;

use super::{
    Protocol,
    activity::{Activity, Place},
    hosts::Hosts,
    limits::{CHANNEL_PING_INTERVAL, CHANNEL_REQUESTS_MAX, HEAD_BYTES_MAX},
};
use crate::{
    network::Connection,
    problem::{Problem, explain},
    tasks::TaskGroup,
};

/// Asks a proxy in front, such as nginx with its default settings, to hand on events as they come.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

pub(super) fn builder(protocol: Protocol, has_date: bool, tasks: &TaskGroup) -> Builder<TaskGroup> {
    let mut builder = Builder::new(tasks.clone());
    if protocol == Protocol::Http1 {
        builder = builder.http1_only();
    }
    builder
        .http1()
        .timer(TokioTimer::new())
        // The watch over each connection cuts off heads that do not come; a second clock would only disagree.
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .auto_date_header(has_date);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(CHANNEL_REQUESTS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).expect("a head is small"))
        .keep_alive_interval(CHANNEL_PING_INTERVAL)
        .keep_alive_timeout(CHANNEL_PING_INTERVAL)
        .auto_date_header(has_date);
    builder
}

/// Serves one connection until it ends, is cut off or, told to stop, has finished what it is doing.
pub(super) async fn serve(
    connection: Connection,
    place: Place,
    builder: Builder<TaskGroup>,
    router: Router,
    hosts: Hosts,
    stop: CancellationToken,
) {
    let (activity, from) = (Arc::clone(&place.activity), connection.peer());
    let handler = RequestHandler { router, hosts, activity: Arc::clone(&activity), from, stop: stop.clone() };
    let io = TokioIo::new(Watched { connection, activity: Arc::clone(&activity), is_blocked: false });
    let mut served = pin!(builder.serve_connection(io, handler));
    let mut cut_off = pin!(activity.until_cut_off());
    let mut is_stopping = false;
    let ended = loop {
        select! {
            biased;
            ended = served.as_mut() => break ended,
            why = cut_off.as_mut() => {
                tracing::debug!(why, "a connection was cut off");
                return;
            }
            () = stop.cancelled(), if !is_stopping => {
                if activity.is_idle() {
                    return;
                }
                is_stopping = true;
                served.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(error) = ended {
        // Clients come and go; only someone who reads debug lines wants to know how.
        tracing::debug!(error = &*error as &(dyn std::error::Error + 'static), "a connection ended early");
    }
}

#[derive(Clone)]
struct RequestHandler {
    router: Router,
    hosts: Hosts,
    activity: Arc<Activity>,
    from: Option<SocketAddr>,
    stop: CancellationToken,
}

impl hyper::service::Service<Request<Incoming>> for RequestHandler {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Answer>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let has_body = !request.body().is_end_stream();
        self.activity.request_begins(has_body, request.version() == Version::HTTP_2);
        let under_way = UnderWay(Arc::clone(&self.activity));
        let mut request = request.map(|body| {
            if has_body {
                Body::new(Arriving { body, activity: Arc::clone(&self.activity), has_ended: false })
            } else {
                Body::empty()
            }
        });
        let checked = self.hosts.check(&request).and_then(|()| is_framed_plainly(request.headers()));
        if let Some(from) = self.from {
            request.extensions_mut().insert(ConnectInfo(from));
        }
        let (router, stop) = (self.router.clone(), self.stop.clone());
        Box::pin(async move {
            let mut answer = match checked {
                Ok(()) => explain(router.oneshot(request).await.unwrap_or_else(|never| match never {})),
                // What else comes on this connection is not read.
                Err(problem) => ([(header::CONNECTION, "close")], problem).into_response(),
            };
            let until = is_event_stream(&answer).then(|| Box::pin(stop.cancelled_owned()));
            if until.is_some() {
                let (name, value) = UNBUFFERED;
                answer.headers_mut().insert(name, value);
            }
            Ok(answer.map(|body| Answer { body, until, under_way }))
        })
    }
}

/// A body comes whole or in chunks: a coding that we do not know may hide its end (RFC 9112, section 6.1), and who forwards it, or counted
/// its length otherwise, would take the rest for a request of its own. What else can be read in two ways hyper refuses.
fn is_framed_plainly(headers: &HeaderMap) -> Result<(), Problem> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if codings.all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked")) {
        return Ok(());
    }
    let detail = "A body is sent whole or in chunks; no other transfer coding is known here.";
    Err(Problem::new(StatusCode::NOT_IMPLEMENTED, detail))
}

fn is_event_stream(answer: &Response<Body>) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

struct UnderWay(Arc<Activity>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.request_ends();
    }
}

/// The body of a request, as it arrives.
struct Arriving {
    body: Incoming,
    activity: Arc<Activity>,
    has_ended: bool,
}

impl Arriving {
    fn end(&mut self) {
        if !std::mem::replace(&mut self.has_ended, true) {
            self.activity.body_ends();
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.end();
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        if this.body.is_end_stream() || !matches!(frame, Some(Ok(_))) {
            this.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer. A stream of events, which would never end, ends when the server stops.
struct Answer {
    body: Body,
    until: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    under_way: UnderWay,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if this.until.as_mut().is_some_and(|until| until.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        this.under_way.0.moves();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that notices whether the client reads what is written.
struct Watched {
    connection: Connection,
    activity: Arc<Activity>,
    is_blocked: bool,
}

impl Watched {
    fn see<T>(&mut self, written: Poll<T>) -> Poll<T> {
        let is_blocked = written.is_pending();
        if is_blocked != self.is_blocked {
            self.is_blocked = is_blocked;
            self.activity.is_blocked(is_blocked);
        }
        written
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_read(cx, buf)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.connection).poll_write(cx, bytes);
        this.see(written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_shutdown(cx)
    }
}
