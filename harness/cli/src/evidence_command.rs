//! `glyphfall evidence`: what telemetry holds in a running shop, for people and for pipes.

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use chassis::{Chassis, Clock, Network, Peer, Wait, address::at_port};
use evidence::{
    Change, ChangeList, LogEntry, LogPage, MetricAnswer, MetricInfo, TraceList, TraceView, waterfall,
};
use http::{HeaderValue, Request, StatusCode, Uri, header};
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::{
    doors::moved,
    options::{EvidenceKind, EvidenceOptions, Format},
    screen,
};

/// How long the evidence store may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How often `--follow` asks for more.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Asks, and goes on asking if told to.
pub(crate) async fn run(options: EvidenceOptions) -> anyhow::Result<()> {
    let asker = Asker::new(&options)?;
    match options.kind {
        EvidenceKind::Logs => logs(&asker, &options).await,
        EvidenceKind::Changes => changes(&asker, &options).await,
        EvidenceKind::Metrics => metrics(&asker, &options).await,
        EvidenceKind::Traces => traces(&asker, &options).await,
    }
}

async fn logs(asker: &Asker, options: &EvidenceOptions) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let after_text = after.map(|after: u64| after.to_string());
        let parameters = [("text", options.query.as_deref()), ("after", after_text.as_deref())];
        let page: LogPage = serde_json::from_value(asker.ask("/evidence/logs", &parameters).await?)?;
        if options.format == Format::Json {
            page.logs.iter().for_each(|entry| screen::line(&json(entry)));
        } else {
            page.logs.iter().for_each(|entry| screen::line(&log_line(entry)));
            if page.logs.is_empty() && after.is_none() {
                screen::line(
                    "No log lines. They appear as services write them; look further back with --from -1h.",
                );
            }
        }
        if !options.follow {
            return Ok(());
        }
        after = Some(page.next);
        sleep(FOLLOW_EVERY).await;
    }
}

async fn changes(asker: &Asker, options: &EvidenceOptions) -> anyhow::Result<()> {
    let mut told = 0;
    loop {
        let list: ChangeList = serde_json::from_value(asker.ask("/evidence/changes", &[]).await?)?;
        for change in list.changes.iter().skip(told) {
            screen::line(&if options.format == Format::Json { json(change) } else { change_line(change) });
        }
        if list.changes.is_empty() && told == 0 && options.format == Format::Text {
            screen::line("No changes. Publishes and restarts appear here at the level 'changes'.");
        }
        if !options.follow {
            return Ok(());
        }
        told = told.max(list.changes.len());
        sleep(FOLLOW_EVERY).await;
    }
}

async fn metrics(asker: &Asker, options: &EvidenceOptions) -> anyhow::Result<()> {
    let Some(name) = options.query.as_deref() else {
        let answer = asker.ask("/evidence/metrics", &[]).await?;
        if options.format == Format::Json {
            screen::line(&answer.to_string());
            return Ok(());
        }
        let list: Vec<MetricInfo> = serde_json::from_value(answer["metrics"].clone())?;
        if list.is_empty() {
            screen::line(
                "No metrics. They appear at the level 'metrics' and above, some seconds after the start.",
            );
        }
        for metric in &list {
            screen::line(&format!("{:<44} {}", metric.name, metric.unit));
        }
        return Ok(());
    };
    let answer =
        asker.ask("/evidence/metrics/query", &[("name", Some(name)), ("function", Some("range"))]).await?;
    if options.format == Format::Json {
        screen::line(&answer.to_string());
        return Ok(());
    }
    let answer: MetricAnswer = serde_json::from_value(answer)?;
    for line in &answer.lines {
        let newest = line.points.last().map_or("-".to_owned(), |point| format!("{:.3}", point.1));
        let labels = line.labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        screen::line(&format!("{newest:>12} {}  {}", answer.unit, labels.join(" ")));
    }
    Ok(())
}

