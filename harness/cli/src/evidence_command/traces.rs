//! `glyphfall evidence traces`: the slowest, the failed, those of a name, or one drawn. Teaches to say why there is nothing: no trace
//! failed, or no trace ever came.

use std::collections::BTreeSet;

use evidence::{TraceList, TraceView, waterfall};
use http::StatusCode;

use super::{EvidenceArgs, client::Client, json, names, words::trace_line};
use crate::{args::Format, output::record, screen};

/// The digits of a trace's id.
const ID_DIGITS: usize = 32;

/// A word of hexadecimal digits alone that is longer than this is meant as an id.
const WORD_DIGITS_MAX: usize = 15;

/// The word that asks for failed traces.
const FAILED: &str = "failed";

pub(super) async fn run(client: &Client, options: &EvidenceArgs) -> anyhow::Result<()> {
    anyhow::ensure!(
        !options.follow,
        "--follow is for logs, metrics, changes and alerts: a trace arrives complete"
    );
    let is_id =
        |text: &&str| text.len() > WORD_DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(id) = options.query.as_deref().filter(is_id) {
        return draw(client, options, id).await;
    }
    let (name, failed) = match options.query.as_deref() {
        Some(FAILED) => (None, Some("true")),
        name => (name, None),
    };
    let slowest = ("slowest", failed.is_none().then_some("true"));
    let which = [("name", name), ("service", options.service.as_deref())];
    let asked = [slowest, ("failed", failed), ("from", options.from.as_deref()), which[0], which[1]];
    let list: TraceList = client.ask("/evidence/traces", &asked).await?;
    if options.format == Format::Json && !list.traces.is_empty() {
        screen::line(&json(&list));
        return Ok(());
    }
    if list.traces.is_empty() {
        let reason = why_nothing(client, options, name).await?;
        match options.format {
            Format::Json => screen::line(&json(&list)),
            Format::Text => screen::paragraph(&reason),
        }
    }
    list.traces.iter().for_each(|trace| record(&trace_line(trace)));
    Ok(())
}

async fn draw(client: &Client, options: &EvidenceArgs, id: &str) -> anyhow::Result<()> {
    let digits = id.len();
    anyhow::ensure!(
        digits == ID_DIGITS,
        "a trace's id has {ID_DIGITS} hexadecimal digits, and this has {digits}"
    );
    match client.try_to_ask::<TraceView>(&format!("/evidence/traces/{id}"), &[]).await? {
        Ok(trace) if options.format == Format::Json => screen::line(&json(&trace)),
        Ok(trace) => screen::line(waterfall::draw(&trace).trim_end()),
        Err(refused) if refused.status == StatusCode::NOT_FOUND => {
            // In an incident room this is also said of what a team may not ask for.
            let list: TraceList = client.ask("/evidence/traces", &[]).await?;
            let ids: BTreeSet<String> = list.traces.iter().map(|trace| trace.trace_id.to_string()).collect();
            return Err(names::unknown_of("trace", id, &ids, false));
        }
        Err(refused) => anyhow::bail!("{}", refused.words),
    }
    Ok(())
}

/// Why no trace was found; a name or a service that is not there is an error that says which are.
async fn why_nothing(client: &Client, options: &EvidenceArgs, name: Option<&str>) -> anyhow::Result<String> {
    let all: TraceList = client.ask("/evidence/traces", &[]).await?;
    if all.traces.is_empty() {
        names::check_service(client, options.service.as_deref()).await?;
        return Ok(
            "No traces. Services send them at the level 'traces' and above, when their spans have ended."
                .to_owned(),
        );
    }
    if let Some(name) = name {
        let named: TraceList = client.ask("/evidence/traces", &[("name", Some(name))]).await?;
        if named.traces.is_empty() {
            let mut known = names::traces(client).await?;
            known.insert(FAILED.to_owned());
            return Err(names::unknown("trace with a span", name, &known));
        }
    }
    names::check_service(client, options.service.as_deref()).await?;
    let failed = if name.is_none() && options.query.is_some() { " that failed" } else { "" };
    let of = options.service.as_deref().map_or(String::new(), |service| format!(" of {service}"));
    let since = options.from.as_deref().map_or(String::new(), |from| format!(" from {from} on"));
    let said = chassis::plain(&format!("{of}{since}"));
    Ok(format!("No trace{failed}{said}. There are others: 'glyphfall evidence traces' lists the slowest."))
}
