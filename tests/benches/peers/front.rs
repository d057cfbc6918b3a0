//! Cache hits compared with nginx's `proxy_cache` and Varnish, and composed pages compared with nginx's SSI and Varnish's ESI. All serve
//! the same 2 KB from the same store. Our services run as separate processes at `dark` and at `changes`, and report to a receiver that
//! discards telemetry.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::Uri, routing::post};
use chassis::Wait;
use glyphfall_tests::{
    bench::{
        figures::median,
        table::{Better, Part, Row},
    },
    process::{Process, free_port, token},
    up::peer,
};
use http::Request;
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{metric::Data, number_data_point::Value},
};
use prost::Message;
use tempfile::TempDir;

use super::{
    peers,
    programs::{CLIENT, SERVER, ours, pin_myself, pinned, processor_s, workers},
    progress, wrk,
};

const PAYLOAD_BYTES: usize = 2_048;
const ROUNDS: usize = 5;
const MEASURED: Duration = Duration::from_secs(3);

/// The composed page, and its assets.
const PAGE: &str = "/p/oak-board";
const PARTS: [&str; 4] = ["site-header", "site-footer", "price-list", "product-oak-board"];

/// Timeout of an unmeasured write or page.
const BOUND: Duration = Duration::from_secs(10);

/// One server under load.
struct Target {
    name: &'static str,
    port: u16,
    path: &'static str,
    processes: Vec<u32>,
    runs: Vec<wrk::Run>,
    processor_us: Vec<f64>,
}

/// Counts of the telemetry receiver.
#[derive(Default)]
struct Received {
    bytes: AtomicU64,
    /// Records that services report as dropped: the highest count seen.
    dropped: AtomicU64,
}

pub(crate) async fn measure() -> Part {
    // The telemetry receiver runs on the client's core.
    pin_myself(CLIENT);
    let folder = tempfile::tempdir().unwrap();
    let received = Arc::new(Received::default());
    let otlp = receive(Arc::clone(&received)).await;
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut stage = Stage { folder, memory, held: Vec::new(), targets: Vec::new(), notes: Vec::new() };
    let cache = stage.start_ours(otlp).await;
    stage.start_peers(cache).await;
    for target in &stage.targets {
        target.look().await;
    }
    for round in 1..=ROUNDS {
        for target in &mut stage.targets {
            let run = target.measure().await;
            let name = target.name;
            progress(&format!(
                "round {round} of {ROUNDS}: {name:<14} {:>7.0} requests/s, p99 {:.2} ms",
                run.rate, run.p99_ms
            ));
        }
    }
    for process in &mut stage.held {
        // A server with worker processes, such as nginx, must end them itself.
        process.signal("TERM");
        process.ended(BOUND).await;
    }
    let sent_mb = received.bytes.load(Ordering::Relaxed) as f64 / 1e6;
    let dropped = received.dropped.load(Ordering::Relaxed);
    stage.notes.push(format!(
        "The services sent {sent_mb:.0} MB of telemetry meanwhile, and say that they dropped {dropped} records."
    ));
    let of = |name: &str| stage.targets.iter().find(|target| target.name == name);
    Part {
        title: "Hits of the cache, and pages".into(),
        how: format!(
            "wrk, one thread, {} connections, {PAYLOAD_BYTES} bytes; server and client on a core each; medians of {ROUNDS} runs of {} s, \
             in turn. nginx: one worker, `proxy_cache` in memory, `open_file_cache`, no access log. Pages: four fragments each; ours asks the \
             cache for them over the network, and both processes share the server's core, while nginx (SSI) and Varnish (ESI) include them \
             from their own memory.",
            wrk::CONNECTIONS,
            MEASURED.as_secs()
        ),
        rows: rows(&of),
        notes: stage.notes,
    }
}

/// Everything that runs during the measurement.
struct Stage {
    folder: TempDir,
    /// A folder in memory, so that nothing waits for a disk.
    memory: TempDir,
    held: Vec<Process>,
    targets: Vec<Target>,
    notes: Vec<String>,
}

