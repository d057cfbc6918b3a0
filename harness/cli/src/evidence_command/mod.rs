//! `glyphfall evidence`: what telemetry holds in a running shop, for people and for pipes.
//!
//! - [`asker`]: whoever asks. [`words`]: a line for each thing. [`names`]: what is answered to a name that does not exist.
//! - [`metrics`], [`traces`]: the questions that have several answers.

mod asker;
mod words;
mod names;
mod metrics;
mod traces;

use std::time::Duration;

use chassis::token::usable;
use clap::{Args, ValueEnum};
use evidence::{Alerts, ChangeList, LogPage};
use tokio::time::sleep;

use crate::{Done, options::Format, output::record, screen, stop};
use asker::Asker;
use words::{alert_line, change_line, event_line, log_line};

/// How often `--follow` asks for more.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// A kind of evidence.
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
pub(crate) struct EvidenceOptions {
    /// What to ask for
    #[arg(value_enum)]
    pub(crate) kind: EvidenceKind,
    /// What to look for
    pub(crate) query: Option<String>,
    /// Only of this service
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// From when on, such as -5m
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<String>,
    /// Goes on as more arrives, until Ctrl-C (not for traces)
    #[arg(long)]
    pub(crate) follow: bool,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Host on which the shop runs
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(crate) target: String,
    /// Port of the incident room
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    pub(crate) room_port: u16,
    /// Moves the port up, as for the shop
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) port_offset: u16,
    /// A team's token, where the evidence is that of a team in an incident room
    #[arg(long, env = "GLYPHFALL_TEAM_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = usable)]
    pub(crate) token: Option<String>,
}

/// Asks, and goes on asking if told to.
pub(crate) async fn run(options: EvidenceOptions) -> anyhow::Result<Done> {
    let asker = Asker::new(&options)?;
    let asked = async {
        match options.kind {
            EvidenceKind::Logs => logs(&asker, &options).await,
            EvidenceKind::Changes => changes(&asker, &options).await,
            EvidenceKind::Metrics => metrics::run(&asker, &options).await,
            EvidenceKind::Traces => traces::run(&asker, &options).await,
            EvidenceKind::Alerts => alerts(&asker, &options).await,
        }
    };
    tokio::select! {
        biased;
        asked = asked => asked.map(Done::from),
        () = stop::told() => Ok(if options.follow { Done::Well } else { Done::BrokenOff }),
    }
}

async fn logs(asker: &Asker, options: &EvidenceOptions) -> anyhow::Result<()> {
    let (service, from) = (options.service.as_deref(), options.from.as_deref());
    let mut after = None;
    loop {
        let after_text = after.map(|after: u64| after.to_string());
        let text = options.query.as_deref();
        let asked = [("text", text), ("after", after_text.as_deref()), ("service", service), ("from", from)];
        let page: LogPage = asker.ask("/evidence/logs", &asked).await?;
        for entry in &page.logs {
            if options.format == Format::Json {
                screen::line(&json(entry));
            } else {
                record(&log_line(entry));
            }
        }
        if page.logs.is_empty() && after.is_none() {
            names::check_service(asker, service).await?;
            let all: LogPage = asker.ask("/evidence/logs", &[("limit", Some("1"))]).await?;
            if options.format == Format::Text {
                screen::line(if all.logs.is_empty() {
                    "No log lines. They appear as services write them."
                } else {
                    "No log line like this. There are others; --from -1h looks further back."
                });
            }
        }
        if !options.follow || stop::is_told() {
            return Ok(());
        }
        after = Some(page.next);
        sleep(FOLLOW_EVERY).await;
    }
}

async fn changes(asker: &Asker, options: &EvidenceOptions) -> anyhow::Result<()> {
    let mut told = None;
    loop {
        let from = options.from.as_deref();
        let list: ChangeList = asker.ask("/evidence/changes", &[("from", from)]).await?;
        let is_asked_for = |service: &str| options.service.as_deref().is_none_or(|wanted| wanted == service);
        let asked = list.changes.iter().filter(|change| is_asked_for(&change.service));
        let mut is_empty = true;
        for change in asked.filter(|change| told.is_none_or(|told| change.sequence > told)) {
            is_empty = false;
            if options.format == Format::Json {
                screen::line(&json(change));
            } else {
                record(&change_line(change));
            }
        }
        if is_empty && told.is_none() {
            names::check_service(asker, options.service.as_deref()).await?;
            if options.format == Format::Text {
                screen::line("No changes. Publishes and restarts appear here at the level 'changes'.");
            }
        }
        if !options.follow || stop::is_told() {
            return Ok(());
        }
        told = list.changes.iter().map(|change| change.sequence).max().or(told).or(Some(0));
        sleep(FOLLOW_EVERY).await;
    }
}

async fn alerts(asker: &Asker, options: &EvidenceOptions) -> anyhow::Result<()> {
    let mut told = None;
    loop {
        let alerts: Alerts = asker.ask("/evidence/alerts", &[]).await?;
        let newest = alerts.history.last().map(|event| event.time);
        if let Some(told) = told {
            for event in alerts.history.iter().filter(|event| Some(event.time) > told) {
                if options.format == Format::Json {
                    screen::line(&json(event));
                } else {
                    record(&event_line(event));
                }
            }
        } else if options.format == Format::Json {
            screen::line(&json(&alerts));
        } else {
            alerts.history.iter().for_each(|event| record(&event_line(event)));
            alerts.rules.iter().for_each(|alert| record(&alert_line(alert)));
        }
        if !options.follow || stop::is_told() {
            return Ok(());
        }
        told = Some(newest);
        sleep(FOLLOW_EVERY).await;
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("evidence holds nothing that JSON cannot")
}
