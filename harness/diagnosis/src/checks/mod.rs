//! Every look that a responder can take, in one table: its question, the signal that it needs, and its cost. Teaches that a diagnosis is a
//! choice among looks, and that each has a price.
//!
//! **Costs** are minutes until the responder has understood the answer. All are **assumed**: no source was found that gives minutes by kind
//! of look. They follow a rule: 1 to open something that is ready, 2 to 4 for a query with something to compare, 5 and more to read lines,
//! 1 for each pair of texts to compare, 30 and more to go through every asset. Each has a [range](Check::range_minutes), because a look
//! that takes one team a minute takes another a quarter of an hour.
//!
//! A finding describes what is seen, never what it means: each outcome occurs in several kinds of incidents, or after innocent changes too.
//!
//! - [`probes`]: looks at the shop itself, which need no telemetry. [`assets`]: what editors changed.
//! - [`logs`], [`metrics`], [`traces`], [`changes`]: looks at evidence.

pub mod probes;
pub mod assets;
pub mod logs;
pub mod metrics;
pub mod traces;
pub mod changes;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use evidence::{Evidence, UnixTime};
use incident::{Level, Route, Service};

use crate::{Caller, Finding, Probes};
use assets::Suspects;
use probes::Probe;

/// How far back from the call a responder looks for changes.
pub const CHANGES_WITHIN: Duration = Duration::from_secs(3_600);

/// For this long after the call, evidence shows the outage before anybody has changed it. Later looks read the evidence of that time.
pub const OUTAGE_SEEN: Duration = Duration::from_secs(120);

/// How far back evidence is read: newer records may have displaced older ones. In a longer outage, looks read the evidence of an hour ago.
pub const READ_BACK: Duration = Duration::from_secs(3_600);

/// The signal that a look needs; each level adds one, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// No signal: a probe, or free text lines, which every service writes.
    Nothing,
    Logs,
    Metrics,
    Traces,
    Changes,
}

impl Signal {
    pub fn is_granted(self, level: Level) -> bool {
        level as usize >= self as usize
    }
}

/// What a look observes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// How pages arrive.
    Pages,
    Traffic,
    /// Whether the processes run and answer.
    Processes,
    /// How the web front's requests for fragments end.
    FrontCalls,
    FrontLoad,
    /// What the cache can deliver, and whether it can fill.
    Cache,
    Fills,
    Store,
    Texts,
    /// What else was changed.
    Changes,
}

#[derive(Debug)]
pub struct Check {
    pub name: &'static str,
    pub asks: &'static str,
    pub needs: Signal,
    /// Its cost in minutes. Assumed.
    pub cost_minutes: u32,
    /// What it observes. Looks at the same topic say nearly the same.
    pub topic: Topic,
    /// The service that it asks, if the same check exists for other services.
    pub service: Option<Service>,
    pub outcomes: &'static [&'static str],
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Evidence(fn(&Look<'_>) -> Finding),
    Probe(Probe),
    Newest,
    Assets(Suspects),
}

/// The evidence, and the two times that a look depends on.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub evidence: &'a Evidence,
    /// The time that the look reads. Probes read the present. Stored evidence is read at [`OUTAGE_SEEN`] after the call at the latest, but
    /// never further back than [`READ_BACK`].
    pub now: UnixTime,
    pub noticed: UnixTime,
}

impl Look<'_> {
    pub(crate) fn ago(&self, seconds: u64) -> UnixTime {
        self.now.minus(Duration::from_secs(seconds))
    }
}

impl Check {
    pub async fn look(&self, probes: &impl Probes) -> Finding {
        let evidence = probes.evidence();
        let (present, noticed) = (evidence.now(), probes.noticed());
        let outage = noticed.plus(OUTAGE_SEEN).max(present.minus(READ_BACK));
        let now = if self.reads_the_outage() { present.min(outage) } else { present };
        let look = Look { evidence, now, noticed };
        match &self.how {
            How::Evidence(ask) => ask(&look).ago(present.seconds_since(now) / 60.0),
            How::Probe(probe) => probe.run(&look, probes).await,
            How::Newest => assets::newest(&look, probes).await,
            How::Assets(suspects) => assets::differences(*suspects, &look, probes).await,
        }
    }

    /// Whether it asks the shop itself, and not only evidence.
    pub fn is_probe(&self) -> bool {
        !matches!(self.how, How::Evidence(_))
    }

    /// Whether it can name the harmful character.
    pub fn names_characters(&self) -> bool {
        matches!(self.how, How::Assets(_))
    }

