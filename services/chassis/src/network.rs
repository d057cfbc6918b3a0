//! The network of a world: TCP, or links in memory. Teaches that a service needs to know neither.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use http::uri::Authority;
use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

pub use crate::simulation::Connection;
use crate::{
    serve::door::Door,
    simulation::{
        Links,
        link::{Conditions, Stream, Way},
    },
};

/// The least latency of a link in memory. A call that takes no time at all would let a retry without delay stop
/// virtual time for ever.
pub const LINK_LATENCY_MIN: Duration = Duration::from_millis(1);

/// Connections that wait to be accepted, as in a listen backlog; further connects wait.
const BACKLOG_MAX: usize = 1_024;

/// How services reach each other. Cheap to clone; clones are the same network.
#[derive(Clone)]
pub enum Network {
    /// Real sockets, and something between them and this process that can make them worse.
    Tcp(Links),
    /// Links in memory, in this process only.
    Memory(MemoryNetwork),
}

impl Network {
    /// Real sockets; `seed` decides which bytes are lost if somebody makes a link unreliable.
    pub fn tcp(seed: u64) -> Self {
        Self::Tcp(Links::new(Duration::ZERO, seed))
    }

    /// A new network in memory. A latency below [`LINK_LATENCY_MIN`] is raised to it; `seed` decides which bytes an
    /// unreliable link loses.
    pub fn in_memory(link_latency: Duration, seed: u64) -> Self {
        let links = Links::new(link_latency.max(LINK_LATENCY_MIN), seed);
        Self::Memory(MemoryNetwork { links, listeners: Arc::default() })
    }

    pub fn links(&self) -> &Links {
        match self {
            Self::Tcp(links) | Self::Memory(MemoryNetwork { links, .. }) => links,
        }
    }

    /// Changes the link from one service to another's address. See [`Links::change`].
    pub fn change(&self, from: &str, to: &Authority, change: impl FnOnce(&mut Conditions)) {
        self.links().change(from, self.called(to), change);
    }

    /// Silences all links of a service, or lets them speak again. See [`Links::suspend`].
    pub fn suspend(&self, service: &str, address: &Authority, suspended: bool) {
        for name in BTreeSet::from([service, self.called(address)]) {
            self.links().suspend(name, suspended);
        }
    }

    /// Links know who is called by the name in memory, and by host and port on real sockets.
    fn called<'a>(&self, address: &'a Authority) -> &'a str {
        match self {
            Self::Tcp(_) => address.as_str(),
            Self::Memory(_) => address.host(),
        }
    }

    /// Starts to listen at `address`. On TCP, port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// When the address is taken, unknown or not allowed.
    pub async fn bind(&self, address: &Authority) -> io::Result<Listener> {
        match self {
            Self::Tcp(links) => Ok(Listener::Tcp(TcpListener::bind(address.as_str()).await?, links.clone())),
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
            Self::Tcp(links) => {
                links.travel(from, address.as_str()).await?;
                let stream = TcpStream::connect(address.as_str()).await?;
                // Small answers must not wait for Nagle's algorithm (RFC 896).
                stream.set_nodelay(true)?;
                Ok(links.end(from, address.as_str(), Stream::Near(stream)))
            }
            Self::Memory(network) => network.connect(from, address).await,
        }
    }
}

pub enum Listener {
    /// A socket, and the links of its network: its process can be suspended.
    Tcp(TcpListener, Links),
    /// A name in a network in memory, free again when the listener is dropped.
    Memory(MemoryListener),
}

impl From<TcpListener> for Listener {
    /// A socket alone, whose links nobody changes.
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener, Links::new(Duration::ZERO, 0))
    }
}

impl Listener {
    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// When the socket fails, as when the process runs out of file descriptors.
    pub async fn accept(&mut self) -> io::Result<Connection> {
        match self {
            Self::Tcp(listener, links) => {
                let (stream, _) = listener.accept().await?;
                // A client that has left already is found out by reading.
                let _ = stream.set_nodelay(true);
                // Nobody knows who calls.
                Ok(links.end("", &listener.local_addr()?.to_string(), Stream::Far(stream)))
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
            Self::Tcp(listener, _) => listener.local_addr()?.to_string().parse().map_err(io::Error::other),
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
        listener.ok_or_else(refused)?.send(far).await.map_err(|_| refused())?;
        Ok(near)
    }
}

/// A name that is listened to in a network in memory.
pub struct MemoryListener {
    address: Authority,
    incoming: mpsc::Receiver<Connection>,
    door: Arc<OnceLock<Weak<Door>>>,
}