impl Stage {
    /// Starts a content store, and a cache and a web front for each level. Returns the port of the first cache.
    async fn start_ours(&mut self, otlp: u16) -> u16 {
        let store = start_store(&self.folder, &mut self.held).await;
        let mut first = None;
        for (level, names) in
            [("dark", ["cache, dark", "page, dark"]), ("changes", ["cache, changes", "page, changes"])]
        {
            let (cache, mut command) = (free_port(), pinned(SERVER, ours("cache")));
            report(
                command.args(["--content-store", &at(store), "--level", level, "--bind", &at(cache)]),
                otlp,
            );
            let mut processes = vec![self.hold(command, cache).await];
            self.targets.push(Target::new(names[0], cache, "/fragments/payload", processes.clone()));
            let (front, mut command) = (free_port(), pinned(SERVER, ours("web-front")));
            command.args([
                "--cache",
                &at(cache),
                "--content-store",
                &at(store),
                "--level",
                level,
                "--bind",
                &at(front),
            ]);
            report(&mut command, otlp);
            processes.push(self.hold(command, front).await);
            self.targets.push(Target::new(names[1], front, PAGE, processes));
            first = first.or(Some(cache));
        }
        first.expect("there are levels")
    }

    /// Starts nginx and Varnish in front of that cache, each with a page as long as ours.
    async fn start_peers(&mut self, cache: u16) {
        let page = self.targets.iter().find(|target| target.path == PAGE).expect("there is a page");
        let page = peer(page.port).get(PAGE, Wait::AtMost(BOUND)).await.unwrap();
        assert_eq!(page.status, 200, "the page is whole");
        let template = template(page.body.len(), cache).await;
        for (program, names) in [("nginx", ["nginx", "nginx SSI"]), ("varnishd", ["Varnish", "Varnish ESI"])]
        {
            let Some(path) = peers::find(program) else {
                self.notes.push(peers::missing(program));
                continue;
            };
            let (port, folder) = (free_port(), self.folder.path());
            let command = match program {
                "nginx" => nginx(&path, [folder, self.memory.path()], cache, &template, port),
                _ => varnish(&path, folder, cache, &template, port),
            };
            let master = self.hold(command, port).await;
            for (name, path) in names.into_iter().zip(["/fragments/payload", "/page.html"]) {
                self.targets.push(Target::new(name, port, path, workers(master)));
            }
        }
    }

    async fn hold(&mut self, command: Command, port: u16) -> u32 {
        let process = listening(command, port).await;
        let id = process.id();
        self.held.push(process);
        id
    }
}

fn rows<'a>(of: &impl Fn(&str) -> Option<&'a Target>) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut compare = |what: &str, ours: &str, peer: &str, aims: [Option<f64>; 2]| {
        let (Some(own), Some(other)) = (of(ours), of(peer)) else { return };
        let (rate, p99) = (
            |target: &Target| target.middle(|run| run.rate),
            |target: &Target| target.middle(|run| run.p99_ms),
        );
        let row = |unit: &str, better, ours, theirs, aim: Option<f64>| {
            let row = Row::new(what, unit, better, ours, peer, theirs);
            aim.map_or(row.clone(), |aim| row.aims_at(aim))
        };
        rows.push(row("requests/s", Better::More, rate(own), rate(other), aims[0]));
        rows.push(row("ms, p99", Better::Less, p99(own), p99(other), aims[1]));
        let processor = |target: &Target| median(&target.processor_us);
        rows.push(row("processor µs a request", Better::Less, processor(own), processor(other), None));
    };
    compare("hit, `dark`", "cache, dark", "nginx", [Some(1.5), None]);
    compare("hit, `changes`", "cache, changes", "nginx", [Some(1.2), Some(1.0)]);
    compare("hit, `dark`", "cache, dark", "Varnish", [None, None]);
    compare("hit, `changes`", "cache, changes", "Varnish", [None, None]);
    compare("hit, `changes`", "cache, changes", "cache, dark", [None, None]);
    compare("page, `dark`", "page, dark", "nginx SSI", [None, None]);
    compare("page, `changes`", "page, changes", "nginx SSI", [None, None]);
    compare("page, `dark`", "page, dark", "Varnish ESI", [None, None]);
    compare("page, `changes`", "page, changes", "page, dark", [None, None]);
    rows
}