    /// Whether this outcome comes with the name of an asset. This is the expectation before any experience.
    pub fn may_name(&self, outcome: &str) -> bool {
        match self.how {
            How::Newest => ["one", "few", "many"].contains(&outcome),
            How::Assets(_) => !["no-suspect", "no-answer", "words"].contains(&outcome),
            _ => false,
        }
    }

    /// Whether it needs access that only the people who run the shop have: its texts, its services' own answers and lines.
    pub fn reads_shop_inside(&self) -> bool {
        use Probe::{Colleagues, Complaints, Health, Kinds, Page, Pages, Port};
        !matches!(
            self.how,
            How::Probe(Page(_) | Pages(_) | Kinds | Complaints | Colleagues | Port(_) | Health(_))
        )
    }

    /// Whether it reads stored evidence of the outage. After a remedy, such a look still shows how customers were lost, but a probe finds a
    /// healthy shop.
    fn reads_the_outage(&self) -> bool {
        matches!(self.how, How::Evidence(_)) && !self.tells_whether_served()
    }

    /// Whether it asks about the time before the call or soon after it. Then its answer will not change.
    pub fn is_about_the_past(&self) -> bool {
        let asks_people = matches!(self.how, How::Probe(Probe::Deployments | Probe::Colleagues));
        self.names_characters()
            || self.reads_the_outage()
            || self.needs == Signal::Changes
            || asks_people
            || matches!(self.how, How::Newest)
    }

    /// Whether it tells if customers are served: the outcome `none` says that nothing fails.
    pub fn tells_whether_served(&self) -> bool {
        matches!(self.name, "pages-outside" | "failed-share")
    }

    /// The range of its cost in minutes: a third to three times as much. Where people compare texts or go through things by hand, it is a
    /// quarter to four times. Assumed.
    pub fn range_minutes(&self) -> (f64, f64) {
        let factor = if self.names_characters() || self.cost_minutes >= 10 { 4.0 } else { 3.0 };
        let cost = f64::from(self.cost_minutes);
        (cost / factor, cost * factor)
    }

    /// Whether it tells if the fault is in the shop: the outcome `none` says that nothing fails from beside it.
    pub fn tells_whether_ours(&self) -> bool {
        matches!(self.how, How::Probe(Probe::Pages(Caller::Inside)))
    }

    /// The index of the same check at another service.
    pub fn twin(&self, service: Service) -> Option<usize> {
        let family = self.name.strip_suffix(self.service?.name())?;
        CHECKS.iter().position(|check| check.name.strip_prefix(family) == Some(service.name()))
    }

    pub fn place(&self, outcome: &str) -> Option<usize> {
        self.outcomes.iter().position(|known| *known == outcome)
    }
}

const fn check(
    name: &'static str,
    asks: &'static str,
    needs: Signal,
    cost_minutes: u32,
    topic: Topic,
    outcomes: &'static [&'static str],
    how: How,
) -> Check {
    let service = match how {
        How::Probe(Probe::Port(service) | Probe::Health(service) | Probe::Process(service)) => Some(service),
        _ => None,
    };
    Check { name, asks, needs, cost_minutes, topic, service, outcomes, how }
}

use Service::{Cache, ContentStore, WebFront};
use Signal::{Changes, Logs, Metrics, Nothing, Traces};

