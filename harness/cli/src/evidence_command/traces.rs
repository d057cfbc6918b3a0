//! `glyphfall evidence traces`: the slowest traces, failed ones, those with a span of a given name, or one as a waterfall. Teaches to
//! explain an empty result: no trace failed, or no trace ever came.

use std::collections::BTreeSet;

use evidence::{TraceList, TraceView, waterfall};
use http::StatusCode;

use super::{EvidenceArgs, client::Client, json, names, trace_line};
use crate::{args::Format, output::record, screen};

const ID_DIGITS: usize = 32;

/// A word of only hexadecimal digits that is longer than this is taken for a trace id.
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
    let nothing = if list.traces.is_empty() { Some(why_nothing(client, options, name).await?) } else { None };
    match (options.format, nothing) {
        (Format::Json, _) => screen::line(&json(&list)),
        (Format::Text, Some(reason)) => screen::paragraph(&reason),
        (Format::Text, None) => list.traces.iter().for_each(|trace| record(&trace_line(trace))),
    }
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
            // An incident room also answers 404 for queries that the team may not make. Listing the traces tells the two cases apart.
            let list: TraceList = client.ask("/evidence/traces", &[]).await?;
            let ids: BTreeSet<String> = list.traces.iter().map(|trace| trace.trace_id.to_string()).collect();
            return Err(names::unknown("trace", id, &ids));
        }
        Err(refused) => anyhow::bail!("{}", refused.words),
    }
    Ok(())
}

/// Why no trace was found. For an unknown name or service, the error lists the known ones.
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