impl Target {
    fn new(name: &'static str, port: u16, path: &'static str, processes: Vec<u32>) -> Self {
        Self { name, port, path, processes, runs: Vec::new(), processor_us: Vec::new() }
    }

    /// Checks that the target answers with a whole page: an empty answer would be fast.
    async fn look(&self) {
        let answer = peer(self.port).get(self.path, Wait::AtMost(BOUND)).await.unwrap();
        let is_whole = answer.status == 200 && answer.body.len() >= PAYLOAD_BYTES;
        assert!(is_whole, "{}: {} {:?}", self.name, answer.status, answer.body);
        progress(&format!("{:<14} {} bytes", self.name, answer.body.len()));
    }

    async fn measure(&mut self) -> wrk::Run {
        let before = processor_s(&self.processes);
        let url = format!("http://{}{}", at(self.port), self.path);
        let run = wrk::run(&url, wrk::CONNECTIONS, MEASURED).await;
        self.processor_us.push((processor_s(&self.processes) - before) * 1e6 / run.requests);
        self.runs.push(run.clone());
        run
    }

    fn middle(&self, of: impl Fn(&wrk::Run) -> f64) -> f64 {
        median(&self.runs.iter().map(of).collect::<Vec<_>>())
    }
}

/// Starts a content store with the shop's own texts and the payload.
async fn start_store(folder: &TempDir, held: &mut Vec<Process>) -> u16 {
    let (port, editor) = (free_port(), token());
    let mut command = pinned(CLIENT, ours("content-store"));
    command
        .args(["--bind", &at(port), "--data"])
        .arg(folder.path().join("content"))
        .env("GLYPHFALL_EDITOR_TOKEN", &editor);
    held.push(listening(command, port).await);
    let store = peer(port);
    let mut content = web_front::seed_content();
    content.push(("payload", "0123456789abcdef".repeat(PAYLOAD_BYTES / 16)));
    for (asset, text) in content {
        let request =
            Request::put(format!("/assets/{asset}")).header("authorization", format!("Bearer {editor}"));
        let request = request.header("content-type", "text/plain").body(Bytes::from(text)).unwrap();
        let answer = store.send(request, Wait::AtMost(BOUND)).await.unwrap();
        assert!(answer.status.is_success(), "{asset}: {:?}", answer.body);
    }
    port
}

/// A page template as long as our page, with placeholders for the same four fragments.
async fn template(page_bytes: usize, cache: u16) -> String {
    let cache = peer(cache);
    let mut fragments_bytes = 0;
    for part in PARTS {
        let answer = cache.get(&format!("/fragments/{part}"), Wait::AtMost(BOUND)).await.unwrap();
        assert_eq!(answer.status, 200, "{part}");
        fragments_bytes += answer.body.len();
    }
    let between = "x".repeat(page_bytes.saturating_sub(fragments_bytes) / PARTS.len());
    PARTS.map(|part| format!("<p>{between}</p>INCLUDE(/fragments/{part})\n")).concat()
}

