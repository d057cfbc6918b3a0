//! Looks at the shop itself. Teaches how much can be learned without any telemetry, by asking each service what it is for.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use incident::{Route, Service};
use serde_json::Value;

use super::{CHANGES_WITHIN, Look};
use crate::{Caller, Deed, Deployment, Finding, NoReply, Probes, Process, Reply, finding::share_word};

/// Nothing is counted: that tells of no customer, served or lost.
pub const UNKNOWN: &str = "unknown";

/// What an opened page can be.
pub const PAGE: &[&str] = &["whole", "parts-missing", "error", "hangs", "broken"];
/// How large a share can be.
pub const SHARE: &[&str] = &["none", "some", "most", "all", UNKNOWN];
/// What a port can say.
pub const PORT: &[&str] = &["open", "closed"];
/// What a health check can say.
pub const HEALTH: &[&str] = &["well", "unwell", "no-answer"];
/// What a service can answer.
pub const ANSWER: &[&str] = &["quick", "slow", "unreadable", "refused", "no-answer"];
/// Whether texts can be read.
pub const READABLE: &[&str] = &["all", "one-unreadable", "several-unreadable", "no-answer"];
/// Which kinds of pages can fail.
pub const KINDS: &[&str] = &["none", "one-kind", "home-and-category", "several", "every-kind"];
/// Which fragments the cache can give.
pub const FRAGMENTS: &[&str] = &["all", "one-missing", "some-missing", "none"];
/// What the list of processes can show.
pub const PROCESS: &[&str] = &["running", "stopped", "gone"];
/// What can have been released.
pub const RELEASED: &[&str] = &["none-of-ours", "web-front", "cache", "content-store"];
/// What colleagues can remember.
pub const REMEMBERED: &[&str] = &["nothing", "texts", "a-release", "invited", "operated"];

/// A text that is on every page.
const ON_EVERY_PAGE: &str = "site-footer";

/// Texts of all kinds of pages: everybody who knows the shop knows these.
const ON_PAGES: [&str; 8] = [
    "site-header",
    "site-footer",
    "price-list",
    "promo-banner",
    "home-intro",
    "category-coffee",
    "product-moka-pot",
    "checkout-notes",
];

/// Longer than this is slow: a hit takes a millisecond, and an ordinary disk four.
const SLOW_FROM: Duration = Duration::from_millis(500);

/// As long as a person waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A short question: who does not answer in a second hangs.
const SHORT: Duration = Duration::from_secs(1);

/// Rounds of a loop over every kind of page.
const ROUNDS: usize = 6;

/// How far back complaints are read, in minutes.
const COMPLAINTS_MINUTES: u32 = 5;

/// One probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// One page, as a customer.
    Page(Route),
    /// Every kind of page in a loop: which share fails.
    Pages(Caller),
    /// The same: which kinds fail.
    Kinds,
    /// On which kinds of pages customers complain.
    Complaints,
    /// A port.
    Port(Service),
    /// A health check.
    Health(Service),
    /// The list of processes.
    Process(Service),
    /// The history of deployments.
    Deployments,
    /// What colleagues remember.
    Colleagues,
    /// A fragment that is on every page, from the cache.
    Fragment,
    /// A short question for each fragment.
    EachFragment,
    /// The same text, from the content store.
    Asset,
    /// Every current text, from the content store.
    EveryAsset,
}

impl Probe {
    /// Runs it.
    pub async fn run(self, look: &Look<'_>, probes: &impl Probes) -> Finding {
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
                let failed: usize = failed_pages(caller, probes).await.values().sum();
                let pages = ROUNDS * Route::ALL.len();
                let text = format!("{failed} of {pages} pages failed");
                Finding::new(share_word(failed as f64 / pages as f64), text)
            }
            Self::Kinds => kinds(&failed_pages(Caller::Outside, probes).await, "fails"),
            Self::Complaints => {
                let of = |route: &Route| (*route, probes.complaints(*route, COMPLAINTS_MINUTES) as usize);
                kinds(&Route::ALL.iter().map(of).collect(), "complained of")
            }
            Self::Port(service) => {
                if probes.is_port_open(service).await {
                    Finding::new("open", "the port takes connections")
                } else {
                    Finding::new("closed", "nothing listens")
                }
            }
            Self::Health(service) => match probes.get(service, "/healthz", PATIENCE).await {
                Ok(Reply { status: 200, .. }) => Finding::new("well", "200"),
                Ok(Reply { status, .. }) => Finding::new("unwell", status.to_string()),
                Err(_) => Finding::new("no-answer", "no answer"),
            },
            Self::Process(service) => match probes.process(service).await {
                Process::Running => Finding::new("running", "it runs"),
                Process::Stopped => Finding::new("stopped", "state T: it stands still"),
                Process::Gone => Finding::new("gone", "there is no such process"),
            },
            Self::Deployments => deployments(look, probes),
            Self::Colleagues => {
                let deeds = probes.remembered();
                let outcome = [
                    (Deed::Operated, "operated"),
                    (Deed::Invited, "invited"),
                    (Deed::Released, "a-release"),
                    (Deed::Published, "texts"),
                ];
                let outcome = outcome.into_iter().find(|(deed, _)| deeds.contains(deed));
                Finding::new(outcome.map_or("nothing", |(_, word)| word), format!("{} deeds", deeds.len()))
            }
            Self::Fragment => {
                let path = format!("/fragments/{ON_EVERY_PAGE}");
                answer(&probes.get(Service::Cache, &path, PATIENCE).await)
            }
            Self::EachFragment => each_fragment(probes).await,
            Self::Asset => {
                let path = format!("/assets/{ON_EVERY_PAGE}");
                answer(&probes.get(Service::ContentStore, &path, PATIENCE).await)
            }
            Self::EveryAsset => every_asset(probes).await,
        }
    }
}

