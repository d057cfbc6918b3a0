//! Every look that a responder can take, in one table: what it asks, what it needs, what it costs. Teaches that a diagnosis is a
//! choice among looks, and that each has a price.
//!
//! **Costs** are minutes until the responder has understood the answer. All are **assumed**: no source was found that gives minutes
//! by kind of look. The rule behind them: 1 for opening what is there, 2 to 4 for a query with something to compare, 5 and more where
//! lines must be read or a probe repeated by hand, 30 and more where somebody must first think of it and then go through every asset.
//!
//! - [`probes`]: looks at the shop itself, which need no telemetry. [`assets`]: what editors changed.
//! - [`logs`], [`metrics`], [`traces`], [`changes`]: looks at evidence.

pub mod probes;
pub mod assets;
pub mod logs;
pub mod metrics;
pub mod traces;
pub mod changes;

use std::time::Duration;

use evidence::{Evidence, UnixTime};
use incident::{Level, Route, Service};

use crate::{Caller, Finding, Probes};
use assets::Suspects;
use probes::Probe;

/// How far back from the call a responder looks for changes.
pub const CHANGES_WITHIN: Duration = Duration::from_secs(3_600);

/// The signal that a look needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// None: a probe, or free text lines, which every service writes.
    Nothing,
    /// Log lines with their details.
    Logs,
    /// Metrics.
    Metrics,
    /// Spans.
    Traces,
    /// Changes as events.
    Changes,
}

impl Signal {
    /// Whether a telemetry level has it.
    pub fn is_granted(self, level: Level) -> bool {
        let least = match self {
            Self::Nothing => Level::Dark,
            Self::Logs => Level::Logs,
            Self::Metrics => Level::Metrics,
            Self::Traces => Level::Traces,
            Self::Changes => Level::Changes,
        };
        level >= least
    }
}

/// One look.
#[derive(Debug)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What it asks.
    pub asks: &'static str,
    /// What it needs.
    pub needs: Signal,
    /// What it costs, in minutes. Assumed.
    pub cost_minutes: u32,
    /// What it can say.
    pub outcomes: &'static [&'static str],
    /// How it is done.
    how: How,
}

#[derive(Debug)]
enum How {
    Evidence(fn(&Look<'_>) -> Finding),
    Probe(Probe),
    Assets(Suspects),
}

/// Evidence, and the two times that a look is taken at.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// What telemetry has delivered.
    pub evidence: &'a Evidence,
    /// Now.
    pub now: UnixTime,
    /// When the responder was called.
    pub noticed: UnixTime,
}

impl Look<'_> {
    /// So long before now.
    pub(crate) fn ago(&self, seconds: u64) -> UnixTime {
        self.now.minus(Duration::from_secs(seconds))
    }
}

impl Check {
    /// Takes the look.
    pub async fn look(&self, probes: &impl Probes) -> Finding {
        let evidence = probes.evidence();
        let look = Look { evidence, now: evidence.now(), noticed: probes.noticed() };
        match &self.how {
            How::Evidence(ask) => ask(&look),
            How::Probe(probe) => probe.run(probes).await,
            How::Assets(suspects) => assets::differences(*suspects, &look, probes).await,
        }
    }

    /// Whether it asks the shop, and not evidence alone.
    pub fn is_probe(&self) -> bool {
        !matches!(self.how, How::Evidence(_))
    }

    /// Whether it can name the character that does the harm.
    pub fn names_characters(&self) -> bool {
        matches!(self.how, How::Assets(_))
    }

    /// Whether it needs access that only those who run the shop have: its texts, its services' own answers and lines.
    pub fn reads_shop_inside(&self) -> bool {
        !matches!(self.how, How::Probe(Probe::Page(_) | Probe::Pages(_) | Probe::Port(_) | Probe::Health(_)))
    }

    /// Whether it asks what was before the call: the answer will not change.
    pub fn is_about_the_past(&self) -> bool {
        self.names_characters() || self.needs == Signal::Changes
    }

    /// The place of an outcome among those that it can have.
    pub fn place(&self, outcome: &str) -> Option<usize> {
        self.outcomes.iter().position(|known| *known == outcome)
    }
}

const fn probe(
    name: &'static str,
    asks: &'static str,
    cost_minutes: u32,
    outcomes: &'static [&'static str],
    probe: Probe,
) -> Check {
    Check { name, asks, needs: Signal::Nothing, cost_minutes, outcomes, how: How::Probe(probe) }
}

