//! `glyphfall evidence metrics`: lists metrics, or shows the newest values of one. Teaches that a histogram is three things: a count, which
//! has no unit, and a sum and quantiles, which have the unit of the measured quantity.

use std::collections::BTreeMap;

use evidence::{MetricAnswer, MetricInfo, MetricKind};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{EvidenceArgs, client::Client, follow, json, names};
use crate::{args::Format, output::record, screen};

/// Time window of quantiles.
const QUANTILES_OVER: &str = "5m";

const QUANTILES: [(&str, &str); 3] = [("p50", "0.5"), ("p90", "0.9"), ("p99", "0.99")];

#[derive(Serialize, Deserialize)]
pub(super) struct MetricList {
    pub(super) metrics: Vec<MetricInfo>,
}

type Newest = BTreeMap<BTreeMap<String, String>, f64>;

pub(super) fn services(metric: &MetricInfo) -> impl Iterator<Item = &String> {
    metric.labels.iter().filter_map(|labels| labels.get("service.name"))
}

pub(super) async fn run(client: &Client, options: &EvidenceArgs) -> anyhow::Result<()> {
    let Some(name) = options.query.as_deref() else {
        anyhow::ensure!(
            !options.follow,
            "--follow needs a metric's name; without --follow the names are listed"
        );
        return list(client, options).await;
    };
    let mut told: BTreeMap<BTreeMap<String, String>, String> = BTreeMap::new();
    follow(options, async |_| {
        let answer = range(client, options, name).await?;
        if options.format == Format::Json {
            screen::line(&json(&answer));
        } else {
            let is_first = told.is_empty();
            if is_first && answer.kind == MetricKind::Histogram {
                screen::line(&format!("Quantiles are of the last {QUANTILES_OVER}."));
            }
            for (labels, value) in values(client, options, &answer).await? {
                if told.get(&labels) != Some(&value) {
                    let named: Vec<String> =
                        labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                    record(&format!("{value}  {}", named.join(" ")));
                    told.insert(labels, value);
                }
            }
            if is_first && told.is_empty() {
                screen::line("No value of this metric. Look further back with --from -1h.");
            }
        }
        Ok(())
    })
    .await
}

async fn list(client: &Client, options: &EvidenceArgs) -> anyhow::Result<()> {
    let mut list: MetricList = client.ask("/evidence/metrics", &[]).await?;
    if let Some(service) = &options.service {
        list.metrics.retain(|metric| services(metric).any(|other| other == service));
        if list.metrics.is_empty() {
            names::check_service(client, Some(service)).await?;
        }
    }
    if options.format == Format::Json {
        screen::line(&json(&list));
        return Ok(());
    }
    if list.metrics.is_empty() {
        screen::line("No metrics. They come at the level 'metrics' and above, some seconds after the start.");
    }
    for metric in &list.metrics {
        record(&format!("{:<44} {}", metric.name, metric.unit));
    }
    Ok(())
}

/// The metric's values by time. For an unknown name or service, the error lists the known ones.
async fn range(client: &Client, options: &EvidenceArgs, name: &str) -> anyhow::Result<MetricAnswer> {
    let answer = ask(client, options, name, &[("function", Some("range"))]).await?;
    let Some(answer) = answer else {
        return Err(names::unknown("metric", name, &names::metrics(client).await?));
    };
    if answer.lines.is_empty() {
        names::check_service(client, options.service.as_deref()).await?;
    }
    Ok(answer)
}

/// Queries a function of the metric over time; `None` if no metric has this name.
async fn ask(
    client: &Client,
    options: &EvidenceArgs,
    name: &str,
    function: &[(&str, Option<&str>)],
) -> anyhow::Result<Option<MetricAnswer>> {
    let which = [("name", Some(name)), ("service", options.service.as_deref())];
    let when = [("from", options.from.as_deref().filter(|_| function.len() == 1))];
    let parameters: Vec<_> = which.iter().chain(&when).chain(function).copied().collect();
    match client.try_to_ask("/evidence/metrics/query", &parameters).await? {
        Ok(answer) => Ok(Some(answer)),
        Err(refused) if refused.status == StatusCode::NOT_FOUND => {
            // An incident room also answers 404 for queries that the team may not make. Listing the metrics tells the two cases apart.
            let _: MetricList = client.ask("/evidence/metrics", &[]).await?;
            Ok(None)
        }
        Err(refused) => anyhow::bail!("{}", refused.words),
    }
}

async fn values(
    client: &Client,
    options: &EvidenceArgs,
    answer: &MetricAnswer,
) -> anyhow::Result<Vec<(BTreeMap<String, String>, String)>> {
    let unit = &answer.unit;
    let counts = newest(answer);
    if answer.kind != MetricKind::Histogram {
        let value = |value: Option<&f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
        let shown = answer
            .lines
            .iter()
            .map(|line| (line.labels.clone(), format!("{:>12} {unit}", value(counts.get(&line.labels)))));
        return Ok(shown.collect());
    }
    let newest_of = async |function: &[(&str, Option<&str>)]| -> anyhow::Result<Newest> {
        Ok(ask(client, options, &answer.name, function).await?.as_ref().map(newest).unwrap_or_default())
    };
    let sums = newest_of(&[("function", Some("sum"))]).await?;
    let mut quantiles = Vec::new();
    for (short, q) in QUANTILES {
        let [over, step] = ["window", "step"].map(|name| (name, Some(QUANTILES_OVER)));
        quantiles
            .push((short, newest_of(&[("function", Some("quantile")), ("q", Some(q)), over, step]).await?));
    }
    let measured = |value: Option<&f64>| value.map_or("-".to_owned(), |value| format!("{value:.3} {unit}"));
    let shown = answer.lines.iter().map(|line| {
        let labels = &line.labels;
        let count = counts.get(labels).map_or("-".to_owned(), |count| format!("{count:.0}"));
        let quantiles: Vec<String> =
            quantiles.iter().map(|(short, of)| format!("{short} {}", measured(of.get(labels)))).collect();
        let sum = measured(sums.get(labels));
        (labels.clone(), format!("count {count}  sum {sum}  {}", quantiles.join("  ")))
    });
    Ok(shown.collect())
}

fn newest(answer: &MetricAnswer) -> Newest {
    let lines = answer.lines.iter();
    lines.filter_map(|line| Some((line.labels.clone(), line.points.last()?.1))).collect()
}
