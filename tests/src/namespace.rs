//! A second device for one test: a network namespace with its own address, linked to this machine by a virtual cable.
//!
//! Only the administrator may create one. For other users [`Namespace::lay`] returns `None`, and tests use the loopback instead.

use std::{
    net::{IpAddr, Ipv4Addr},
    process::{Command, id},
};

use crate::process::output;

/// A network namespace. Dropping it removes it and its cable.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    /// This machine's address on the cable.
    pub here: IpAddr,
    /// The device's own address.
    pub there: IpAddr,
}

impl Namespace {
    /// Creates a device; `None` if this user may not.
    ///
    /// # Panics
    ///
    /// When the administrator cannot either.
    pub fn lay() -> Option<Self> {
        let (_, user, _) = output(Command::new("id").arg("-u"));
        if user.trim() != "0" {
            return None;
        }
        // From the address range for network tests (RFC 2544): four addresses for each process.
        let first = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + id() % 16_000 * 4;
        let at = |place: u32| IpAddr::V4(Ipv4Addr::from(first + place));
        let namespace = Self { name: format!("device-{}", id()), here: at(1), there: at(2) };
        let (name, inner, outer) = (&namespace.name, format!("d{}", id()), format!("h{}", id()));
        let ip = |words: String| {
            let (code, _, error) = output(Command::new("ip").args(words.split_whitespace()));
            assert_eq!(code, 0, "ip {words}: {error}");
        };
        ip(format!("netns add {name}"));
        ip(format!("link add {outer} type veth peer name {inner} netns {name}"));
        // An address of IPv6 that comes seconds later is another network to a browser, which drops what it is loading.
        ip(format!("link set {outer} addrgenmode none"));
        ip(format!("-n {name} link set {inner} addrgenmode none"));
        ip(format!("address add {}/30 dev {outer}", namespace.here));
        ip(format!("link set {outer} up"));
        ip(format!("-n {name} address add {}/30 dev {inner}", namespace.there));
        ip(format!("-n {name} link set {inner} up"));
        ip(format!("-n {name} link set lo up"));
        Some(namespace)
    }

    /// A program that runs on the device.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = output(Command::new("ip").args(["netns", "delete", &self.name]));
    }
}