const fn query(
    name: &'static str,
    asks: &'static str,
    needs: Signal,
    cost_minutes: u32,
    outcomes: &'static [&'static str],
    ask: fn(&Look<'_>) -> Finding,
) -> Check {
    Check { name, asks, needs, cost_minutes, outcomes, how: How::Evidence(ask) }
}

const fn difference(
    name: &'static str,
    asks: &'static str,
    needs: Signal,
    cost_minutes: u32,
    suspects: Suspects,
) -> Check {
    Check { name, asks, needs, cost_minutes, outcomes: assets::DIFFERENCES, how: How::Assets(suspects) }
}

use Signal::{Changes, Logs, Metrics, Nothing, Traces};

/// The table.
#[rustfmt::skip]
pub const CHECKS: &[Check] = &[
    probe("page-home", "does the home page open?", 1, probes::PAGE, Probe::Page(Route::Home)),
    probe("page-category", "does a category open?", 1, probes::PAGE, Probe::Page(Route::Category)),
    probe("page-product", "does a product open?", 1, probes::PAGE, Probe::Page(Route::Product)),
    probe("page-checkout", "does the checkout open?", 1, probes::PAGE, Probe::Page(Route::Checkout)),
    probe("pages-outside", "how many of twelve pages fail where customers are?", 6, probes::SHARE, Probe::Pages(Caller::Outside)),
    probe("pages-inside", "how many of twelve pages fail beside the shop?", 6, probes::SHARE, Probe::Pages(Caller::Inside)),
    probe("port-content-store", "does the content store's port answer?", 1, probes::PORT, Probe::Port(Service::ContentStore)),
    probe("port-cache", "does the cache's port answer?", 1, probes::PORT, Probe::Port(Service::Cache)),
    probe("port-web-front", "does the web front's port answer?", 1, probes::PORT, Probe::Port(Service::WebFront)),
    probe("health-content-store", "what does the content store's health check say?", 1, probes::HEALTH, Probe::Health(Service::ContentStore)),
    probe("health-cache", "what does the cache's health check say?", 1, probes::HEALTH, Probe::Health(Service::Cache)),
    probe("health-web-front", "what does the web front's health check say?", 1, probes::HEALTH, Probe::Health(Service::WebFront)),
    probe("ask-cache", "does the cache give a text that is on every page?", 5, probes::ANSWER, Probe::Fragment),
    probe("ask-store", "does the content store give that text?", 5, probes::ANSWER, Probe::Asset),
    probe("read-every-asset", "can every current text be read from the store?", 45, probes::READABLE, Probe::EveryAsset),
    query("lines-front", "does the front write that fragments are missing?", Nothing, 5, logs::LINES, logs::lines_front),
    query("lines-cache", "does the cache write that it cannot fill?", Nothing, 5, logs::LINES, logs::lines_cache),
    query("lines-store", "what does the content store write about itself?", Nothing, 5, logs::LINES, logs::lines_store),
    query("lines-notices", "does the store write that it cannot notify?", Nothing, 5, logs::LINES, logs::lines_notices),
    difference("editors-history", "what did editors change, asked one by one?", Nothing, 60, Suspects::History),
    query("causes-front", "which cause stands in the front's error lines?", Logs, 3, logs::CAUSES, logs::causes_front),
    query("causes-cache", "which cause stands in the cache's error lines?", Logs, 3, logs::CAUSES, logs::causes_cache),
    query("assets-in-errors", "how many assets do error lines name?", Logs, 4, logs::ASSETS, logs::assets_in_errors),
    query("attempts", "how often has a fill been tried?", Logs, 3, logs::ATTEMPTS, logs::attempts),
    difference("difference-logs", "what changed in the assets that error lines name?", Logs, 10, Suspects::Logs),
    query("failed-share", "which share of visits fails?", Metrics, 1, probes::SHARE, metrics::failed_share),
    query("failed-routes", "on which kinds of pages do visits fail?", Metrics, 1, metrics::ROUTES, metrics::failed_routes),
    query("traffic", "how many visits are there, against before?", Metrics, 1, metrics::TRAFFIC, metrics::traffic),
    query("front-requests", "how many requests does the front see, against before?", Metrics, 2, metrics::TRAFFIC, metrics::front_requests),
    query("front-errors", "which share of the front's answers are errors?", Metrics, 1, metrics::SHARE, metrics::front_errors),
    query("front-latency", "how long does the front take?", Metrics, 1, metrics::LATENCY, metrics::front_latency),
    query("front-in-flight", "how many requests is the front working on?", Metrics, 1, metrics::IN_FLIGHT, metrics::front_in_flight),
    query("front-calls", "how do the front's calls to the cache end?", Metrics, 2, metrics::CALLS, metrics::front_calls),
    query("cache-calls", "how do the cache's calls to the store end?", Metrics, 2, metrics::CALLS, metrics::cache_calls),
    query("store-latency", "how long does the content store take?", Metrics, 1, metrics::LATENCY, metrics::store_latency),
    query("store-refuses", "which share of the store's answers are errors?", Metrics, 1, metrics::SHARE, metrics::store_refuses),
    query("store-in-flight", "how many requests is the store working on?", Metrics, 1, metrics::IN_FLIGHT, metrics::store_in_flight),
    query("hit-ratio", "which share of fragments does the cache have?", Metrics, 1, metrics::SHARE, metrics::hit_ratio),
    query("permits", "are fill permits free?", Metrics, 2, metrics::PERMITS, metrics::permits),
    query("fresh-entries", "which share of the cache is fresh?", Metrics, 2, metrics::SHARE, metrics::fresh_entries),
    query("fill-errors", "why do fills fail?", Metrics, 2, metrics::FILL_ERRORS, metrics::fill_errors),
    query("customer-calls", "how do customers' calls end?", Metrics, 2, metrics::CALLS, metrics::customer_calls),
    query("slowest-trace", "where do the slowest requests wait?", Traces, 3, traces::WHERE, traces::slowest),
    query("first-failing-span", "which span fails first?", Traces, 3, traces::FAILING, traces::first_failing),
    query("fill-spans", "how do attempts to fill end?", Traces, 3, metrics::FILL_ERRORS, traces::fill_spans),
    query("failed-and-served", "how far does a failed request get, against a served one?", Traces, 5, traces::REACH, traces::failed_and_served),
    difference("difference-traces", "what changed in the assets that failed spans name?", Traces, 6, Suspects::Traces),
    query("published", "how many assets were published in the last hour?", Changes, 1, changes::COUNT, changes::published),
    query("started", "which service was started in the last hour?", Changes, 1, changes::STARTED, changes::started),
    query("just-before", "was something changed just before the loss?", Changes, 2, changes::BEFORE, changes::just_before),
    difference("difference-changes", "what was changed in what was published?", Changes, 4, Suspects::Changes),
];

