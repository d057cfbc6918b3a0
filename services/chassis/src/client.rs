//! Outgoing calls to one other service. Teaches that whoever calls must say how long to wait.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    io, iter,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, uri::Authority, uri::PathAndQuery};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioIo, TokioTimer},
};
use parking_lot::Mutex;
use tokio::{
    select,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower_service::Service;
use tracing::Instrument;

use crate::{
    chassis::Chassis,
    network::{Connection, MemoryNetwork, Network},
    serve::door::{self, Door, DoorError},
    simulation::link::Way,
    tasks::{Boxed, TaskGroup},
    telemetry::http::Requests,
};

/// How long opening a connection may take: links are short, so a longer wait means that nobody is there.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Idle connections kept open to a peer: enough for a busy second, few enough to forget.
pub const IDLE_CONNECTIONS_MAX: usize = 64;

/// How long an idle connection is kept: shorter than a server waits for the next head, so that no call meets a closing one.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest answer that is read: an asset of 1 MiB whose every byte is escaped in JSON.
pub const ANSWER_BYTES_MAX: usize = 8 * 1_024 * 1_024;

/// A connection's first buffer, which becomes twice as large each time that it is filled: as hyper reads.
const BUFFER_BYTES: usize = 8 * 1_024;

/// A head with the headers that the services send.
const HEAD_BYTES: usize = 256;

/// How long a call may take as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until the answer comes or the connection breaks. (Until a later hyper: very rarely also beyond. A request that is sent at the very
    /// moment at which its connection closes is lost, hyperium/hyper#4122.)
    Forever,
    AtMost(Duration),
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No connection could be opened, or it broke.
    #[error("the call to {peer} broke")]
    Broken { peer: Authority, source: Box<dyn StdError + Send + Sync> },
    #[error("{peer} did not answer within {after:?}")]
    TimedOut { peer: Authority, after: Duration },
    #[error("the connections to {peer} were closed")]
    Closed { peer: Authority },
    #[error("{peer} answered with more than {bytes_max} bytes")]
    TooLarge { peer: Authority, bytes_max: usize },
}

impl CallError {
    /// A short name for what happened, as `error.type` in telemetry.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Broken { source, .. } => broken_by(&**source),
            Self::TimedOut { .. } => "timeout",
            Self::Closed { .. } => "connection_closed",
            Self::TooLarge { .. } => "answer_too_large",
        }
    }
}

