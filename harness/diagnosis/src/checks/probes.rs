//! Looks at the shop itself. Teaches how much can be learned without any telemetry, by asking each service what it is for.

use std::time::Duration;

use incident::{Route, Service};
use serde_json::Value;

use crate::{Caller, Finding, NoReply, Probes, Reply, finding::share_word};

/// What an opened page can be.
pub const PAGE: &[&str] = &["whole", "parts-missing", "error", "hangs", "broken"];
/// How large a share can be.
pub const SHARE: &[&str] = &["none", "some", "most", "all", "unknown"];
/// What a port can say.
pub const PORT: &[&str] = &["open", "closed"];
/// What a health check can say.
pub const HEALTH: &[&str] = &["well", "unwell", "no-answer"];
/// What a service can answer.
pub const ANSWER: &[&str] = &["quick", "slow", "unreadable", "refused", "no-answer"];
/// Whether texts can be read.
pub const READABLE: &[&str] = &["all", "one-unreadable", "several-unreadable", "no-answer"];

/// A text that is on every page.
const ON_EVERY_PAGE: &str = "site-footer";

/// Longer than this is slow: a hit takes a millisecond, and an ordinary disk four.
const SLOW_FROM: Duration = Duration::from_millis(500);

/// Pages opened to learn a share.
const PAGES: usize = 12;

/// One probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// One page, as a customer.
    Page(Route),
    /// Twelve pages, one after the other.
    Pages(Caller),
    /// A port.
    Port(Service),
    /// A health check.
    Health(Service),
    /// A fragment that is on every page, from the cache.
    Fragment,
    /// The same text, from the content store.
    Asset,
    /// Every current text, from the content store.
    EveryAsset,
}

impl Probe {
    /// Runs it.
    pub async fn run(self, probes: &impl Probes) -> Finding {
        match self {
            Self::Page(route) => {
                let page = probes.page(Caller::Outside, route, 0).await;
                let outcome = match page {
                    Ok(page) if page.status != 200 => "error",
                    Ok(page) if page.missing_parts > 0 => "parts-missing",
                    Ok(_) => "whole",
                    Err(NoReply::Broken) => "broken",
                    Err(NoReply::TimedOut) => "hangs",
                };
                let text = match page {
                    Ok(page) => format!("status {}, {} parts missing", page.status, page.missing_parts),
                    Err(_) => "nothing came".to_owned(),
                };
                Finding::new(outcome, text)
            }
            Self::Pages(caller) => {
                let mut failed = 0;
                for number in 0..PAGES {
                    let route = Route::ALL[number % Route::ALL.len()];
                    let page = probes.page(caller, route, number).await;
                    failed +=
                        usize::from(!page.is_ok_and(|page| page.status == 200 && page.missing_parts == 0));
                }
                let text = format!("{failed} of {PAGES} pages failed");
                Finding::new(share_word(failed as f64 / PAGES as f64), text)
            }
            Self::Port(service) => {
                if probes.is_port_open(service).await {
                    Finding::new("open", "the port takes connections")
                } else {
                    Finding::new("closed", "nothing listens")
                }
            }
            Self::Health(service) => match probes.get(service, "/healthz").await {
                Ok(Reply { status: 200, .. }) => Finding::new("well", "200"),
                Ok(Reply { status, .. }) => Finding::new("unwell", status.to_string()),
                Err(_) => Finding::new("no-answer", "no answer"),
            },
            Self::Fragment => {
                answer(&probes.get(Service::Cache, &format!("/fragments/{ON_EVERY_PAGE}")).await)
            }
            Self::Asset => {
                answer(&probes.get(Service::ContentStore, &format!("/assets/{ON_EVERY_PAGE}")).await)
            }
            Self::EveryAsset => every_asset(probes).await,
        }
    }
}

fn answer(reply: &Result<Reply, NoReply>) -> Finding {
    match reply {
        Err(NoReply::Broken) => Finding::new("no-answer", "the connection broke"),
        Err(NoReply::TimedOut) => Finding::new("no-answer", "no answer in time"),
        Ok(reply) if reply.status != 200 => Finding::new("refused", format!("status {}", reply.status)),
        Ok(reply) if !is_json(&reply.body) => Finding::new("unreadable", "200, but no JSON"),
        Ok(reply) if reply.elapsed > SLOW_FROM => {
            Finding::new("slow", format!("after {:.1?}", reply.elapsed))
        }
        Ok(reply) => Finding::new("quick", format!("after {:.0?}", reply.elapsed)),
    }
}

async fn every_asset(probes: &impl Probes) -> Finding {
    let listed = probes.get(Service::ContentStore, "/assets").await.ok();
    let Some(Value::Array(listed)) = listed.and_then(|reply| serde_json::from_slice(&reply.body).ok()) else {
        return Finding::new("no-answer", "the store does not list its assets");
    };
    let mut unreadable = Vec::new();
    for id in listed.iter().filter_map(|asset| asset["id"].as_str()) {
        match probes.get(Service::ContentStore, &format!("/assets/{id}")).await {
            Ok(reply) if reply.status == 200 && is_json(&reply.body) => {}
            Ok(Reply { status: 200, .. }) => unreadable.push(id.to_owned()),
            Ok(_) | Err(_) => return Finding::new("no-answer", format!("the store does not give {id}")),
        }
    }
    match unreadable.as_slice() {
        [] => Finding::new("all", "every text can be read"),
        [one] => Finding::new("one-unreadable", format!("{one} cannot be read")).naming(Some(one.clone())),
        several => Finding::new("several-unreadable", several.join(", ")),
    }
}

/// The cache answers with a fragment's text as JSON too: whatever begins like it and does not parse is broken.
fn is_json(body: &[u8]) -> bool {
    body.first() != Some(&b'{') || serde_json::from_slice::<Value>(body).is_ok()
}
