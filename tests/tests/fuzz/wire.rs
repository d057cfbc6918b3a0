//! Raw bytes on a connection, before they form a request: the accept loop, its limits and its host names.

use std::time::{Duration, SystemTime};

use axum::{Router, routing::post};
use chassis::{Chassis, Clock, Network, serve::serve};
use http::uri::Authority;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{requests::written, shop::runtime};

/// In virtual time, longer than any timeout of the accept loop.
const BOUND: Duration = Duration::from_secs(600);

#[test]
fn connection() {
    let host = "host: service:80";
    let honest = [
        written("GET /healthz", &[host], ""),
        written("POST /echo", &[host, "content-length: 5"], "12345"),
        written("POST /echo", &[host, "transfer-encoding: chunked"], "3\r\nabc\r\n0\r\n\r\n"),
        written(
            "POST /echo",
            &[host, "transfer-encoding: chunked", "content-length: 3"],
            "0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        ),
        [written("GET /healthz", &[host], ""), written("GET /healthz", &[host, "connection: close"], "")]
            .concat(),
        written("POST /echo", &[host, "transfer-encoding: gzip, chunked"], "0\r\n\r\n"),
        written("GET http://other.example/healthz", &["host: other.example"], ""),
        written("POST /echo", &[host, "expect: 100-continue", "content-length: 1"], "1"),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
    ];
    let runtime = runtime();
    let (network, address) = (Network::in_memory(Duration::ZERO, 0), Authority::from_static("service:80"));
    runtime.block_on(async {
        let clock = Clock::virtual_from(SystemTime::UNIX_EPOCH);
        let chassis = Chassis::of_caller("service", network.clone(), clock, 0);
        let listener = network.bind(&address).await.unwrap();
        let routes = Router::new().route("/echo", post(async |text: String| text));
        let app = routes.into();
        chassis.tasks.spawn(serve(listener, app, chassis.clone(), CancellationToken::new()));
    });
    let talk = async |sent: &[u8]| {
        let mut connection = network.connect("somebody", &address).await.unwrap();
        // After an early refusal, the server may stop reading.
        let _ = connection.write_all(sent).await;
        let _ = connection.shutdown().await;
        let mut answered = Vec::new();
        let _ = timeout(BOUND, connection.read_to_end(&mut answered)).await.expect("it ends");
        answered
    };
    target!("connection", &honest, |input| {
        runtime.block_on(async {
            let answered = talk(input).await;
            assert!(
                answered.is_empty() || answered.starts_with(b"HTTP/1."),
                "{:?}",
                String::from_utf8_lossy(&answered)
            );
            // No input causes a server error, except 501 for an unknown transfer coding (RFC 9112, section 6.1).
            let fails = answered.starts_with(b"HTTP/1.1 5") && !answered.starts_with(b"HTTP/1.1 501");
            assert!(!fails, "{:?}", String::from_utf8_lossy(&answered));
            let well = talk(&written("GET /healthz", &[host, "connection: close"], "")).await;
            assert!(well.starts_with(b"HTTP/1.1 200"), "{:?}", String::from_utf8_lossy(&well));
        });
    });
}
