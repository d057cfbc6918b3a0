//! Looks at the shop itself. Teaches how much can be learned without any telemetry, by asking each service to do its job.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use incident::{Route, Service};
use serde_json::Value;

use super::{CHANGES_WITHIN, Look};
use crate::{Caller, Deed, Finding, NoReply, Page, Probes, Process, Reply, finding::share_word};

/// The outcome if nothing is counted. It says nothing about customers, served or lost.
pub const UNKNOWN: &str = "unknown";

pub const PAGE: &[&str] = &["whole", "parts-missing", "error", "hangs", "broken"];
pub const SHARE: &[&str] = &["none", "some", "most", "all", UNKNOWN];
pub const PORT: &[&str] = &["open", "closed"];
pub const HEALTH: &[&str] = &["well", "unwell", "no-answer"];
pub const ANSWER: &[&str] = &["quick", "slow", "unreadable", "refused", "no-answer"];
pub const READABLE: &[&str] = &["all", "one-unreadable", "several-unreadable", "no-answer"];
pub const KINDS: &[&str] = &["none", "one-kind", "home-and-category", "several", "every-kind"];
pub const FRAGMENTS: &[&str] = &["all", "one-missing", "some-missing", "none"];
pub const PROCESS: &[&str] = &["running", "stopped", "gone"];
pub const RELEASED: &[&str] = &["none-of-ours", "web-front", "cache", "content-store"];
pub const REMEMBERED: &[&str] = &["nothing", "texts", "a-release", "invited", "operated"];

/// A text that is on every page, at the cache and at the content store.
const FRAGMENT: &str = "/fragments/site-footer";
const ASSET: &str = "/assets/site-footer";

/// Texts from all kinds of pages. Everybody who knows the shop knows them.
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

/// An answer that takes longer is slow: a hit takes a millisecond, and an ordinary disk four.
const SLOW_FROM: Duration = Duration::from_millis(500);

/// How long a person waits for an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The timeout of a short question. A service that takes longer hangs.
const SHORT: Duration = Duration::from_secs(1);

/// How often a loop opens every kind of page.
const ROUNDS: usize = 6;

/// How far back complaints are read, in minutes.
const COMPLAINTS_MINUTES: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Opens one page, as a customer.
    Page(Route),
    /// Opens every kind of page in a loop, and reports the share that fails.
    Pages(Caller),
    /// The same loop, but reports the kinds that fail.
    Kinds,
    /// Reports the kinds of pages that customers complain about.
    Complaints,
    Port(Service),
    Health(Service),
    Process(Service),
    Deployments,
    Colleagues,
    /// Asks the cache for a fragment that is on every page.
    Fragment,
    EachFragment,
    /// Asks the content store for the same text.
    Asset,
    EveryAsset,
}

impl Probe {
    pub async fn run(self, look: &Look<'_>, probes: &impl Probes) -> Finding {
        match self {
            Self::Page(route) => match probes.page(Caller::Outside, route, 0).await {
                Err(NoReply::Broken) => Finding::new("broken", "nothing came"),
                Err(NoReply::TimedOut) => Finding::new("hangs", "nothing came"),
                Ok(Page { status, missing_parts }) => {
                    let outcome = match missing_parts {
                        _ if status != 200 => "error",
                        0 => "whole",
                        _ => "parts-missing",
                    };
                    Finding::new(outcome, format!("status {status}, {missing_parts} parts missing"))
                }
            },
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
            Self::Fragment => answer(&probes.get(Service::Cache, FRAGMENT, PATIENCE).await),
            Self::EachFragment => each_fragment(probes).await,
            Self::Asset => answer(&probes.get(Service::ContentStore, ASSET, PATIENCE).await),
            Self::EveryAsset => every_asset(probes).await,
        }
    }
}

/// Opens all kinds of pages at the same time, `ROUNDS` times. Returns how many of each failed.
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

/// Describes the kinds of pages that have a count, with their counts.
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
    let hour = look.noticed.minus(CHANGES_WITHIN)..=look.noticed;
    let mut lately = probes.deployments();
    lately.retain(|deployment| hour.contains(&deployment.time));
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

/// The cache also answers with a fragment's text as JSON. A body that begins like JSON but does not parse is broken.
fn is_json(body: &[u8]) -> bool {
    body.first() != Some(&b'{') || serde_json::from_slice::<Value>(body).is_ok()
}