fn nginx(nginx: &Path, [folder, kept]: [&Path; 2], cache: u16, template: &str, port: u16) -> Command {
    let home = folder.join("nginx");
    fs::create_dir_all(home.join("html")).unwrap();
    let page = template.replace("INCLUDE(", "<!--# include virtual=\"").replace(")\n", "\" -->\n");
    fs::write(home.join("html/page.html"), page).unwrap();
    let (home, kept) = (home.display(), kept.display());
    let config = format!(
        "daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log;\n\
         events {{ worker_connections 1024; multi_accept on; }}\n\
         http {{\n\
         access_log off; sendfile on; tcp_nopush off; tcp_nodelay on; etag off; server_tokens off;\n\
         keepalive_timeout 600s; keepalive_requests 1000000000;\n\
         open_file_cache max=1000 inactive=600s; open_file_cache_valid 600s; open_file_cache_min_uses 1;\n\
         client_body_temp_path {home}/body; proxy_temp_path {home}/temp; fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;\n\
         proxy_cache_path {kept} levels=1:2 keys_zone=kept:10m max_size=64m inactive=60m use_temp_path=off;\n\
         upstream store {{ server 127.0.0.1:{cache}; keepalive 16; }}\n\
         server {{ listen 127.0.0.1:{port} reuseport; root {home}/html;\n\
         location /fragments/ {{ proxy_pass http://store; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host localhost;\n\
         proxy_cache kept; proxy_cache_valid 200 1h; proxy_ignore_headers Cache-Control Expires; }}\n\
         location = /page.html {{ ssi on; ssi_silent_errors off; }}\n\
         }} }}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config).unwrap();
    let mut command = pinned(SERVER, nginx);
    command.args(["-e", "stderr", "-c"]).arg(&file);
    command
}

fn varnish(varnish: &Path, folder: &Path, cache: u16, template: &str, port: u16) -> Command {
    let page_port = free_port();
    let page = template.replace("INCLUDE(", "<esi:include src=\"").replace(")\n", "\"/>\n");
    tokio_serve(
        page_port,
        Router::new().route("/page.html", axum::routing::get(move || async { axum::response::Html(page) })),
    );
    let config = format!(
        "vcl 4.1;\nbackend cache {{ .host = \"127.0.0.1\"; .port = \"{cache}\"; .host_header = \"localhost\"; }}\n\
         backend page {{ .host = \"127.0.0.1\"; .port = \"{page_port}\"; }}\n\
         sub vcl_recv {{ if (req.url == \"/page.html\") {{ set req.backend_hint = page; }} else {{ set req.backend_hint = cache; }} return (hash); }}\n\
         sub vcl_backend_response {{ set beresp.ttl = 1h; if (bereq.url == \"/page.html\") {{ set beresp.do_esi = true; }} }}\n"
    );
    let file = folder.join("varnish.vcl");
    fs::write(&file, config).unwrap();
    let mut command = pinned(SERVER, varnish);
    command.args(["-F", "-a", &at(port), "-T", "none", "-s", "malloc,64m", "-p", "thread_pools=1"]);
    command.arg("-f").arg(&file).arg("-n").arg(folder.join("varnish"));
    command
}

fn report(command: &mut Command, otlp: u16) {
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", at(otlp)));
    command.env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
}

async fn listening(mut command: Command, port: u16) -> Process {
    let mut process = Process::start(&mut command);
    process.until_listening(port).await;
    process
}

/// A backend that accepts and discards all telemetry, so that it takes hardly any of the client core's time.
async fn receive(received: Arc<Received>) -> u16 {
    let port = free_port();
    let router = Router::new()
        .route("/v1/traces", post(take))
        .route("/v1/logs", post(take))
        .route("/v1/metrics", post(take))
        .with_state(received);
    tokio_serve(port, router);
    glyphfall_tests::process::until_listening(port).await;
    port
}

async fn take(State(received): State<Arc<Received>>, uri: Uri, body: Bytes) {
    received.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
    if uri.path() == "/v1/metrics" {
        let message = ExportMetricsServiceRequest::decode(body).unwrap();
        let scopes = message.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
        let dropped =
            scopes.flat_map(|scope| scope.metrics).filter(|metric| metric.name.ends_with(".dropped"));
        for metric in dropped {
            let Some(Data::Sum(sum)) = metric.data else { continue };
            for point in sum.data_points {
                if let Some(Value::AsInt(count)) = point.value {
                    received.dropped.fetch_max(count.try_into().unwrap_or(0), Ordering::Relaxed);
                }
            }
        }
    }
}

/// Serves until the program ends.
fn tokio_serve(port: u16, router: Router) {
    let tasks = chassis::TaskGroup::default();
    tasks.spawn(async move {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        axum::serve(listener, router).await.unwrap();
    });
    // Dropping the group does not end its tasks.
    drop(tasks);
}

fn at(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