/// How a connection failed, by the system's error among the causes: whether nobody listens, somebody on the way cuts it off, or it takes
/// too long to open are repaired by different people.
fn broken_by(error: &(dyn StdError + 'static)) -> &'static str {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    let kind = causes.find_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => "connection_refused",
        Some(io::ErrorKind::ConnectionReset) => "connection_reset",
        Some(io::ErrorKind::TimedOut) => "connection_timeout",
        Some(io::ErrorKind::InvalidData) => "certificate_invalid",
        _ => "connection_error",
    }
}

/// One other service, and the connections to it.
pub struct Peer {
    authority: Authority,
    client: Client<Connector, Full<Bytes>>,
    calls: Arc<Requests>,
    open: Mutex<CancellationToken>,
    /// In memory, where whole requests can be handed over.
    memory: Option<InMemory>,
}

struct InMemory {
    network: MemoryNetwork,
    way: Way,
    host: HeaderValue,
    idle: Mutex<Idle>,
    tasks: TaskGroup,
}

/// Since when the connections to one run of the peer have been idle, the most recently used last. They are only counted: what they spare
/// is the handshake.
#[derive(Default)]
struct Idle {
    door: Weak<Door>,
    since: Vec<Instant>,
}

impl Peer {
    /// A peer at `authority`; connections are opened when needed and live in the chassis's tasks.
    pub fn new(chassis: &Chassis, authority: Authority) -> Self {
        let connector = Connector {
            from: chassis.service,
            network: chassis.network.clone(),
            authority: authority.clone(),
        };
        let client = Client::builder(chassis.tasks.clone())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build(connector);
        let calls = Requests::sent(chassis.telemetry.meter(), &authority, chassis.settings.propagates);
        let memory = InMemory::of(chassis, &authority);
        Self { authority, client, calls, open: Mutex::default(), memory }
    }

    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    pub async fn get(&self, path: &str, wait: Wait) -> Result<Answer, CallError> {
        self.call(Method::GET, path, Bytes::new(), wait).await
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        wait: Wait,
    ) -> Result<Answer, CallError> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().map_err(|error| self.broken(error))?;
        self.send(request, wait).await
    }

    /// Sends `request` (its URI names only the path) and reads the whole answer. Dropping the call closes its connection,
    /// so that the other side can stop working for someone who has left.
    ///
    /// # Errors
    ///
    /// When no answer came back whole and in time. An answer of any status is not an error.
    pub fn send(&self, mut request: Request<Bytes>, wait: Wait) -> Boxed<'_, Result<Answer, CallError>> {
        Box::pin(async move {
            let call = self.calls.call(&mut request);
            let answer = self.send_within(request, wait).instrument(call.span().clone()).await;
            call.end(answer.as_ref().map(|answer| answer.status).map_err(CallError::kind));
            answer
        })
    }

    async fn send_within(&self, request: Request<Bytes>, wait: Wait) -> Result<Answer, CallError> {
        let open = self.open.lock().clone();
        let answered = async {
            select! {
                biased;
                answer = self.answer(request) => answer,
                () = open.cancelled() => Err(CallError::Closed { peer: self.authority.clone() }),
            }
        };
        match wait {
            Wait::Forever => answered.await,
            Wait::AtMost(after) => timeout(after, answered)
                .await
                .unwrap_or_else(|_| Err(CallError::TimedOut { peer: self.authority.clone(), after })),
        }
    }

    /// Fails every call under way and closes its connection; later calls open new ones.
    pub fn close_connections(&self) {
        let mut open = self.open.lock();
        std::mem::take(&mut *open).cancel();
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Answer, CallError> {
        if let Some(memory) = self.memory.as_ref().filter(|memory| memory.way.is_whole())
            && let Some(door) = memory.network.door(&self.authority)
        {
            return self.hand_over(memory, door, request).await;
        }
        // Boxed, or every call would be as large as this one.
        Box::pin(self.send_bytes(request)).await
    }

    /// A call without bytes. It takes the time that bytes take.
    async fn hand_over(
        &self,
        memory: &InMemory,
        door: Arc<Door>,
        mut request: Request<Bytes>,
    ) -> Result<Answer, CallError> {
        let broken = |error: io::Error| self.broken(error);
        if !memory.has_idle(&door) {
            let opened = timeout(CONNECT_TIMEOUT, memory.way.open(self.authority.host())).await;
            opened.map_err(|late| broken(late.into()))?.map_err(broken)?;
        }
        door::complete(&mut request, &memory.host);
        memory.travels(request.body().len()).await.map_err(broken)?;
        if let Some(after) = memory.way.doubles() {
            memory.come_again(after, &door, request.clone());
        }
        let answered = door.enter(request, memory.way.clone()).await.unwrap_or(Err(DoorError::Broken));
        let bytes = answered.as_ref().map_or(0, |response| response.body().len());
        memory.travels(bytes).await.map_err(broken)?;
        let response = answered.map_err(|error| match error {
            DoorError::TooLarge => {
                CallError::TooLarge { peer: self.authority.clone(), bytes_max: ANSWER_BYTES_MAX }
            }
            broken @ DoorError::Broken => self.broken(broken),
        })?;
        memory.is_idle_again(&door);
        let (head, body) = response.into_parts();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Answer, CallError> {
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let uri = Uri::builder().scheme("http").authority(self.authority.clone()).path_and_query(path);
        head.uri = uri.build().map_err(|error| self.broken(error))?;
        let request = Request::from_parts(head, Full::new(body));
        let response = self.client.request(request).await.map_err(|error| self.broken(error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| match error.downcast::<LengthLimitError>() {
            Ok(_) => CallError::TooLarge { peer: self.authority.clone(), bytes_max: ANSWER_BYTES_MAX },
            Err(error) => self.broken(error),
        })?;
        Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
    }

    fn broken(&self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> CallError {
        CallError::Broken { peer: self.authority.clone(), source: source.into() }
    }
}

impl InMemory {
    fn of(chassis: &Chassis, authority: &Authority) -> Option<Self> {
        let Network::Memory(network) = &chassis.network else { return None };
        let named = if authority.port_u16() == Some(80) { authority.host() } else { authority.as_str() };
        Some(Self {
            network: network.clone(),
            way: network.way(chassis.service, authority),
            host: HeaderValue::from_str(named).expect("an authority is plain"),
            idle: Mutex::default(),
            tasks: chassis.tasks.clone(),
        })
    }

    /// As long as a head and so many bytes take: a burst for each buffer that they fill.
    async fn travels(&self, bytes: usize) -> io::Result<()> {
        let (mut rest, mut buffer) = (HEAD_BYTES + bytes, BUFFER_BYTES);
        self.way.travel(1).await?;
        while rest > buffer {
            (rest, buffer) = (rest - buffer, buffer * 2);
            self.way.travel(1).await?;
        }
        Ok(())
    }

    /// Lets a request arrive a second time. Nobody waits for its answer.
    fn come_again(&self, after: Duration, door: &Arc<Door>, request: Request<Bytes>) {
        // A run that has ended meanwhile gets nothing.
        let (door, way) = (Arc::downgrade(door), self.way.clone());
        self.tasks.spawn(async move {
            sleep(after).await;
            if let Some(door) = door.upgrade() {
                let _ = door.enter(request, way).await;
            }
        });
    }

    /// Takes an idle connection, if there is one.
    fn has_idle(&self, door: &Arc<Door>) -> bool {
        let mut idle = self.idle.lock();
        let is_this_run = std::ptr::eq(idle.door.as_ptr(), Arc::as_ptr(door));
        is_this_run && idle.since.pop().is_some_and(|since| since.elapsed() <= IDLE_TIMEOUT)
    }

    fn is_idle_again(&self, door: &Arc<Door>) {
        let mut idle = self.idle.lock();
        if !std::ptr::eq(idle.door.as_ptr(), Arc::as_ptr(door)) {
            *idle = Idle { door: Arc::downgrade(door), since: Vec::new() };
        }
        if idle.since.len() < IDLE_CONNECTIONS_MAX {
            idle.since.push(Instant::now());
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("authority", &self.authority).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Connector {
    from: &'static str,
    network: Network,
    authority: Authority,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Connection>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { from, network, authority } = self.clone();
        Box::pin(async move {
            let connection = timeout(CONNECT_TIMEOUT, network.connect(from, &authority)).await??;
            Ok(TokioIo::new(connection))
        })
    }
}
