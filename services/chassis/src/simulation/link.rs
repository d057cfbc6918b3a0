//! Links: how long bytes travel, and what can go wrong with them. Teaches that a network between two services is a part of the shop,
//! and fails in its own ways: slow, lossy, or silent; and that a message which was lost, came late or came twice looks, to whoever sent
//! it, like one that was not.
//!
//! In memory both ends of a link stand in this process. Of a real socket only the calling end knows who calls, so it holds bytes back
//! for both ways; the called end can only be silent.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, pending},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper_util::client::legacy::connect::{Connected, Connection as HyperConnection};
use parking_lot::Mutex;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    net::TcpStream,
    sync::Notify,
    time::sleep,
};

use crate::chance::rng;

/// Bytes in flight on one direction of a link in memory, as in a socket buffer.
const LINK_BYTES_MAX: usize = 64 * 1_024;

/// What else can be wrong with a link: what people know of packets, and meet with whole messages between programs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trouble {
    /// Each burst of bytes takes up to so much longer, so that requests overtake each other.
    pub jitter: Duration,
    /// The share of bursts that vanish. Nothing breaks: whoever waits for an answer is never told.
    pub lost: f64,
    /// The share of requests that arrive once more, up to [`DOUBLED_WITHIN`] later, as after a retry that somebody on the way made.
    /// Where whole requests are handed over: in memory, on a link that breaks no connection.
    pub doubled: f64,
}

/// How late a doubled request comes at most: as late as a retry after a short timeout.
pub const DOUBLED_WITHIN: Duration = Duration::from_secs(1);

/// How a link is, in both directions. The default is as good as new.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Each burst of bytes takes so much longer.
    pub delay: Duration,
    /// The share of bursts that break their connection instead of arriving.
    pub resets: f64,
    pub trouble: Trouble,
    silent: bool,
    /// Whether the certificate has expired with which the link is encrypted: it is shown when a connection opens, so that those that are
    /// open go on, and no other opens.
    pub expired: bool,
}

impl Conditions {
    /// As good as new. Who is suspended stays so: that is not the link's.
    pub fn mend(&mut self) {
        *self = Self { silent: self.silent, ..Self::default() };
    }
}

/// The condition of each link, by caller and callee; and the services whose links are silent, future links included.
#[derive(Default)]
struct ByEnds {
    links: BTreeMap<(String, String), Arc<State>>,
    suspended: BTreeSet<String>,
}

/// How a link is, and who waits for it to change. They are woken in the order in which they began to wait: a run must
/// repeat to the bit, and `tokio::sync::watch` wakes in an order of its own.
#[derive(Default)]
struct State {
    now: Mutex<Conditions>,
    changed: Notify,
}

impl State {
    fn now(&self) -> Conditions {
        *self.now.lock()
    }

    fn change(&self, change: impl FnOnce(&mut Conditions)) {
        change(&mut self.now.lock());
        self.changed.notify_waiters();
    }

    async fn speaks(&self) {
        loop {
            let changed = self.changed.notified();
            if !self.now().silent {
                return;
            }
            changed.await;
        }
    }
}

/// All links of one network, each from one service to another. Clones are the same links.
#[derive(Clone)]
pub struct Links {
    latency: Duration,
    conditions: Arc<Mutex<ByEnds>>,
    chance: Arc<Mutex<ChaCha8Rng>>,
}

impl Links {
    pub(crate) fn new(latency: Duration, seed: u64) -> Self {
        Self {
            latency,
            conditions: Arc::default(),
            chance: Arc::new(Mutex::new(rng(seed, "network", "resets"))),
        }
    }

    /// Changes the link between two services, for connections open and to come.
    pub fn change(&self, from: &str, to: &str, change: impl FnOnce(&mut Conditions)) {
        self.between(from, to, |link| link.change(change));
    }

    /// Silences every link of a service, or lets them speak again: what a suspended process looks like from outside. Its
    /// port takes connections, as the system does that for it, and nothing ever comes back.
    pub fn suspend(&self, service: &str, suspended: bool) {
        let mut known = self.conditions.lock();
        let is_news = if suspended {
            known.suspended.insert(service.to_owned())
        } else {
            known.suspended.remove(service)
        };
        if !is_news {
            return;
        }
        for ((from, to), link) in &known.links {
            let silent = [from, to].into_iter().any(|end| known.suspended.contains(end));
            link.change(|now| now.silent = silent);
        }
    }

