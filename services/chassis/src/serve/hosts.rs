//! The names under which a listener answers. Teaches that loopback keeps machines out and not web pages: a page of another site
//! whose name is made to point to 127.0.0.1 is, to a browser, of the same origin as whatever listens there. What gives it
//! away is the name in its `Host` header.

use std::{collections::BTreeSet, convert::Infallible, net::IpAddr, str::FromStr, sync::Arc};

use clap::Args;
use http::{HeaderMap, Request, StatusCode, Version, header, uri::Authority};

use crate::problem::Problem;

/// The names under which a listener is asked. Addresses are always among them, as no page can come from one that is not there,
/// and so are those of loopback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    names: Arc<BTreeSet<String>>,
    any: bool,
}

/// The option by which everything that listens is told its names.
#[derive(Clone, Debug, Default, Args)]
pub struct AllowedHosts {
    /// Names under which it is asked, with commas between, beyond its own, those of loopback and of this machine, and all addresses;
    /// * for any
    #[arg(
        long = "allowed-hosts",
        env = "GLYPHFALL_ALLOWED_HOSTS",
        value_name = "NAMES",
        default_value = "",
        hide_default_value = true
    )]
    allowed_hosts: Hosts,
}

impl AllowedHosts {
    /// Those given, and this machine's.
    pub fn hosts(&self) -> Hosts {
        self.allowed_hosts.clone().and_this_machine()
    }
}

impl FromStr for Hosts {
    type Err = Infallible;

    /// Names with commas between; `*` for any.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let names = text.split(',').map(plain).filter(|name| !name.is_empty());
        let (any, names): (Vec<_>, Vec<_>) = names.partition(|name| name == "*");
        Ok(Self { names: Arc::new(names.into_iter().collect()), any: !any.is_empty() })
    }
}

impl Hosts {
    #[must_use]
    pub fn and(mut self, name: &str) -> Self {
        Arc::make_mut(&mut self.names).insert(plain(name));
        self
    }

    /// These and the name of this machine, alone and as its network may tell it to others (mDNS).
    #[must_use]
    fn and_this_machine(self) -> Self {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let name = plain(&name);
        if name.is_empty() { self } else { self.and(&format!("{name}.local")).and(&name) }
    }

    /// What to answer to a request that names its host wrongly, or another's; nothing if it names one of these.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Problem> {
        let named = host_header(request.headers())?;
        if named.is_none() && request.version() == Version::HTTP_11 {
            return Err(bad("An HTTP/1.1 request names its host; this one has no Host header."));
        }
        let targeted = request.uri().authority().cloned();
        for authority in [named, targeted].into_iter().flatten() {
            if !self.allow(authority.host()) {
                return Err(Problem::new(
                    StatusCode::MISDIRECTED_REQUEST,
                    format!(
                        "This server does not answer to the name '{}'. The person who runs it can allow the name.",
                        authority.host()
                    ),
                ));
            }
        }
        Ok(())
    }

    fn allow(&self, host: &str) -> bool {
        let host = plain(host);
        let is_address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        // RFC 6761, section 6.3: these names lead to loopback and nowhere else.
        let is_loopback = host == "localhost" || host.ends_with(".localhost");
        self.any || is_address || is_loopback || self.names.contains(&host)
    }
}

/// A name as it is compared: a dot at the end and capitals make no difference.
fn plain(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    name.strip_suffix('.').unwrap_or(&name).to_owned()
}

fn host_header(headers: &HeaderMap) -> Result<Option<Authority>, Problem> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Err(bad("A request names one host; this one has several Host headers."));
    }
    let Some(host) = first else { return Ok(None) };
    let authority = Authority::try_from(host.as_bytes()).ok().filter(is_host_and_port);
    authority.map(Some).ok_or_else(|| bad("The Host header is a name or an address, and perhaps a port."))
}

/// Whether this is what a Host header may be: RFC 9110, section 7.2, has no user in it, and a port is a number.
fn is_host_and_port(authority: &Authority) -> bool {
    let text = authority.as_str();
    let port = text.get(authority.host().len()..).unwrap_or_default();
    let is_port = port.is_empty() || port == ":" || authority.port_u16().is_some();
    !authority.host().is_empty() && !text.contains('@') && is_port
}

fn bad(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_one_host_that_is_known_here() {
        let hosts: Hosts = "Shop.Example., other".parse().unwrap();
        let hosts = hosts.and("cache");
        let ask = |version, target: &str, headers: &[&str]| {
            let mut request = Request::builder().version(version).uri(target);
            for host in headers {
                request = request.header(header::HOST, *host);
            }
            hosts.check(&request.body(()).unwrap()).map_or_else(|problem| problem.status().as_u16(), |()| 200)
        };
        for (expected, headers) in [
            (200, &["localhost"][..]),
            (200, &["LOCALHOST:8080"]),
            (200, &["shop.localhost"]),
            (200, &["127.0.0.1:8080"]),
            (200, &["192.168.1.20"]),
            (200, &["[::1]:9000"]),
            (200, &["shop.example"]),
            (200, &["SHOP.EXAMPLE.:80"]),
            (200, &["cache:8081"]),
            (200, &["localhost:"]),
            (421, &["evil.example"]),
            (421, &["127.0.0.1.evil.example"]),
            (421, &["localhost.evil.example:8080"]),
            (421, &["2130706433"]),
            (400, &[]),
            (400, &[""]),
            (400, &["localhost", "localhost"]),
            (400, &["user@localhost"]),
            (400, &["a b"]),
            (400, &["localhost:http"]),
            (400, &["localhost:99999"]),
            (400, &["[::1"]),
            (400, &["localhost/path"]),
            (400, &[":80"]),
        ] {
            assert_eq!(ask(Version::HTTP_11, "/", headers), expected, "{headers:?}");
        }
        assert_eq!(ask(Version::HTTP_10, "/", &[]), 200, "older clients have no such header");
        assert_eq!(ask(Version::HTTP_10, "/", &["evil.example"]), 421);
        assert_eq!(ask(Version::HTTP_11, "http://evil.example/", &["localhost"]), 421);
        assert_eq!(ask(Version::HTTP_2, "http://localhost:4317/", &[]), 200);
        assert_eq!(ask(Version::HTTP_2, "http://evil.example/", &[]), 421);
        let any: Hosts = "*".parse().unwrap();
        assert!(any.allow("evil.example") && !Hosts::default().allow("cache"));
    }
}
