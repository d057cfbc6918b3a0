//! Telemetry intake compared with rotel, a collector that decodes and discards (`--exporter blackhole`), while this store indexes and
//! keeps. Also the cost of queries on a full store.

use std::{collections::BTreeMap, io::Write, time::Duration};

use bytes::Bytes;
use chassis::{
    Network, TaskGroup,
    serve::{Hosts, Limits as ListenerLimits, Protocol, Serving, serve_router},
};
use evidence::{Evidence, Limits, receiver};
use flate2::{Compression, write::GzEncoder};
use glyphfall_tests::{
    bench::{
        figures::median,
        table::{Better, Part, Row},
    },
    process::{Process, free_port},
};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use prost::Message;
use serde_json::Value;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    load::finished,
    peers,
    programs::{CLIENT, SERVER, myself, pin_myself, pinned, processor_s},
    progress,
    spans::{self, BATCH},
};

const ROUNDS: usize = 3;
const MEASURED: Duration = Duration::from_secs(2);

/// Prebuilt batches. Together they hold more spans than the store keeps, so that no span is sent again before it has been evicted.
const BATCHES: u64 = 150;

/// Concurrent senders, one for each simulated service.
const SENDERS: usize = 4;

/// Timeout of one batch.
const BOUND: Duration = Duration::from_secs(10);

const GRPC_PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Protocol and compression of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    is_grpc: bool,
    is_gzip: bool,
}

const WAYS: [Way; 4] = [
    Way { is_grpc: false, is_gzip: false },
    Way { is_grpc: false, is_gzip: true },
    Way { is_grpc: true, is_gzip: false },
    Way { is_grpc: true, is_gzip: true },
];

impl Way {
    fn name(self) -> String {
        let encoding = if self.is_gzip { "gzip" } else { "plain" };
        format!("{}, {encoding}", if self.is_grpc { "gRPC" } else { "HTTP" })
    }
}

/// Spans per second, and processor time per span.
type Taken = (f64, f64);

pub(crate) async fn measure() -> Part {
    pin_myself(CLIENT);
    progress("making batches");
    let (bodies, mut notes) = (bodies(), Vec::new());
    let servers = servers(&mut notes).await;
    let mut taken: BTreeMap<(&str, Way), Vec<Taken>> = BTreeMap::new();
    for round in 1..=ROUNDS {
        for way in WAYS {
            for (name, process, ports) in &servers {
                let port = ports[usize::from(way.is_grpc)];
                let (rate, processor_us) = send(way, port, &bodies[&way], process.id()).await;
                let way_name = way.name();
                progress(&format!(
                    "round {round} of {ROUNDS}: {name:<8} {way_name:<11} {rate:>8.0} spans/s, {processor_us:.2} µs a span"
                ));
                taken.entry((name, way)).or_default().push((rate, processor_us));
            }
        }
    }
    drop(servers);
    let mut rows = rows_taken_in(&taken);
    let full = finished(myself(SERVER, &["spans", "full"])).await;
    let full: Value = serde_json::from_str(&full).unwrap_or_else(|_| panic!("{full}"));
    let figure = |name: &str| full[name].as_f64().unwrap_or(f64::NAN);
    rows.push(Row::alone("a span held, as the store counts it", "bytes", Better::Less, figure("bytes")));
    rows.push(Row::alone("a span held, as the process grew", "bytes", Better::Less, figure("grown_bytes")));
    for (name, what) in
        [("failed", "the failed traces"), ("route", "the traces of a route"), ("trace", "one trace")]
    {
        let what = format!("a question to a full store: {what}");
        rows.push(Row::alone(&what, "ms, p99", Better::Less, figure(&format!("{name}_p99_ms"))));
    }
    notes.push(format!(
        "rotel decodes and forgets; the store finds each span's trace, shares its words and keeps it. A full store held {:.0} spans.",
        figure("held")
    ));
    Part {
        title: "Taking in telemetry".into(),
        how: format!(
            "Batches of {BATCH} spans with eight attributes, {SENDERS} at once; server and sender on a core each; medians of {ROUNDS} runs \
             of {} s, in turn.",
            MEASURED.as_secs()
        ),
        rows,
        notes,
    }
}

/// All batches in every combination of protocol and compression.
fn bodies() -> BTreeMap<Way, Vec<Bytes>> {
    let mut bodies: BTreeMap<Way, Vec<Bytes>> = BTreeMap::new();
    for number in 0..BATCHES {
        let plain = spans::batch(number).encode_to_vec();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&plain).expect("a Vec takes every write");
        let gzip = gzip.finish().expect("a Vec takes every write");
        for way in WAYS {
            let body = if way.is_gzip { &gzip } else { &plain };
            let mut sent = Vec::with_capacity(body.len() + 5);
            if way.is_grpc {
                sent.push(u8::from(way.is_gzip));
                sent.extend(u32::try_from(body.len()).expect("a batch is small").to_be_bytes());
            }
            sent.extend(body);
            bodies.entry(way).or_default().push(Bytes::from(sent));
        }
    }
    bodies
}

