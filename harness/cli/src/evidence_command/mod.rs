//! `glyphfall evidence`: queries the telemetry of a running shop, for people and for pipes.
//!
//! - [`client`]: the HTTP client. [`names`]: errors for names that do not exist.
//! - [`metrics`], [`traces`]: queries with several forms of answer.

mod client;
mod names;
mod metrics;
mod traces;

use std::time::Duration;

use chassis::token::usable;
use clap::{Args, ValueEnum};
use evidence::{
    Alert, AlertEvent, Alerts, Change, ChangeList, LogEntry, LogPage, TraceSummary, alerts::Urgency,
};
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::{
    args::Format,
    output::record,
    screen,
    stop::{self, Done},
};
use client::Client;

const FOLLOW_EVERY: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EvidenceKind {
    /// Log lines; QUERY is a text to look for
    Logs,
    /// Without QUERY the metrics there are; with a metric's name, its newest values
    Metrics,
    /// Without QUERY the slowest traces; with a trace id, the trace as a waterfall; `failed` for failed ones; else those with a span of this name
    Traces,
    /// What somebody changed
    Changes,
    /// Which alerts fire, and when they fired
    Alerts,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct EvidenceArgs {
    /// What to ask for
    #[arg(value_enum)]
    kind: EvidenceKind,
    /// What to look for
    query: Option<String>,
    /// Only of this service
    #[arg(long)]
    service: Option<String>,
    /// Start of the time span, such as -5m
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// Prints more as it arrives, until Ctrl-C (not for traces)
    #[arg(long)]
    follow: bool,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Host on which the shop runs
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    target: String,
    /// Port of the incident room
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    room_port: u16,
    /// Added to the port, as for the shop
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    port_offset: u16,
    /// A team's token, where the evidence is that of a team in an incident room
    #[arg(long, env = "GLYPHFALL_TEAM_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    token: Option<String>,
}

pub(crate) async fn run(options: EvidenceArgs) -> anyhow::Result<Done> {
    let client = Client::new(&options)?;
    let asked = async {
        match options.kind {
            EvidenceKind::Logs => logs(&client, &options).await,
            EvidenceKind::Changes => changes(&client, &options).await,
            EvidenceKind::Metrics => metrics::run(&client, &options).await,
            EvidenceKind::Traces => traces::run(&client, &options).await,
            EvidenceKind::Alerts => alerts(&client, &options).await,
        }
    };
    tokio::select! {
        biased;
        asked = asked => asked.map(Done::from),
        () = stop::told() => Ok(if options.follow { Done::Well } else { Done::BrokenOff }),
    }
}

async fn logs(client: &Client, options: &EvidenceArgs) -> anyhow::Result<()> {
    let (service, from) = (options.service.as_deref(), options.from.as_deref());
    let mut after = None;
    follow(options, async |is_first| {
        let after_text = after.map(|after: u64| after.to_string());
        let text = options.query.as_deref();
        let asked = [("text", text), ("after", after_text.as_deref()), ("service", service), ("from", from)];
        let page: LogPage = client.ask("/evidence/logs", &asked).await?;
        for entry in &page.logs {
            show(options, entry, log_line);
        }
        if page.logs.is_empty() && is_first {
            names::check_service(client, service).await?;
            let all: LogPage = client.ask("/evidence/logs", &[("limit", Some("1"))]).await?;
            if options.format == Format::Text {
                screen::line(if all.logs.is_empty() {
                    "No log lines. They appear as services write them."
                } else {
                    "No log line like this. There are others; --from -1h looks further back."
                });
            }
        }
        after = Some(page.next);
        Ok(())
    })
    .await
}

async fn changes(client: &Client, options: &EvidenceArgs) -> anyhow::Result<()> {
    let (service, from) = (options.service.as_deref(), options.from.as_deref());
    let mut told = None;
    follow(options, async |is_first| {
        let list: ChangeList = client.ask("/evidence/changes", &[("from", from)]).await?;
        let is_wanted = |change: &&Change| service.is_none_or(|wanted| wanted == change.service);
        let is_new = |change: &&Change| told.is_none_or(|told| change.sequence > told);
        let new: Vec<&Change> = list.changes.iter().filter(is_wanted).filter(is_new).collect();
        for change in &new {
            show(options, *change, change_line);
        }
        if new.is_empty() && is_first {
            names::check_service(client, service).await?;
            if options.format == Format::Text {
                screen::line("No changes. Publishes and restarts appear here at the level 'changes'.");
            }
        }
        told = list.changes.iter().map(|change| change.sequence).max().or(told).or(Some(0));
        Ok(())
    })
    .await
}

async fn alerts(client: &Client, options: &EvidenceArgs) -> anyhow::Result<()> {
    let mut told = None;
    follow(options, async |is_first| {
        let alerts: Alerts = client.ask("/evidence/alerts", &[]).await?;
        if is_first && options.format == Format::Json {
            screen::line(&json(&alerts));
        } else {
            let new = alerts.history.iter().filter(|event| is_first || Some(event.time) > told);
            new.for_each(|event| show(options, event, event_line));
        }
        if is_first && options.format == Format::Text {
            for alert in &alerts.rules {
                record(&alert_line(alert));
            }
        }
        told = alerts.history.last().map(|event| event.time);
        Ok(())
    })
    .await
}

/// Queries once or, with `--follow`, repeatedly until stopped. `ask` receives whether this is the first query.
async fn follow(
    options: &EvidenceArgs,
    mut ask: impl AsyncFnMut(bool) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    ask(true).await?;
    while options.follow && !stop::is_told() {
        sleep(FOLLOW_EVERY).await;
        ask(false).await?;
    }
    Ok(())
}

/// Prints one item, as JSON or as a line for people.
fn show<T: serde::Serialize>(options: &EvidenceArgs, thing: &T, line: fn(&T) -> String) {
    match options.format {
        Format::Json => screen::line(&json(thing)),
        Format::Text => record(&line(thing)),
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("evidence holds nothing that JSON cannot")
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
    let who = change.attributes.get("shop.actor").and_then(|who| who.as_str());
    let who = who.map_or(String::new(), |who| format!(" by {who}"));
    format!("{} {} {}{version}{who}", change.time, change.what, change.which)
}

fn trace_line(trace: &TraceSummary) -> String {
    let failure = trace.failure.as_deref().map_or(String::new(), |failure| format!("  failed: {failure}"));
    let name = format!("{} {}", trace.service, trace.name);
    let timed_out = if trace.timed_out { "  timed out" } else { "" };
    format!("{}  {:>8.3} s  {name}{timed_out}{failure}", trace.trace_id, trace.duration_s)
}

fn alert_line(alert: &Alert) -> String {
    let Alert { rule, firing, since, threshold, long_s, short_s, .. } = alert;
    let urgency = match alert.urgency {
        Urgency::Page => "page",
        Urgency::Ticket => "ticket",
    };
    let state = match (firing, since) {
        (true, Some(since)) => format!("FIRING since {since}"),
        (true, None) => "FIRING".to_owned(),
        (false, Some(since)) => format!("resolved at {since}"),
        (false, None) => "never fired".to_owned(),
    };
    let rate = |rate: Option<f64>| rate.map_or("nobody came".to_owned(), |rate| format!("{rate:.1}"));
    let (long, short) = (rate(alert.burn_rate_long), rate(alert.burn_rate_short));
    format!(
        "{rule:<10} {urgency:<6} {state}; burn rate {long} in {long_s} s, {short} in {short_s} s; fires at {threshold}"
    )
}

fn event_line(event: &AlertEvent) -> String {
    format!("{} {} {}", event.time, event.rule, if event.firing { "fires" } else { "is resolved" })
}

fn attributes(attributes: &Map<String, Value>) -> String {
    let pairs = attributes.iter().map(|(name, value)| match value {
        Value::String(text) if !text.contains(char::is_whitespace) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    pairs.collect::<Vec<_>>().join(" ")
}