/// The checks that a telemetry level grants, by their places in [`CHECKS`].
pub fn granted(level: Level) -> Vec<usize> {
    (0..CHECKS.len()).filter(|place| CHECKS[*place].needs.is_granted(level)).collect()
}

/// The list in words: names, what they ask and need, outcomes and costs.
pub(crate) fn words() -> Vec<String> {
    let word = |check: &Check| {
        let Check { name, asks, needs, cost_minutes, outcomes, .. } = check;
        format!("{name} {asks} {needs:?} {outcomes:?} {cost_minutes}")
    };
    CHECKS.iter().map(word).collect()
}

/// The hash of the list when it was frozen: scenarios that came later are marked so in their files. A list that was changed since has
/// another hash, and reports show both.
pub const FROZEN_HASH: &str = "8a710a45944544f2";

/// A hash of the list: what was frozen before further scenarios were written.
pub fn hash() -> String {
    fnv_1a(words())
}

/// A hash of words, in hexadecimal. (Fowler, Noll and Vo, FNV-1a.)
pub(crate) fn fnv_1a(words: impl IntoIterator<Item = String>) -> String {
    let hash = words
        .into_iter()
        .flat_map(|word| word.into_bytes().into_iter().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
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
    fn the_list_is_as_it_was_when_it_was_frozen() {
        assert_eq!(hash(), FROZEN_HASH, "freeze the list anew before further scenarios are written");
    }

    #[test]
    fn each_level_grants_more() {
        let counts: Vec<usize> = Level::ALL.iter().map(|level| granted(*level).len()).collect();
        assert!(counts.is_sorted_by(|less, more| less < more), "{counts:?}");
        assert!(granted(Level::Dark).iter().all(|place| CHECKS[*place].needs == Signal::Nothing));
        assert_eq!(granted(Level::Changes).len(), CHECKS.len());
    }
}