async fn traces(asker: &Asker, options: &EvidenceOptions) -> anyhow::Result<()> {
    let is_id = |text: &&str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(id) = options.query.as_deref().filter(is_id) {
        let answer = asker.ask(&format!("/evidence/traces/{id}"), &[]).await?;
        if options.format == Format::Json {
            screen::line(&answer.to_string());
        } else {
            let trace: TraceView = serde_json::from_value(answer)?;
            screen::line(waterfall::draw(&trace).trim_end());
        }
        return Ok(());
    }
    let (order, name) = match options.query.as_deref() {
        None => ("slowest", None),
        Some("failed") => ("failed", None),
        Some(name) => ("slowest", Some(name)),
    };
    let answer = asker.ask("/evidence/traces", &[(order, Some("true")), ("name", name)]).await?;
    if options.format == Format::Json {
        screen::line(&answer.to_string());
        return Ok(());
    }
    let list: TraceList = serde_json::from_value(answer)?;
    if list.traces.is_empty() {
        screen::line("No traces. They appear at the level 'traces' and above, when their spans have ended.");
    }
    for trace in &list.traces {
        let failure =
            trace.failure.as_deref().map_or(String::new(), |failure| format!("  failed: {failure}"));
        let name = format!("{} {}", trace.service, trace.name);
        screen::line(&format!("{}  {:>8.3} s  {name}{failure}", trace.trace_id, trace.duration_s));
    }
    Ok(())
}

fn log_line(entry: &LogEntry) -> String {
    let trace = entry.trace_id.as_ref().map_or(String::new(), |id| format!(" trace={id}"));
    let LogEntry { time, severity, service, body, .. } = entry;
    format!("{time} {severity:>5} {service}: {body} {}{trace}", attributes(&entry.attributes))
        .trim_end()
        .to_owned()
}

fn change_line(change: &Change) -> String {
    let version = change.version.as_ref().map_or(String::new(), |version| format!(" version {version}"));
    format!("{} {} {}{version}", change.time, change.what, change.which)
}

fn attributes(attributes: &Map<String, Value>) -> String {
    let pairs = attributes.iter().map(|(name, value)| match value {
        Value::String(text) if !text.contains(char::is_whitespace) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    pairs.collect::<Vec<_>>().join(" ")
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("evidence holds nothing that JSON cannot")
}

/// Asks one evidence store.
struct Asker {
    room: Peer,
    service: Option<String>,
    from: Option<String>,
    token: Option<HeaderValue>,
}

impl Asker {
    fn new(options: &EvidenceOptions) -> anyhow::Result<Self> {
        let port = moved(options.room_port, options.port_offset)?;
        let address = at_port(&options.target, port).map_err(anyhow::Error::msg)?;
        let caller = Chassis::of_caller("glyphfall", Network::Tcp, Clock::real(), 0);
        let token = options.token.as_deref();
        let token = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}")));
        Ok(Self {
            room: Peer::new(&caller, address),
            service: options.service.clone(),
            from: options.from.clone(),
            token: token.transpose().context("the token holds characters that cannot be sent")?,
        })
    }

    async fn ask(&self, path: &str, parameters: &[(&str, Option<&str>)]) -> anyhow::Result<Value> {
        let common = [("service", self.service.as_deref()), ("from", self.from.as_deref())];
        // A trace by its id, and the list of metrics, take no further parameters.
        let common = if parameters.is_empty() && !path.ends_with("changes") { &[][..] } else { &common[..] };
        let common = if path.ends_with("changes") { &common[1..] } else { common };
        let given = parameters.iter().chain(common).filter_map(|(name, value)| Some((*name, (*value)?)));
        let query =
            given.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
        let uri: Uri =
            format!("{path}?{query}").parse().context("the question cannot be asked in an address")?;
        let path = uri.path_and_query().map_or(path, http::uri::PathAndQuery::as_str);
        let mut request = Request::get(path).body(Bytes::new())?;
        request.headers_mut().extend(self.token.clone().map(|token| (header::AUTHORIZATION, token)));
        let answer = self.room.send(request, Wait::AtMost(ANSWER_TIMEOUT)).await.with_context(|| {
            format!("no evidence store answers at {}; 'glyphfall up' runs one", self.room.authority())
        })?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status != StatusCode::OK {
            let detail = body["detail"].as_str().unwrap_or("the evidence store refused the question");
            match body["parameter"].as_str() {
                Some(parameter) => bail!("{parameter}: {detail}"),
                None => bail!("{detail}"),
            }
        }
        Ok(body)
    }
}

/// Percent-encoding of a query's value (RFC 3986): everything but the unreserved characters.
fn encoded(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    value.bytes().map(byte).collect()
}