/// Opens every kind of page, side by side, in some rounds; says how many of each failed.
async fn failed_pages(caller: Caller, probes: &impl Probes) -> BTreeMap<Route, usize> {
    let mut failed: BTreeMap<Route, usize> = Route::ALL.iter().map(|route| (*route, 0)).collect();
    for round in 0..ROUNDS {
        let pages = join_all(Route::ALL.iter().map(|route| probes.page(caller, *route, round))).await;
        for (route, page) in Route::ALL.iter().zip(pages) {
            let is_whole = page.is_ok_and(|page| page.status == 200 && page.missing_parts == 0);
            *failed.entry(*route).or_default() += usize::from(!is_whole);
        }
    }
    failed
}

/// Which kinds of pages something is true of, by how often.
fn kinds(counts: &BTreeMap<Route, usize>, what: &str) -> Finding {
    let named: Vec<Route> = counts.iter().filter(|(_, count)| **count > 0).map(|(route, _)| *route).collect();
    let outcome = match named.as_slice() {
        [] => "none",
        [_] => "one-kind",
        [Route::Home, Route::Category] => "home-and-category",
        several if several.len() < Route::ALL.len() => "several",
        _ => "every-kind",
    };
    let names: Vec<String> =
        named.iter().map(|route| format!("{} {} times", route.name(), counts[route])).collect();
    let text =
        if names.is_empty() { format!("nothing {what}") } else { format!("{what}: {}", names.join(", ")) };
    Finding::new(outcome, text)
}

fn deployments(look: &Look<'_>, probes: &impl Probes) -> Finding {
    let since = look.noticed.minus(CHANGES_WITHIN);
    let lately = probes
        .deployments()
        .into_iter()
        .filter(|deployment| deployment.time >= since && deployment.time <= look.noticed);
    let lately: Vec<Deployment> = lately.collect();
    let outcome = |system: &str| RELEASED.iter().copied().find(|known| *known == system);
    let own = lately.iter().rev().find_map(|deployment| outcome(&deployment.system));
    Finding::new(own.unwrap_or(RELEASED[0]), format!("{} releases in the hour before the call", lately.len()))
}

async fn each_fragment(probes: &impl Probes) -> Finding {
    let asked = ON_PAGES.map(|asset| async move {
        let reply = probes.get(Service::Cache, &format!("/fragments/{asset}"), SHORT).await;
        (asset, reply.is_ok_and(|reply| reply.status == 200))
    });
    let answers = join_all(asked).await;
    let missing: Vec<&str> = answers.iter().filter(|(_, came)| !came).map(|(asset, _)| *asset).collect();
    match missing.as_slice() {
        [] => Finding::new("all", "every text came"),
        [one] => Finding::new("one-missing", format!("{one} did not come")).naming(Some((*one).to_owned())),
        several if several.len() < ON_PAGES.len() => Finding::new("some-missing", several.join(", ")),
        _ => Finding::new("none", "no text came"),
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
    let listed = probes.get(Service::ContentStore, "/assets", PATIENCE).await.ok();
    let Some(Value::Array(listed)) = listed.and_then(|reply| serde_json::from_slice(&reply.body).ok()) else {
        return Finding::new("no-answer", "the store does not list its assets");
    };
    let mut unreadable = Vec::new();
    for id in listed.iter().filter_map(|asset| asset["id"].as_str()) {
        match probes.get(Service::ContentStore, &format!("/assets/{id}"), PATIENCE).await {
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