#[rustfmt::skip]
pub const CHECKS: &[Check] = &[
    check("page-home", "does the home page open?", Nothing, 1, Topic::Pages, probes::PAGE, How::Probe(Probe::Page(Route::Home))),
    check("page-category", "does a category open?", Nothing, 1, Topic::Pages, probes::PAGE, How::Probe(Probe::Page(Route::Category))),
    check("page-product", "does a product open?", Nothing, 1, Topic::Pages, probes::PAGE, How::Probe(Probe::Page(Route::Product))),
    check("page-checkout", "does the checkout open?", Nothing, 1, Topic::Pages, probes::PAGE, How::Probe(Probe::Page(Route::Checkout))),
    check("pages-outside", "which share of pages fails, opened in a loop?", Nothing, 2, Topic::Pages, probes::SHARE, How::Probe(Probe::Pages(Caller::Outside))),
    check("pages-inside", "which share fails in a loop beside the shop?", Nothing, 2, Topic::Pages, probes::SHARE, How::Probe(Probe::Pages(Caller::Inside))),
    check("pages-by-kind", "which kinds of pages fail in a loop?", Nothing, 2, Topic::Pages, probes::KINDS, How::Probe(Probe::Kinds)),
    check("complaints", "on which kinds of pages do customers complain?", Nothing, 3, Topic::Pages, probes::KINDS, How::Probe(Probe::Complaints)),
    check("port-content-store", "does the content store's port answer?", Nothing, 1, Topic::Processes, probes::PORT, How::Probe(Probe::Port(ContentStore))),
    check("port-cache", "does the cache's port answer?", Nothing, 1, Topic::Processes, probes::PORT, How::Probe(Probe::Port(Cache))),
    check("port-web-front", "does the web front's port answer?", Nothing, 1, Topic::Processes, probes::PORT, How::Probe(Probe::Port(WebFront))),
    check("health-content-store", "what does the content store's health check say?", Nothing, 1, Topic::Processes, probes::HEALTH, How::Probe(Probe::Health(ContentStore))),
    check("health-cache", "what does the cache's health check say?", Nothing, 1, Topic::Processes, probes::HEALTH, How::Probe(Probe::Health(Cache))),
    check("health-web-front", "what does the web front's health check say?", Nothing, 1, Topic::Processes, probes::HEALTH, How::Probe(Probe::Health(WebFront))),
    check("process-content-store", "does the content store's process run?", Nothing, 2, Topic::Processes, probes::PROCESS, How::Probe(Probe::Process(ContentStore))),
    check("process-cache", "does the cache's process run?", Nothing, 2, Topic::Processes, probes::PROCESS, How::Probe(Probe::Process(Cache))),
    check("process-web-front", "does the web front's process run?", Nothing, 2, Topic::Processes, probes::PROCESS, How::Probe(Probe::Process(WebFront))),
    check("ask-cache", "does the cache give a text that is on every page?", Nothing, 2, Topic::Cache, probes::ANSWER, How::Probe(Probe::Fragment)),
    check("ask-each-fragment", "which texts does the cache give within a second?", Nothing, 3, Topic::Cache, probes::FRAGMENTS, How::Probe(Probe::EachFragment)),
    check("ask-store", "does the content store give that text?", Nothing, 2, Topic::Store, probes::ANSWER, How::Probe(Probe::Asset)),
    check("read-every-asset", "can every current text be read from the store?", Nothing, 30, Topic::Texts, probes::READABLE, How::Probe(Probe::EveryAsset)),
    check("newest-texts", "what did editors publish, by the store's list?", Nothing, 2, Topic::Texts, assets::COUNT, How::Newest),
    check("deployments", "what was released in the last hour?", Nothing, 2, Topic::Changes, probes::RELEASED, How::Probe(Probe::Deployments)),
    check("colleagues", "what do colleagues remember that was done?", Nothing, 5, Topic::Changes, probes::REMEMBERED, How::Probe(Probe::Colleagues)),
    check("lines-front", "does the front write that fragments are missing?", Nothing, 5, Topic::FrontCalls, logs::LINES, How::Evidence(|look| logs::counted(look, "web-front", logs::FRAGMENT_FAILED, 300))),
    check("lines-cache", "does the cache write that it cannot fill?", Nothing, 5, Topic::Fills, logs::LINES, How::Evidence(|look| logs::counted(look, "cache", logs::FILL_FAILED, logs::BACK_S))),
    check("lines-store", "what does the content store write about itself?", Nothing, 5, Topic::Store, logs::LINES, How::Evidence(|look| logs::counted(look, "content-store", "", 60))),
    check("lines-notices", "does the store write that it cannot notify?", Nothing, 5, Topic::Cache, logs::LINES, How::Evidence(|look| logs::counted(look, "content-store", logs::NOTICE_FAILED, logs::BACK_S))),
    check("editors-history", "what did editors change, text by text?", Nothing, 12, Topic::Texts, assets::DIFFERENCES, How::Assets(Suspects::History)),
    check("causes-front", "which cause stands in the front's error lines?", Logs, 3, Topic::FrontCalls, logs::CAUSES, How::Evidence(|look| logs::caused(look, "web-front", logs::FRAGMENT_FAILED, 900))),
    check("causes-cache", "which cause stands in the cache's error lines?", Logs, 3, Topic::Fills, logs::CAUSES, How::Evidence(|look| logs::caused(look, "cache", logs::FILL_FAILED, logs::BACK_S))),
    check("assets-in-errors", "how many assets do error lines name?", Logs, 4, Topic::Fills, logs::ASSETS, How::Evidence(logs::assets_in_errors)),
    check("attempts", "how often has a fill been tried?", Logs, 3, Topic::Fills, logs::ATTEMPTS, How::Evidence(logs::attempts)),
    check("difference-logs", "what changed in the assets that error lines name?", Logs, 6, Topic::Texts, assets::DIFFERENCES, How::Assets(Suspects::Logs)),
    check("failed-share", "which share of visits fails?", Metrics, 1, Topic::Pages, probes::SHARE, How::Evidence(metrics::failed_share)),
    check("failed-routes", "on which kinds of pages do visits fail?", Metrics, 1, Topic::Pages, metrics::ROUTES, How::Evidence(metrics::failed_routes)),
    check("traffic", "how many visits are there, against before?", Metrics, 1, Topic::Traffic, metrics::TRAFFIC, How::Evidence(|look| metrics::against_before(look, metrics::VISITS, "customers"))),
    check("front-requests", "how many requests does the front see, against before?", Metrics, 2, Topic::Traffic, metrics::TRAFFIC, How::Evidence(|look| metrics::against_before(look, metrics::SERVED, "web-front"))),
    check("front-errors", "which share of the front's answers are errors?", Metrics, 1, Topic::Pages, metrics::SHARE, How::Evidence(|look| metrics::errors(look, "web-front"))),
    check("front-latency", "how long does the front take?", Metrics, 1, Topic::FrontLoad, metrics::LATENCY, How::Evidence(|look| metrics::latency(look, "web-front"))),
    check("front-in-flight", "how many requests is the front working on?", Metrics, 1, Topic::FrontLoad, metrics::IN_FLIGHT, How::Evidence(|look| metrics::in_flight(look, "web-front"))),
    check("front-calls", "how do the front's calls to the cache end?", Metrics, 2, Topic::FrontCalls, metrics::CALLS, How::Evidence(|look| metrics::calls(look, "web-front"))),
    check("cache-calls", "how do the cache's calls to the store end?", Metrics, 2, Topic::Fills, metrics::CALLS, How::Evidence(|look| metrics::calls(look, "cache"))),
    check("store-latency", "how long does the content store take?", Metrics, 1, Topic::Store, metrics::LATENCY, How::Evidence(|look| metrics::latency(look, "content-store"))),
    check("store-refuses", "which share of the store's answers are errors?", Metrics, 1, Topic::Store, metrics::SHARE, How::Evidence(|look| metrics::errors(look, "content-store"))),
    check("store-in-flight", "how many requests is the store working on?", Metrics, 1, Topic::Store, metrics::IN_FLIGHT, How::Evidence(|look| metrics::in_flight(look, "content-store"))),
    check("hit-ratio", "which share of fragments does the cache have?", Metrics, 1, Topic::Cache, metrics::SHARE, How::Evidence(metrics::hit_ratio)),
    check("permits", "are fill permits free?", Metrics, 2, Topic::Cache, metrics::PERMITS, How::Evidence(metrics::permits)),
    check("fresh-entries", "which share of the cache is fresh?", Metrics, 2, Topic::Cache, metrics::SHARE, How::Evidence(metrics::fresh_entries)),
    check("fill-errors", "why do fills fail?", Metrics, 2, Topic::Fills, metrics::FILL_ERRORS, How::Evidence(metrics::fill_errors)),
    check("customer-calls", "how do customers' calls end?", Metrics, 2, Topic::Pages, metrics::CALLS, How::Evidence(|look| metrics::calls(look, "customers"))),
    check("slowest-trace", "where do the slowest requests wait?", Traces, 3, Topic::FrontLoad, traces::WHERE, How::Evidence(traces::slowest)),
    check("first-failing-span", "which span fails first?", Traces, 3, Topic::FrontCalls, traces::FAILING, How::Evidence(traces::first_failing)),
    check("fill-spans", "how do attempts to fill end?", Traces, 3, Topic::Fills, metrics::FILL_ERRORS, How::Evidence(traces::fill_spans)),
    check("failed-and-served", "how far does a failed request get, against a served one?", Traces, 5, Topic::FrontCalls, traces::REACH, How::Evidence(traces::failed_and_served)),
    check("difference-traces", "what changed in the assets that failed spans name?", Traces, 4, Topic::Texts, assets::DIFFERENCES, How::Assets(Suspects::Traces)),
    check("published", "how many assets were published in the last hour?", Changes, 1, Topic::Texts, assets::COUNT, How::Evidence(changes::published)),
    check("started", "which service was started in the last hour?", Changes, 1, Topic::Changes, changes::STARTED, How::Evidence(changes::started)),
    check("just-before", "was something changed just before the loss?", Changes, 2, Topic::Changes, changes::BEFORE, How::Evidence(changes::just_before)),
    check("difference-changes", "what was changed in what was published?", Changes, 8, Topic::Texts, assets::DIFFERENCES, How::Assets(Suspects::Changes)),
];

