//! The network of a world: TCP, or links in memory. Teaches that a service needs to know neither.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, OnceLock, Weak},
    task::{Context, Poll},
    time::Duration,
};

use http::uri::Authority;
use hyper_util::client::legacy::connect::{Connected, Connection as HyperConnection};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::{
    serve::door::Door,
    simulation::{Link, Links, Trouble, link::Way},
};

/// The least latency of a link in memory. A call that takes no time at all would let a retry without delay stop
/// virtual time for ever.
pub const LINK_LATENCY_MIN: Duration = Duration::from_millis(1);

/// Connections that wait to be accepted, as in a listen backlog; further connects wait.
const BACKLOG_MAX: usize = 1_024;

/// How services reach each other. Cheap to clone; clones are the same network.
#[derive(Clone, Debug)]
pub enum Network {
    Tcp,
    /// Real sockets between services of this process, whose links can be made worse.
    TcpLinks(Links),
    /// Links in memory, in this process only.
    Memory(MemoryNetwork),
}

impl Network {
    /// A new network in memory. A latency below [`LINK_LATENCY_MIN`] is raised to it; `seed` decides which bytes an
    /// unreliable link loses.
    pub fn in_memory(link_latency: Duration, seed: u64) -> Self {
        let links = Links::new(link_latency.max(LINK_LATENCY_MIN), seed);
        Self::Memory(MemoryNetwork { links, listeners: Arc::default() })
    }

    /// The links, to make them worse or better; plain sockets have none.
    pub fn links(&self) -> Option<&Links> {
        match self {
            Self::Tcp => None,
            Self::TcpLinks(links) => Some(links),
            Self::Memory(network) => Some(&network.links),
        }
    }

    /// Real sockets, and something between them and this process that can make them worse; `seed` decides which bytes are lost.
    pub fn tcp_with_links(seed: u64) -> Self {
        Self::TcpLinks(Links::new(Duration::ZERO, seed))
    }

    /// Makes the link from one service to another's address worse, or as good as new; says whether it could. See [`Links::impair`].
    pub fn impair(&self, from: &str, to: &Authority, delay: Duration, resets: f64) -> bool {
        let Some((links, place)) = self.links_to(to) else { return false };
        links.impair(from, place, delay, resets);
        true
    }

    /// Gives the link from one service to another's address this trouble; says whether it could. See [`Links::trouble`].
    pub fn trouble(&self, from: &str, to: &Authority, trouble: Trouble) -> bool {
        let Some((links, place)) = self.links_to(to) else { return false };
        links.trouble(from, place, trouble);
        true
    }

    /// Makes the link from one service to another's address as good as new; says whether it could. See [`Links::mend`].
    pub fn mend(&self, from: &str, to: &Authority) -> bool {
        let Some((links, place)) = self.links_to(to) else { return false };
        links.mend(from, place);
        true
    }

    /// Lets the certificate of the link from one service to another's address expire, or renews it; says whether it could. See
    /// [`Links::expire`].
    pub fn expire(&self, from: &str, to: &Authority, expired: bool) -> bool {
        let Some((links, place)) = self.links_to(to) else { return false };
        links.expire(from, place, expired);
        true
    }

    /// Silences all links of a service, or lets them speak again; says whether it could. See [`Links::suspend`].
    pub fn suspend(&self, service: &str, address: &Authority, suspended: bool) -> bool {
        let Some((links, place)) = self.links_to(address) else { return false };
        for name in BTreeSet::from([service, place]) {
            links.suspend(name, suspended);
        }
        true
    }

    /// Links know who is called by the name in memory, and by host and port on real sockets.
    fn links_to<'a>(&'a self, address: &'a Authority) -> Option<(&'a Links, &'a str)> {
        let in_memory = matches!(self, Self::Memory(_));
        Some((self.links()?, if in_memory { address.host() } else { address.as_str() }))
    }

    /// Starts to listen at `address`. On TCP, port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// When the address is taken, unknown or not allowed.
    pub async fn bind(&self, address: &Authority) -> io::Result<Listener> {
        match self {
            Self::Tcp => Ok(Listener::Tcp(TcpListener::bind(address.as_str()).await?)),
            Self::TcpLinks(links) => {
                Ok(Listener::TcpLinks(TcpListener::bind(address.as_str()).await?, links.clone()))
            }
            Self::Memory(network) => network.bind(address),
        }
    }

    /// Opens a connection from the service `from` to `address`.
    ///
    /// # Errors
    ///
    /// When nobody listens there, or the network fails.
    pub async fn connect(&self, from: &str, address: &Authority) -> io::Result<Connection> {
        match self {
            Self::Tcp => Ok(Connection::Tcp(connect(address).await?)),
            Self::TcpLinks(links) => {
                links.travel(from, address.as_str()).await?;
                Ok(Connection::Link(links.near(from, address.as_str(), connect(address).await?)))
            }
            Self::Memory(network) => network.connect(from, address).await,
        }
    }
}