    /// Every link as good as new, and nobody suspended.
    pub fn restore(&self) {
        let mut known = self.conditions.lock();
        // Every field, so that whoever adds one decides here what becomes of it.
        let ByEnds { links, suspended } = &mut *known;
        suspended.clear();
        for link in links.values() {
            link.change(|now| *now = Conditions::default());
        }
    }

    /// What is wrong with the links: each that is not as good as new, and each service that is suspended, in words.
    pub fn wrong(&self) -> Vec<String> {
        let known = self.conditions.lock();
        let worse = known.links.iter().filter(|(_, link)| link.now() != Conditions::default());
        let worse = worse.map(|((from, to), link)| format!("{from} to {to}: {:?}", link.now()));
        worse.chain(known.suspended.iter().map(|service| format!("{service}: suspended"))).collect()
    }

    /// One handshake on the way from one service to another.
    pub(crate) async fn travel(&self, from: &str, to: &str) -> io::Result<()> {
        self.way(from, to).open(to).await
    }

    pub(crate) fn connect(&self, from: &str, to: &str) -> (Connection, Connection) {
        let (near, far) = tokio::io::duplex(LINK_BYTES_MAX);
        (self.end(from, to, Stream::Memory(near)), self.end(from, to, Stream::Memory(far)))
    }

    /// The way from one service to another, and back.
    pub(crate) fn way(&self, from: &str, to: &str) -> Way {
        let state = self.between(from, to, Arc::clone);
        Way { latency: self.latency, state, chance: Arc::clone(&self.chance) }
    }

    /// One end of a connection.
    pub(crate) fn end(&self, from: &str, to: &str, stream: Stream) -> Connection {
        Connection { stream, way: self.way(from, to), travel: None, arrived: Vec::new(), held: None }
    }

    fn between<T>(&self, from: &str, to: &str, with: impl FnOnce(&Arc<State>) -> T) -> T {
        let mut known = self.conditions.lock();
        let silent = [from, to].into_iter().any(|end| known.suspended.contains(end));
        let link = known.links.entry((from.to_owned(), to.to_owned())).or_default();
        if link.now().silent != silent {
            link.change(|now| now.silent = silent);
        }
        with(link)
    }
}

/// How long it takes from one service to another, and what can happen on the way. Clones are the same way.
#[derive(Clone)]
pub(crate) struct Way {
    latency: Duration,
    state: Arc<State>,
    chance: Arc<Mutex<ChaCha8Rng>>,
}

impl Way {
    /// Whether nothing breaks what travels, so that it arrives whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.state.now().resets <= 0.0
    }

    /// One handshake.
    pub(crate) async fn open(&self, to: &str) -> io::Result<()> {
        let Conditions { delay, expired, .. } = self.state.now();
        let takes = self.latency + delay;
        if !takes.is_zero() {
            sleep(takes).await;
        }
        if expired {
            let cause = format!("the certificate of {to} has expired");
            return Err(io::Error::new(io::ErrorKind::InvalidData, cause));
        }
        Ok(())
    }

    /// One burst of bytes, one way or, seen from the calling end of a real socket, both. Whether it is lost is decided when it sets out.
    pub(crate) async fn travel(&self, ways: u32) -> io::Result<()> {
        self.go(ways, true).await
    }

    /// The end of a connection. It takes as long as any burst, and is told again until it arrives: it never vanishes.
    pub(crate) async fn end(&self, ways: u32) -> io::Result<()> {
        self.go(ways, false).await
    }

    async fn go(&self, ways: u32, may_vanish: bool) -> io::Result<()> {
        let now = self.state.now();
        if now == Conditions::default() {
            sleep(self.latency).await;
            return Ok(());
        }
        let is_lost = now.resets > 0.0 && {
            let mut chance = self.chance.lock();
            (0..ways).any(|_| chance.random_bool(now.resets.clamp(0.0, 1.0)))
        };
        let Trouble { jitter, lost, doubled: _ } = now.trouble;
        let vanishes = may_vanish && (0..ways).any(|_| self.happens(lost));
        let later =
            if jitter.is_zero() { jitter } else { self.chance.lock().random_range(Duration::ZERO..=jitter) };
        self.state.speaks().await;
        if vanishes {
            pending::<()>().await;
        }
        sleep(self.latency + now.delay * ways + later).await;
        if is_lost { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }

    /// Whether a request arrives a second time, and how much later.
    pub(crate) fn doubles(&self) -> Option<Duration> {
        let doubled = self.state.now().trouble.doubled;
        self.happens(doubled).then(|| self.chance.lock().random_range(Duration::ZERO..=DOUBLED_WITHIN))
    }

    /// Nothing is drawn for what cannot happen: it would shift what else is drawn.
    fn happens(&self, share: f64) -> bool {
        share > 0.0 && self.chance.lock().random_bool(share.clamp(0.0, 1.0))
    }
}