/// The most frequent word, its count, and the asset if its entries name only one. Of equally frequent words, the last in alphabetical
/// order.
fn most_often<'a>(told: &[(&'a str, Option<String>)]) -> Option<(&'a str, usize, Option<String>)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (word, _) in told {
        *counts.entry(word).or_default() += 1;
    }
    let (most, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let of_most = told.iter().filter(|(word, _)| *word == most);
    let assets: BTreeSet<&String> = of_most.filter_map(|(_, asset)| asset.as_ref()).collect();
    let only = assets.first().filter(|_| assets.len() == 1);
    Some((most, count, only.map(|asset| (*asset).clone())))
}

/// The checks that a telemetry level grants, as indices into [`CHECKS`].
pub fn granted(level: Level) -> Vec<usize> {
    (0..CHECKS.len()).filter(|place| CHECKS[*place].needs.is_granted(level)).collect()
}

/// The table as text: names, questions, needs, topics, outcomes and costs.
pub(crate) fn words() -> Vec<String> {
    let word = |check: &Check| {
        let Check { name, asks, needs, cost_minutes, outcomes, topic, .. } = check;
        format!("{name} {asks} {needs:?} {topic:?} {outcomes:?} {cost_minutes}")
    };
    CHECKS.iter().map(word).collect()
}

