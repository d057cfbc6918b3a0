//! Errors for unknown names, which list the known ones. Teaches that an empty result may answer a question, but never a typing mistake.

use std::collections::BTreeSet;

use anyhow::anyhow;
use chassis::plain;
use evidence::{LogPage, TraceList};
use incident::nearest;

use super::{
    client::Client,
    metrics::{self, MetricList},
};

/// Most names to list: more would not help.
const LISTED_MAX: usize = 12;

/// How many rows to search for names.
const LOOKED_THROUGH: &str = "500";

/// Names of the existing metrics; empty where the caller may not query them.
pub(super) async fn metrics(client: &Client) -> anyhow::Result<BTreeSet<String>> {
    let list = client.try_to_ask::<MetricList>("/evidence/metrics", &[]).await?;
    Ok(list.into_iter().flat_map(|list| list.metrics).map(|metric| metric.name).collect())
}

/// Services that have sent telemetry which the caller may query.
pub(super) async fn services(client: &Client) -> anyhow::Result<BTreeSet<String>> {
    let looked_through = [("limit", Some(LOOKED_THROUGH))];
    let logs = client.try_to_ask::<LogPage>("/evidence/logs", &looked_through).await?;
    let metrics = client.try_to_ask::<MetricList>("/evidence/metrics", &[]).await?;
    let traces = client.try_to_ask::<TraceList>("/evidence/traces", &looked_through).await?;
    let metrics = metrics.into_iter().flat_map(|list| list.metrics);
    let of_metrics = metrics.flat_map(|metric| metrics::services(&metric).cloned().collect::<Vec<_>>());
    let of_logs = logs.into_iter().flat_map(|page| page.logs).map(|entry| entry.service);
    let of_traces = traces.into_iter().flat_map(|list| list.traces).flat_map(|trace| trace.services);
    Ok(of_logs.chain(of_metrics).chain(of_traces).collect())
}

pub(super) async fn traces(client: &Client) -> anyhow::Result<BTreeSet<String>> {
    let list: TraceList = client.ask("/evidence/traces", &[("limit", Some(LOOKED_THROUGH))]).await?;
    Ok(list.traces.into_iter().map(|trace| trace.name).collect())
}

pub(super) async fn check_service(client: &Client, service: Option<&str>) -> anyhow::Result<()> {
    let Some(service) = service else { return Ok(()) };
    let known = services(client).await?;
    if known.contains(service) { Ok(()) } else { Err(unknown("service", service, &known)) }
}

/// An error that says that this name is unknown, and which names exist.
pub(super) fn unknown(what: &str, name: &str, known: &BTreeSet<String>) -> anyhow::Error {
    let nearest = nearest(name, known.iter().map(String::as_str));
    let listed: Vec<&str> = known.iter().take(LISTED_MAX).map(String::as_str).collect();
    let more = if known.len() > listed.len() { ", ..." } else { "" };
    let advice = match (nearest, listed.as_slice()) {
        (Some(nearest), _) => format!("did you mean '{nearest}'?"),
        (None, []) => format!("no {what} is known yet"),
        (None, listed) => format!("there are: {}{more}", listed.join(", ")),
    };
    anyhow!("there is no {what} '{}'; {}", plain(name), plain(&advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest_or_with_all() {
        let known = ["cache", "content-store", "web-front"].map(str::to_owned).into();
        let check = |name: &str, expected: &str| {
            assert_eq!(unknown("service", name, &known).to_string(), expected);
        };
        check("cachee", "there is no service 'cachee'; did you mean 'cache'?");
        check("Web-Front", "there is no service 'Web-Front'; did you mean 'web-front'?");
        check("q\u{1b}", "there is no service 'q\\u001b'; there are: cache, content-store, web-front");
        let nothing = unknown("metric", "shop", &BTreeSet::new()).to_string();
        assert_eq!(nothing, "there is no metric 'shop'; no metric is known yet");
    }
}
