//! How people reach the room: the addresses of this machine, and QR codes.

use std::net::{IpAddr, SocketAddr};

use qrcode::{QrCode, render::svg};
use serde::Serialize;
use utoipa::ToSchema;

/// The smallest side of a QR code, in points: readable from the back of a room.
const QR_SIDE_MIN: u32 = 240;

/// An address at which the room can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reachable {
    pub url: String,
    pub interface: String,
    /// Whether only this machine reaches it.
    pub is_loopback: bool,
}

/// The addresses at which a room that listens at `address` can be reached; those that only this machine reaches come last.
pub fn reachable(address: SocketAddr, code: &str) -> Vec<Reachable> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let fits = |ip: IpAddr| {
        let is_usable = match ip {
            IpAddr::V4(ip) => !ip.is_link_local(),
            // A link-local address must name an interface, which no phone knows.
            IpAddr::V6(ip) => !ip.is_unicast_link_local() && address.is_ipv6(),
        };
        is_usable && (address.ip().is_unspecified() || address.ip() == ip)
    };
    let mut all: Vec<Reachable> = interfaces
        .into_iter()
        .filter(|interface| fits(interface.ip()))
        .map(|interface| {
            let at = SocketAddr::new(interface.ip(), address.port());
            let (url, is_loopback) = (format!("http://{at}/?code={code}"), interface.is_loopback());
            Reachable { url, interface: interface.name, is_loopback }
        })
        .collect();
    all.sort_by_key(|reachable| reachable.is_loopback);
    all
}

/// A QR code as SVG; none for a text that is too long.
pub fn qr(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    // Dark on light, whatever the page's colours: cameras expect it.
    Some(code.render().min_dimensions(QR_SIDE_MIN, QR_SIDE_MIN).dark_color(svg::Color("#000")).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_on_loopback_says_so_and_its_code_is_a_picture() {
        let found = reachable("127.0.0.1:9000".parse().unwrap(), "ABC123");
        assert!(found.iter().all(|reachable| reachable.is_loopback));
        assert_eq!(found[0].url, "http://127.0.0.1:9000/?code=ABC123");
        assert!(qr(&found[0].url).unwrap().contains("<svg"));
        assert_eq!(qr(&"x".repeat(5_000)), None);
    }
}