/// A server's name, its process, and its ports for HTTP and gRPC.
type Server = (&'static str, Process, [u16; 2]);

async fn servers(notes: &mut Vec<String>) -> Vec<Server> {
    let (grpc, http) = (free_port(), free_port());
    let mut ours = Process::start(&mut myself(SERVER, &["receiver", &grpc.to_string(), &http.to_string()]));
    ours.until_listening(grpc).await;
    let mut servers = vec![("evidence", ours, [http, grpc])];
    let Some(rotel) = peers::find("rotel") else {
        notes.push(peers::missing("rotel"));
        return servers;
    };
    let (grpc, http) = (free_port(), free_port());
    let mut command = pinned(SERVER, rotel);
    command.args(["start", "--exporter", "blackhole", "--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc}")]);
    command.args(["--otlp-http-endpoint", &format!("127.0.0.1:{http}")]);
    let mut rotel = Process::start(&mut command);
    rotel.until_listening(grpc).await;
    rotel.until_listening(http).await;
    servers.push(("rotel", rotel, [http, grpc]));
    servers
}

fn rows_taken_in(taken: &BTreeMap<(&str, Way), Vec<Taken>>) -> Vec<Row> {
    let middle = |server: &str, way: Way, of: fn(&Taken) -> f64| {
        let key = taken.keys().find(|(name, of_way)| *name == server && *of_way == way)?;
        Some(median(&taken[key].iter().map(of).collect::<Vec<_>>()))
    };
    let mut rows = Vec::new();
    let mut compare = |way: Way, unit: &str, better, of: fn(&Taken) -> f64| {
        let ours = middle("evidence", way, of).expect("ours was measured");
        let what = format!("taken in, {}", way.name());
        rows.push(match middle("rotel", way, of) {
            Some(theirs) => Row::new(&what, unit, better, ours, "rotel", theirs),
            None => Row::alone(&what, unit, better, ours),
        });
    };
    for way in WAYS {
        compare(way, "spans/s", Better::More, |taken| taken.0);
        compare(way, "processor µs a span", Better::Less, |taken| taken.1);
    }
    rows
}

/// Sends batches for the measured time, one after the other on each connection.
async fn send(way: Way, port: u16, bodies: &[Bytes], process: u32) -> Taken {
    let before = processor_s(&[process]);
    let began = Instant::now();
    let until = began + MEASURED;
    let next = std::sync::atomic::AtomicUsize::new(0);
    let senders = (0..SENDERS).map(|_| async {
        let mut connector = HttpConnector::new();
        // The last segment of a small body must not wait for an acknowledgement (Nagle's algorithm, RFC 896).
        connector.set_nodelay(true);
        let client: Client<_, Full<Bytes>> =
            Client::builder(TokioExecutor::new()).http2_only(way.is_grpc).build(connector);
        while Instant::now() < until {
            let place = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let body = bodies[place % bodies.len()].clone();
            let answer =
                timeout(BOUND, client.request(request(way, port, body))).await.expect("in time").unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{way:?}");
            let status = answer.headers().get("grpc-status").cloned();
            let end = answer.into_body().collect().await.unwrap();
            let status = status.or_else(|| end.trailers()?.get("grpc-status").cloned());
            assert!(!way.is_grpc || status.is_some_and(|status| status == "0"), "{way:?}");
        }
    });
    futures_util::future::join_all(senders).await;
    let spans = next.into_inner() as f64 * BATCH as f64;
    (spans / began.elapsed().as_secs_f64(), (processor_s(&[process]) - before) * 1e6 / spans)
}

fn request(way: Way, port: u16, body: Bytes) -> Request<Full<Bytes>> {
    let (path, kind) =
        if way.is_grpc { (GRPC_PATH, "application/grpc") } else { ("/v1/traces", "application/x-protobuf") };
    let mut request = Request::post(format!("http://127.0.0.1:{port}{path}")).header("content-type", kind);
    if way.is_grpc {
        request = request.header("te", "trailers");
    }
    if way.is_gzip {
        request = request.header(if way.is_grpc { "grpc-encoding" } else { "content-encoding" }, "gzip");
    }
    request.body(Full::new(body)).unwrap()
}

/// Runs the project's receivers and store in a process of their own, until it is killed.
pub(crate) async fn serve(grpc: u16, http: u16) {
    let evidence = Evidence::new(Limits::default(), spans::clock);
    let routers = [(http, receiver::http_router(evidence.clone())), (grpc, receiver::grpc_router(evidence))];
    let served = routers.map(|(port, router)| async move {
        let address = format!("127.0.0.1:{port}").parse().unwrap();
        let listener = Network::tcp(0).bind(&address).await.unwrap();
        let limits = ListenerLimits::default();
        let serving =
            Serving { protocol: Protocol::Http1And2, limits, hosts: Hosts::default(), has_date: true };
        serve_router(listener, router.into(), serving, TaskGroup::default(), CancellationToken::new()).await;
    });
    futures_util::future::join_all(served).await;
}