/// The hash of the table when it was frozen, before the last scenarios were written. Their files say so.
pub const FROZEN_HASH: &str = "2f5595c9eeb72e43";

/// What has changed in the table since. Reports show it, with both hashes.
pub const SINCE_FROZEN: &str = "looks tell apart how a connection failed";

/// The hash of the table as it is.
pub fn hash() -> String {
    format!("{:016x}", fnv_1a(words()))
}

/// A hash of words: FNV-1a (Fowler, Noll and Vo).
pub(crate) fn fnv_1a(words: impl IntoIterator<Item = String>) -> u64 {
    words
        .into_iter()
        .flat_map(|word| word.into_bytes().into_iter().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_is_wide_and_each_check_is_its_own() {
        assert!(CHECKS.len() >= 25);
        assert_eq!(CHECKS.iter().map(|check| check.name).collect::<BTreeSet<_>>().len(), CHECKS.len());
        for check in CHECKS {
            assert!(
                check.cost_minutes > 0 && check.outcomes.len() > 1 && check.asks.ends_with('?'),
                "{}",
                check.name
            );
            assert!(check.asks.len() <= 60, "{}", check.name);
        }
    }

    #[test]
    fn the_list_is_as_it_was_when_it_was_frozen_but_for_what_it_says() {
        const CALLS: &[&str] = &[
            "well",
            "connection_error",
            "timeout",
            "cancelled",
            "connection_closed",
            "status",
            "other",
            "no-calls",
        ];
        const CAUSES: &[&str] =
            &["none", "unreadable", "timed-out", "broken", "too-busy", "missing", "waited-too-long", "other"];
        const FILL_ERRORS: &[&str] =
            &["none", "unreadable", "timeout", "connection_error", "refused", "missing", "other"];
        let changed = [(metrics::CALLS, CALLS), (logs::CAUSES, CAUSES), (metrics::FILL_ERRORS, FILL_ERRORS)];
        let then = |word: String| {
            changed
                .iter()
                .fold(word, |word, (now, then)| word.replace(&format!("{now:?}"), &format!("{then:?}")))
        };
        let frozen = format!("{:016x}", fnv_1a(words().into_iter().map(then)));
        assert_eq!(frozen, FROZEN_HASH, "freeze the list anew before further scenarios are written");
    }

    #[test]
    fn each_level_grants_more() {
        let counts: Vec<usize> = Level::ALL.iter().map(|level| granted(*level).len()).collect();
        assert!(counts.is_sorted_by(|less, more| less < more), "{counts:?}");
        assert!(granted(Level::Dark).iter().all(|place| CHECKS[*place].needs == Signal::Nothing));
        assert_eq!(granted(Level::Changes).len(), CHECKS.len());
    }
}