/// Bytes on their way: done when they have arrived, or the connection has broken.
type Travel = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

pub(crate) enum Stream {
    Memory(DuplexStream),
    /// The calling end of a real socket.
    Near(TcpStream),
    /// The called end of one.
    Far(TcpStream),
}

macro_rules! on_stream {
    ($connection:expr, $stream:ident => $poll:expr) => {
        match &mut $connection.stream {
            Stream::Memory(inner) => {
                let $stream = Pin::new(inner);
                $poll
            }
            Stream::Near(inner) | Stream::Far(inner) => {
                let $stream = Pin::new(inner);
                $poll
            }
        }
    };
}

/// One end of a connection: what is read arrives one latency after it could have been read.
pub struct Connection {
    stream: Stream,
    way: Way,
    // Set while bytes are on their way. Reading starts it, so that each burst pays the latency once.
    travel: Option<Travel>,
    arrived: Vec<u8>,
    // Set while a silent process cannot send.
    held: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Connection {
    /// The address of the other end, where it has one.
    pub fn peer(&self) -> Option<SocketAddr> {
        match &self.stream {
            Stream::Memory(_) => None,
            Stream::Near(socket) | Stream::Far(socket) => socket.peer_addr().ok(),
        }
    }

    /// Whether this is a real socket with nothing in its way.
    fn is_plain_socket(&self) -> bool {
        !matches!(self.stream, Stream::Memory(_)) && self.way.state.now() == Conditions::default()
    }

    fn set_out(&self) -> Travel {
        let way = self.way.clone();
        // The calling end of a real socket stands for the way there as well.
        let ways = if matches!(self.stream, Stream::Near(_)) { 2 } else { 1 };
        // The end of the stream is a read of nothing.
        let is_end = self.arrived.is_empty();
        Box::pin(async move { if is_end { way.end(ways).await } else { way.travel(ways).await } })
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.travel.is_none() && this.arrived.is_empty() {
            if this.is_plain_socket() {
                return on_stream!(this, stream => stream.poll_read(cx, buf));
            }
            let before = buf.filled().len();
            ready!(on_stream!(this, stream => stream.poll_read(cx, buf)))?;
            this.arrived.extend_from_slice(&buf.filled()[before..]);
            buf.set_filled(before);
            this.travel = Some(this.set_out());
        }
        if let Some(travel) = &mut this.travel {
            let arrived = ready!(travel.as_mut().poll(cx));
            this.travel = None;
            if let Err(broken) = arrived {
                this.arrived.clear();
                return Poll::Ready(Err(broken));
            }
        }
        let count = this.arrived.len().min(buf.remaining());
        buf.put_slice(&this.arrived[..count]);
        this.arrived.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // In memory the other end holds back what it reads; beyond a real socket nobody does.
        if this.held.is_none() && !matches!(this.stream, Stream::Memory(_)) && this.way.state.now().silent {
            let state = Arc::clone(&this.way.state);
            this.held = Some(Box::pin(async move { state.speaks().await }));
        }
        if let Some(held) = &mut this.held {
            ready!(held.as_mut().poll(cx));
            this.held = None;
        }
        on_stream!(this, stream => stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self.get_mut(), stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self.get_mut(), stream => stream.poll_shutdown(cx))
    }
}

impl HyperConnection for Connection {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
