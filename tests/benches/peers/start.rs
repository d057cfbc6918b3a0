//! Time to the first page and memory at rest, compared with the demands that other demonstrations publish. Theirs are not measured here,
//! because their images are not available everywhere.

use std::{fs, path::Path, process::Command, time::Duration};

use glyphfall_tests::{
    bench::{
        figures::median,
        table::{Better, Part, Row},
    },
    process::{Process, root, token},
    up::Ports,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

use super::{
    programs::{memory_mb, ours},
    progress,
};

const STARTS: usize = 9;

/// Pause before the memory of a shop at rest is measured.
const REST: Duration = Duration::from_secs(5);

/// Retry interval until the first page.
const ASK_AGAIN: Duration = Duration::from_millis(1);

/// Published memory demands of other demonstrations, in megabytes, with their sources.
const PUBLISHED: [(&str, f64, &str); 2] = [
    (
        "OpenTelemetry demo",
        6_000.0,
        "6 GB of free memory for the application with Docker: opentelemetry.io/docs/demo/docker-deployment",
    ),
    (
        "Online Boutique",
        4_000.0,
        "4 GB of memory for a local cluster: github.com/GoogleCloudPlatform/microservices-demo, docs/development-guide.md",
    ),
];

pub(crate) async fn measure() -> Part {
    let mut pages_ms = Vec::new();
    let mut at_rest_mb = 0.0;
    for start in 0..STARTS {
        let (page_ms, up) = first_page().await;
        pages_ms.push(page_ms);
        if start == 0 {
            sleep(REST).await;
            at_rest_mb = memory_mb(&up.id().to_string(), "VmRSS");
        }
    }
    progress(&format!("first pages after {pages_ms:.1?} ms"));
    let apart_mb = apart_mb().await;
    let mut rows = vec![
        Row::alone("first page after the start of `glyphfall up`", "ms", Better::Less, median(&pages_ms)),
        Row::alone("memory of `glyphfall up` at rest, customers included", "MB", Better::Less, at_rest_mb),
    ];
    for (peer, demand_mb, _) in PUBLISHED {
        rows.push(Row::new(
            "memory of the shop in four processes, at rest",
            "MB",
            Better::Less,
            apart_mb,
            peer,
            demand_mb,
        ));
    }
    let mut notes: Vec<String> =
        PUBLISHED.iter().map(|(peer, _, source)| format!("{peer}: {source}.")).collect();
    notes.push("Theirs is what they publish, for the whole demonstration with its own telemetry back ends; it was not measured here.".to_owned());
    let image = root().join("target/image/bin");
    match bytes_in(&image) {
        Some(bytes) => rows.push(Row::alone("programs of the image", "MB", Better::Less, bytes / 1e6)),
        None => notes.push("The image was not measured: `cargo xtask dist` makes its programs.".to_owned()),
    }
    Part {
        title: "Start, memory and size".into(),
        how: format!(
            "The median of {STARTS} starts; memory after {} s, with 30 page views a second in `up` and in the four processes.",
            REST.as_secs()
        ),
        rows,
        notes,
    }
}

/// Starts a shop and requests its home page until it is served. Returns the time in milliseconds, and the process.
async fn first_page() -> (f64, Process) {
    let (ports, folder) = (Ports::free(), tempfile::tempdir().unwrap());
    let mut command = Command::new(ours("glyphfall"));
    command.arg("up").args(ports.options()).args(ports.doors()).arg("--out").arg(folder.path());
    command.env("XDG_RUNTIME_DIR", folder.path());
    command.env("GLYPHFALL_EDITOR_TOKEN", token()).env("GLYPHFALL_OPERATOR_TOKEN", token());
    let began = Instant::now();
    let up = Process::start(&mut command);
    while !is_there(ports.front).await {
        sleep(ASK_AGAIN).await;
    }
    (began.elapsed().as_secs_f64() * 1_000.0, up)
}

/// The memory of a shop in four processes, three of which report to the fourth.
async fn apart_mb() -> f64 {
    let (ports, folder, editor) = (Ports::free(), tempfile::tempdir().unwrap(), token());
    let at = |port: u16| format!("127.0.0.1:{port}");
    let start = |name: &str, port: u16, operator: u16, arguments: &[String]| {
        let mut command = Command::new(ours(name));
        command.args(arguments).env("GLYPHFALL_LEVEL", "changes").env("GLYPHFALL_DATA", folder.path());
        command.env("GLYPHFALL_EDITOR_TOKEN", &editor).env("GLYPHFALL_WEB_FRONT", at(ports.front));
        command.env("GLYPHFALL_CACHE", at(ports.cache)).env("GLYPHFALL_CONTENT_STORE", at(ports.store));
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", at(ports.otlp[0])));
        if port != 0 {
            command.env("GLYPHFALL_BIND", at(port)).env("GLYPHFALL_OPERATOR_BIND", at(operator));
        }
        Process::start(&mut command)
    };
    let watch: Vec<String> = ["watch".to_owned()].into_iter().chain(ports.doors()).collect();
    let mut processes = [
        start("content-store", ports.store, ports.operators + 1, &[]),
        start("cache", ports.cache, ports.operators, &[]),
        start("web-front", ports.front, ports.operators + 2, &[]),
        start("glyphfall", 0, 0, &watch),
    ];
    for (process, port) in processes.iter_mut().zip([ports.store, ports.cache, ports.front, ports.room]) {
        process.until_listening(port).await;
    }
    sleep(REST).await;
    processes.iter().map(|process| memory_mb(&process.id().to_string(), "VmRSS")).sum()
}

async fn is_there(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else { return false };
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = Vec::new();
    stream.write_all(request).await.is_ok()
        && stream.read_to_end(&mut answer).await.is_ok()
        && answer.starts_with(b"HTTP/1.1 200")
}

fn bytes_in(folder: &Path) -> Option<f64> {
    let files = fs::read_dir(folder).ok()?;
    Some(files.flatten().filter_map(|file| file.metadata().ok()).map(|data| data.len() as f64).sum())
}
