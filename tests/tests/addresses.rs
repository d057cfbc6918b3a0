//! IPv4 and IPv6 addresses, ports that the system chooses, and shops side by side: programs print the addresses at which they really
//! listen.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{process::Command, time::Duration};

use chassis::{Peer, Wait};
use glyphfall_tests::{
    process::{Process, output, program, token},
    up::Ports,
};
use http::StatusCode;
use tokio::time::{sleep, timeout};

/// The addresses in the URLs that a program prints, once there are `count`.
async fn printed(process: &mut Process, count: usize) -> Vec<String> {
    let found = async {
        loop {
            let said = process.said();
            let urls =
                said.split("http://").skip(1).filter_map(|rest| rest.split(['/', '\n', ' ', ',']).next());
            let addresses: Vec<String> = urls.map(str::to_owned).collect();
            // The last line may be incomplete.
            if addresses.len() >= count && said.ends_with('\n') {
                return addresses;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let found = timeout(Duration::from_secs(20), found).await;
    found.unwrap_or_else(|_late| panic!("it does not say where it listens:\n{}", process.said()))
}

async fn is_healthy(address: &str) {
    let caller = chassis::Chassis::of_caller("tests", chassis::Network::tcp(0), chassis::Clock::real(), 0);
    let peer = Peer::new(&caller, address.parse().unwrap());
    let health = peer.get("/healthz", Wait::AtMost(Duration::from_secs(5))).await;
    assert_eq!(health.unwrap().status, StatusCode::OK, "{address}");
}

#[tokio::test]
async fn a_shop_prints_where_it_is_and_is_found_there() {
    let (folder, editor, operator, ports) = (tempfile::tempdir().unwrap(), token(), token(), Ports::free());
    let glyphfall = |arguments: &[&str]| {
        let mut command = Command::new(program("glyphfall"));
        command.args(arguments).env("XDG_RUNTIME_DIR", folder.path());
        command.env("GLYPHFALL_EDITOR_TOKEN", &editor).env("GLYPHFALL_OPERATOR_TOKEN", &operator);
        command
    };
    // The offset moves the shop's ports up to free ones. The system chooses the evidence store's ports, on the other address family.
    let moved = ports.moved_down(7);
    let own = moved.options();
    let own: Vec<&str> = own.iter().map(String::as_str).chain(["--port-offset", "7"]).collect();
    let free = ["--bind", "::1", "--room-port", "0", "--otlp-grpc-port", "0", "--otlp-http-port", "0"];
    let mut up = Process::start(&mut glyphfall(&[&["up"][..], &own[..], &free[..]].concat()));
    let addresses = printed(&mut up, 4).await;
    let expected = [ports.front, ports.store, ports.cache].map(|port| format!("127.0.0.1:{port}"));
    assert_eq!(addresses[..3], expected);
    let room = addresses[3].strip_prefix("[::1]:").expect("it is printed with its brackets").to_owned();
    assert_ne!(room, "0");
    let said = up.said();
    let otlp = said.lines().find(|line| line.trim_start().starts_with("OTLP")).unwrap().to_owned();
    assert!(otlp.matches("[::1]:").count() == 2 && !otlp.contains(":0 "), "{otlp}");
    let operators = said.lines().find(|line| line.contains("operator ports")).unwrap();
    let listed: Vec<_> =
        operators.split_whitespace().skip(2).map(|address| address.trim_end_matches(',')).collect();
    assert_eq!(listed, [0, 1, 2].map(|more| format!("127.0.0.1:{}", ports.operators + more)));
    for address in addresses.iter().take(4).map(String::as_str).chain(listed) {
        is_healthy(address).await;
    }
    for target in ["::1", "[::1]"] {
        let asked = ["evidence", "metrics", "--target", target, "--room-port", &room];
        let (code, _, error) = output(&mut glyphfall(&asked));
        assert_eq!(code, 0, "{target}: {error}");
    }
    let (code, _, error) = output(&mut glyphfall(&[&["restore"][..], &own[..]].concat()));
    assert_eq!(code, 0, "{error}");
    for command in ["inject", "restore", "verify"] {
        // With http:// the target is one address with HTTP's default port, at which nothing listens.
        let (code, _, error) = output(&mut glyphfall(&[command, "--target", "http://127.0.0.1"]));
        assert!(code == 2 && error.contains("127.0.0.1:80"), "{command}: {error}");
        for target in ["[::1]:8080", "127.0.0.1:8080", ""] {
            let (code, _, error) = output(&mut glyphfall(&[command, "--target", target]));
            assert!(
                code == 2 && error.contains("give a name or an address, without a port"),
                "{command} {target}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn programs_of_their_own_and_rooms_print_the_port_that_they_took() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments, count) in [
        ("cache", &["--bind", "[::1]:0", "--operator-bind", "127.0.0.1:0", "--operator-token", "x"][..], 2),
        ("glyphfall", &["room", "--bind", "::1", "--room-port", "0", "--out", "{folder}"], 2),
    ] {
        let arguments =
            arguments.iter().map(|argument| argument.replace("{folder}", folder.path().to_str().unwrap()));
        let mut process = Process::start(Command::new(program(name)).args(arguments));
        let addresses = printed(&mut process, count).await;
        assert!(addresses[0].starts_with("[::1]:") && addresses.len() == count, "{addresses:?}");
        for address in addresses {
            assert!(!address.ends_with(":0"), "{address}");
            is_healthy(&address).await;
        }
    }
}