async fn connect(address: &Authority) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address.as_str()).await?;
    // Small answers must not wait for Nagle's algorithm (RFC 896).
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    /// A TCP socket whose process can be suspended.
    TcpLinks(TcpListener, Links),
    /// A name in a network in memory, free again when the listener is dropped.
    Memory(MemoryListener),
}

impl Listener {
    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// When the socket fails, as when the process runs out of file descriptors.
    pub async fn accept(&mut self) -> io::Result<Connection> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // A client that has left already is found out by reading.
                let _ = stream.set_nodelay(true);
                Ok(Connection::Tcp(stream))
            }
            Self::TcpLinks(listener, links) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Connection::Link(links.far(&listener.local_addr()?.to_string(), stream)))
            }
            // The network keeps a sender while the listener lives, so the channel cannot end.
            Self::Memory(listener) => {
                listener.incoming.recv().await.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
            }
        }
    }

    /// Takes whole requests from now on, where there is no wire.
    pub(crate) fn open_door(&self, door: &Arc<Door>) {
        if let Self::Memory(listener) = self {
            // One run listens once.
            let _ = listener.door.set(Arc::downgrade(door));
        }
    }

    /// The address that others connect to, with the port that was really taken.
    ///
    /// # Errors
    ///
    /// When the socket no longer knows its address.
    pub fn address(&self) -> io::Result<Authority> {
        match self {
            Self::Tcp(listener) | Self::TcpLinks(listener, _) => {
                listener.local_addr()?.to_string().parse().map_err(io::Error::other)
            }
            Self::Memory(listener) => Ok(listener.address.clone()),
        }
    }
}

#[derive(Clone)]
pub struct MemoryNetwork {
    links: Links,
    listeners: Arc<Mutex<BTreeMap<String, Listening>>>,
}

/// Somebody who listens, for as long as the other end of `sender` lives.
#[derive(Clone)]
struct Listening {
    sender: mpsc::Sender<Connection>,
    /// Not kept alive: behind it is a service, which knows this network.
    door: Arc<OnceLock<Weak<Door>>>,
}

impl fmt::Debug for MemoryNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryNetwork").field("links", &self.links).finish_non_exhaustive()
    }
}

impl MemoryNetwork {
    fn bind(&self, address: &Authority) -> io::Result<Listener> {
        let (sender, incoming) = mpsc::channel(BACKLOG_MAX);
        let mut listeners = self.listeners.lock();
        if listeners.get(address.as_str()).is_some_and(|taken| !taken.sender.is_closed()) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let door = Arc::default();
        listeners.insert(address.to_string(), Listening { sender, door: Arc::clone(&door) });
        Ok(Listener::Memory(MemoryListener { address: address.clone(), incoming, door }))
    }

    pub(crate) fn way(&self, from: &str, address: &Authority) -> Way {
        self.links.way(from, address.host())
    }

    /// Where whole requests can be handed over to whoever listens.
    pub(crate) fn door(&self, address: &Authority) -> Option<Arc<Door>> {
        let listeners = self.listeners.lock();
        let listening = listeners.get(address.as_str()).filter(|listening| !listening.sender.is_closed())?;
        listening.door.get()?.upgrade()
    }

    async fn connect(&self, from: &str, address: &Authority) -> io::Result<Connection> {
        self.links.travel(from, address.host()).await?;
        let listener = {
            let listeners = self.listeners.lock();
            listeners.get(address.as_str()).map(|listening| listening.sender.clone())
        };
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let (near, far) = self.links.connect(from, address.host());
        listener.ok_or_else(refused)?.send(Connection::Link(far)).await.map_err(|_| refused())?;
        Ok(Connection::Link(near))
    }
}

/// A name that is listened to in a network in memory.
pub struct MemoryListener {
    address: Authority,
    incoming: mpsc::Receiver<Connection>,
    door: Arc<OnceLock<Weak<Door>>>,
}

impl fmt::Debug for MemoryListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryListener").field("address", &self.address).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub enum Connection {
    Tcp(TcpStream),
    Link(Link),
}

impl Connection {
    /// The address of the other end, where it has one.
    pub fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Link(_) => None,
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Link(link) => link.poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Link(link) => link.poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Link(link) => link.poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Link(link) => link.poll_shutdown(cx),
        }
    }
}

impl HyperConnection for Connection {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
