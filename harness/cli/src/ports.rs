//! Arguments for the ports of a shop and of its evidence store.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, TcpListener},
};

use anyhow::anyhow;
use chassis::{
    address::{at_port, host_and_port},
    serve::AllowedHosts,
};
use clap::Args;
use http::uri::Authority;
use incident::Service;
use world::{Addresses, addresses::Operators};

/// Operator ports of a shop of `up`: one for each service, and one for the world. Their numbers are consecutive.
const OPERATOR_PORTS: u16 = 4;

/// How many runs of consecutive ports to try: on a busy machine another program may hold one of the ports.
const ROWS_MAX: usize = 100;

#[derive(Clone, Debug, Args)]
pub(crate) struct Ports {
    /// Port of the web front
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(crate) web_front_port: u16,
    /// Port of the cache
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(crate) cache_port: u16,
    /// Port of the content store
    #[arg(long, value_name = "PORT", default_value_t = 8082)]
    pub(crate) content_store_port: u16,
    /// First of the operator ports: cache, content store, web front, and what is around a shop of 'up'
    #[arg(long, value_name = "PORT", default_value_t = 8091)]
    pub(crate) operator_port: u16,
    /// Added to all ports, so that several shops can run side by side
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) port_offset: u16,
}

impl Ports {
    /// The addresses of these ports on `host`, including the operator ports if there is a token for them.
    pub(crate) fn on(&self, host: &str, operator_token: Option<String>) -> anyhow::Result<Addresses> {
        let operators = match operator_token {
            Some(token) => Some(Operators {
                cache: self.operator_on(host, Some(Service::Cache))?,
                content_store: self.operator_on(host, Some(Service::ContentStore))?,
                web_front: self.operator_on(host, Some(Service::WebFront))?,
                token,
            }),
            None => None,
        };
        Ok(Addresses {
            web_front: self.at(host, self.web_front_port)?,
            cache: self.at(host, self.cache_port)?,
            content_store: self.at(host, self.content_store_port)?,
            operators,
        })
    }

    /// Command-line options for the ports that are not the standard ones, for pasting into a shell.
    pub(crate) fn options(&self) -> String {
        let all = [
            ("--web-front-port", self.web_front_port, 8080),
            ("--cache-port", self.cache_port, 8081),
            ("--content-store-port", self.content_store_port, 8082),
            ("--operator-port", self.operator_port, 8091),
            ("--port-offset", self.port_offset, 0),
        ];
        let other = all.iter().filter(|(_, port, standard)| port != standard);
        other.map(|(name, port, _)| format!(" {name} {port}")).collect::<Vec<_>>().concat()
    }

    /// Replaces each port 0 by a free port, so that others can learn it before the shop takes it.
    pub(crate) fn chosen(&self) -> anyhow::Result<Self> {
        let Self { web_front_port, cache_port, content_store_port, operator_port, port_offset } = *self;
        if ![web_front_port, cache_port, content_store_port, operator_port].contains(&0) {
            return Ok(self.clone());
        }
        let mut held = Vec::new();
        let mut choose = |port: u16, count| -> anyhow::Result<u16> {
            if port == 0 { Ok(free(count, &mut held)?) } else { moved(port, port_offset) }
        };
        Ok(Self {
            web_front_port: choose(web_front_port, 1)?,
            cache_port: choose(cache_port, 1)?,
            content_store_port: choose(content_store_port, 1)?,
            operator_port: choose(operator_port, OPERATOR_PORTS)?,
            port_offset: 0,
        })
    }

    /// The operator port of a service, or of the world.
    pub(crate) fn operator_on(&self, host: &str, whose: Option<Service>) -> anyhow::Result<Authority> {
        let place = match whose {
            Some(Service::Cache) => 0,
            Some(Service::ContentStore) => 1,
            Some(Service::WebFront) => 2,
            None => OPERATOR_PORTS - 1,
        };
        let port = if self.operator_port == 0 { Some(0) } else { self.operator_port.checked_add(place) };
        self.at(
            host,
            port.ok_or_else(|| {
                anyhow!("--operator-port leaves no room for four ports: give one below 65532")
            })?,
        )
    }

    fn at(&self, host: &str, port: u16) -> anyhow::Result<Authority> {
        if let Some(address) = one_address(host)? {
            return Ok(address);
        }
        at_port(host, moved(port, self.port_offset)?).map_err(anyhow::Error::msg)
    }
}

/// The address of a shop given by a URL, at which all its parts answer, whatever their ports are elsewhere. `None` for a plain host.
pub(crate) fn one_address(target: &str) -> anyhow::Result<Option<Authority>> {
    let Some((scheme, rest)) = target.split_once("://") else { return Ok(None) };
    let address = rest.strip_suffix('/').unwrap_or(rest);
    let address = if address.contains(':') { address.to_owned() } else { format!("{address}:80") };
    match host_and_port(&address) {
        Ok(address) if scheme == "http" => Ok(Some(address)),
        _ => Err(anyhow!(
            "--target takes a host or a URL such as http://127.0.0.1:8000, without a path, and not '{target}'"
        )),
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ListenerArgs {
    /// Address at which the evidence store listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,
    #[command(flatten)]
    pub(crate) allowed_hosts: AllowedHosts,
    /// Port at which evidence is queried
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    pub(crate) room_port: u16,
    /// Port that takes OTLP over gRPC
    #[arg(long, value_name = "PORT", default_value_t = 4317)]
    pub(crate) otlp_grpc_port: u16,
    /// Port that takes OTLP over HTTP
    #[arg(long, value_name = "PORT", default_value_t = 4318)]
    pub(crate) otlp_http_port: u16,
}

/// The first of `count` consecutive free ports. The listeners in `held` keep them taken until all are chosen; otherwise the next choice
/// could be the same.
fn free(count: u16, held: &mut Vec<TcpListener>) -> io::Result<u16> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    for _ in 0..ROWS_MAX {
        let first = bind(0)?;
        let port = first.local_addr()?.port();
        let others = (1..count).map(|next| bind(port.checked_add(next).ok_or(io::ErrorKind::AddrInUse)?));
        if let Ok(others) = others.collect::<io::Result<Vec<_>>>() {
            held.extend(others);
            held.push(first);
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// A port plus `--port-offset`. Port 0, which means any free port, stays 0.
pub(crate) fn moved(port: u16, offset: u16) -> anyhow::Result<u16> {
    if port == 0 {
        return Ok(0);
    }
    port.checked_add(offset).ok_or_else(|| {
        anyhow::anyhow!("--port-offset {offset} moves port {port} beyond {}: give a smaller one", u16::MAX)
    })
}
