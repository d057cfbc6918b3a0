//! Addresses as people write them and as programs print them. Teaches that an address of IPv6 is full of colons, so that a port
//! behind it needs brackets.

use std::net::{IpAddr, SocketAddr};

use http::uri::Authority;

/// A host and a port, such as `cache:8081` or `[::1]:8081`.
///
/// # Errors
///
/// When it is something else; the message says what was expected.
pub fn host_and_port(text: &str) -> Result<Authority, String> {
    let expected = "expected HOST:PORT, such as 127.0.0.1:8080, cache:8081 or [::1]:8080";
    let authority: Authority = text.parse().map_err(|_| expected.to_owned())?;
    let is_address = authority.port_u16().is_some() && !authority.host().is_empty() && !text.contains('@');
    if is_address { Ok(authority) } else { Err(expected.to_owned()) }
}

/// A host without a port: a name or an address, of IPv6 with or without brackets, at `port`.
///
/// # Errors
///
/// When it is something else; the message says what was expected.
pub fn at_port(host: &str, port: u16) -> Result<Authority, String> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(authority(SocketAddr::new(ip, port)));
    }
    let written = format!("{host}:{port}");
    let named: Option<Authority> = written.parse().ok();
    named
        .filter(|named| named.host() == host && !host.is_empty() && !host.contains(['@', '[']))
        .ok_or_else(|| format!("'{host}' is no host: give a name or an address, without a port"))
}

/// An address of a socket as it stands in a URL.
pub fn authority(address: SocketAddr) -> Authority {
    Authority::try_from(address.to_string()).expect("an address and a port form an authority")
}

/// Whether only this machine reaches what listens at `address`.
pub fn is_loopback(address: &Authority) -> bool {
    let host = address.host().trim_start_matches('[').trim_end_matches(']');
    host.parse().map_or(host == "localhost", |ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_with_their_ports() {
        let whole = |text: &str| host_and_port(text).ok().map(|authority| authority.to_string());
        for text in ["127.0.0.1:8080", "cache:8081", "[::1]:8080", "localhost:0"] {
            assert_eq!(whole(text).as_deref(), Some(text));
        }
        for text in ["", "::1", "[::1]", "cache", "cache:", ":80", "cache:http", "a b:80", "me@cache:80"] {
            assert_eq!(whole(text), None, "{text}");
        }
        let at = |host: &str| at_port(host, 8080).ok().map(|authority| authority.to_string());
        for (host, expected) in [
            ("127.0.0.1", Some("127.0.0.1:8080")),
            ("::1", Some("[::1]:8080")),
            ("[::1]", Some("[::1]:8080")),
            ("shop.example", Some("shop.example:8080")),
            ("[::1]:8080", None),
            ("cache:8081", None),
            ("http://cache", None),
            ("me@cache", None),
            ("", None),
        ] {
            assert_eq!(at(host).as_deref(), expected, "{host}");
        }
        for (address, expected) in [
            ("127.0.0.1:1", true),
            ("[::1]:1", true),
            ("localhost:1", true),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
        ] {
            assert_eq!(is_loopback(&host_and_port(address).unwrap()), expected, "{address}");
        }
    }
}
