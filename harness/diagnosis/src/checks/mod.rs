//! Every look that a responder can take, in one table: what it asks, what it needs, what it costs. Teaches that a diagnosis is a
//! choice among looks, and that each has a price.
//!
//! **Costs** are minutes until the responder has understood the answer. All are **assumed**: no source was found that gives minutes
//! by kind of look. The rule behind them: 1 for opening what is there, 2 to 4 for a query with something to compare, 5 and more where
//! lines must be read, 1 for each pair of texts that is compared, 30 and more where somebody goes through every asset. Each has a
//! [range](Check::range_minutes): what takes one team a minute takes another a quarter of an hour.
//!
//! A finding describes what is seen, never what it means: each outcome occurs in several kinds of incidents, or in innocent changes too.
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

/// How long after the call the outage stands in evidence as nobody has changed it yet. Whoever looks later looks at that time.
pub const OUTAGE_SEEN: Duration = Duration::from_secs(120);

/// How far back evidence is read: what is older may have given way to newer. Whoever comes later to an outage looks at its last hour.
pub const READ_BACK: Duration = Duration::from_secs(3_600);

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

/// What a look observes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// How pages arrive.
    Pages,
    /// How many customers there are.
    Traffic,
    /// Whether the processes run and answer.
    Processes,
    /// What the web front meets when it asks for fragments.
    FrontCalls,
    /// How loaded the web front is.
    FrontLoad,
    /// What the cache can give, and whether it can fill.
    Cache,
    /// Why fills fail.
    Fills,
    /// How the content store answers.
    Store,
    /// What editors changed.
    Texts,
    /// What else was changed.
    Changes,
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
    /// What it observes: looks at the same thing say nearly the same.
    pub topic: Topic,
    /// The service that it is about, if the same look exists for others.
    pub service: Option<Service>,
    /// What it can say.
    pub outcomes: &'static [&'static str],
    /// How it is done.
    how: How,
}

#[derive(Debug)]
enum How {
    Evidence(fn(&Look<'_>) -> Finding),
    Probe(Probe),
    Newest,
    Assets(Suspects),
}

/// Evidence, and the two times that a look is taken at.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// What telemetry has delivered.
    pub evidence: &'a Evidence,
    /// The time that is looked at: now, or for evidence that is kept at most [`OUTAGE_SEEN`] after the call, but within [`READ_BACK`].
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
        let (now, noticed) = (evidence.now(), probes.noticed());
        let outage = noticed.plus(OUTAGE_SEEN).max(now.minus(READ_BACK));
        let now = if self.reads_the_outage() { now.min(outage) } else { now };
        let look = Look { evidence, now, noticed };
        match &self.how {
            How::Evidence(ask) => ask(&look),
            How::Probe(probe) => probe.run(&look, probes).await,
            How::Newest => assets::newest(&look, probes).await,
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

    /// Whether it names an asset when it says this, as far as anybody knows without experience.
    pub fn may_name(&self, outcome: &str) -> bool {
        match self.how {
            How::Newest => ["one", "few", "many"].contains(&outcome),
            How::Assets(_) => !["no-suspect", "no-answer", "words"].contains(&outcome),
            _ => false,
        }
    }

    /// Whether it needs access that only those who run the shop have: its texts, its services' own answers and lines.
    pub fn reads_shop_inside(&self) -> bool {
        use Probe::{Colleagues, Complaints, Health, Kinds, Page, Pages, Port};
        !matches!(
            self.how,
            How::Probe(Page(_) | Pages(_) | Kinds | Complaints | Colleagues | Port(_) | Health(_))
        )
    }

    /// Whether it reads evidence, which is kept: after a remedy it still says what was when customers were lost, where a probe finds a
    /// shop in which all is well.
    fn reads_the_outage(&self) -> bool {
        matches!(self.how, How::Evidence(_)) && !self.tells_whether_served()
    }

    /// Whether it asks what was before the call, or soon after it: the answer will not change.
    pub fn is_about_the_past(&self) -> bool {
        let asks_people = matches!(self.how, How::Probe(Probe::Deployments | Probe::Colleagues));
        self.names_characters()
            || self.reads_the_outage()
            || self.needs == Signal::Changes
            || asks_people
            || matches!(self.how, How::Newest)
    }

    /// Whether it tells whether customers are served, by the outcome `none` of what fails.
    pub fn tells_whether_served(&self) -> bool {
        matches!(self.name, "pages-outside" | "failed-share")
    }

    /// Between which minutes its cost may lie: a third to three times as much; where people compare or go through things by hand, a
    /// quarter to four times. Assumed.
    pub fn range_minutes(&self) -> (f64, f64) {
        let factor = if self.names_characters() || self.cost_minutes >= 10 { 4.0 } else { 3.0 };
        let cost = f64::from(self.cost_minutes);
        (cost / factor, cost * factor)
    }

    /// Whether it tells whether the fault is in the shop, by the outcome `none` of what fails beside it.
    pub fn tells_whether_ours(&self) -> bool {
        matches!(self.how, How::Probe(Probe::Pages(Caller::Inside)))
    }

    /// The same look at another service.
    pub fn twin(&self, service: Service) -> Option<usize> {
        let family = self.name.strip_suffix(self.service?.name())?;
        CHECKS.iter().position(|check| check.name.strip_prefix(family) == Some(service.name()))
    }

    /// The place of an outcome among those that it can have.
    pub fn place(&self, outcome: &str) -> Option<usize> {
        self.outcomes.iter().position(|known| *known == outcome)
    }
}

/// One line of the table, without the way it is done.
const fn check(
    name: &'static str,
    asks: &'static str,
    needs: Signal,
    cost_minutes: u32,
    topic: Topic,
) -> Check {
    let how = How::Newest;
    Check { name, asks, needs, cost_minutes, topic, service: None, outcomes: assets::COUNT, how }
}

impl Check {
    const fn probing(self, outcomes: &'static [&'static str], probe: Probe) -> Self {
        let service = match probe {
            Probe::Port(service) | Probe::Health(service) | Probe::Process(service) => Some(service),
            _ => None,
        };
        Self { outcomes, how: How::Probe(probe), service, ..self }
    }

    const fn reading(self, outcomes: &'static [&'static str], ask: fn(&Look<'_>) -> Finding) -> Self {
        Self { outcomes, how: How::Evidence(ask), ..self }
    }

    const fn comparing(self, suspects: Suspects) -> Self {
        Self { outcomes: assets::DIFFERENCES, how: How::Assets(suspects), ..self }
    }
}

use Service::{Cache, ContentStore, WebFront};
use Signal::{Changes, Logs, Metrics, Nothing, Traces};

/// The table.
#[rustfmt::skip]
pub const CHECKS: &[Check] = &[
    check("page-home", "does the home page open?", Nothing, 1, Topic::Pages).probing(probes::PAGE, Probe::Page(Route::Home)),
    check("page-category", "does a category open?", Nothing, 1, Topic::Pages).probing(probes::PAGE, Probe::Page(Route::Category)),
    check("page-product", "does a product open?", Nothing, 1, Topic::Pages).probing(probes::PAGE, Probe::Page(Route::Product)),
    check("page-checkout", "does the checkout open?", Nothing, 1, Topic::Pages).probing(probes::PAGE, Probe::Page(Route::Checkout)),
    check("pages-outside", "which share of pages fails, opened in a loop?", Nothing, 2, Topic::Pages).probing(probes::SHARE, Probe::Pages(Caller::Outside)),
    check("pages-inside", "which share fails in a loop beside the shop?", Nothing, 2, Topic::Pages).probing(probes::SHARE, Probe::Pages(Caller::Inside)),
    check("pages-by-kind", "which kinds of pages fail in a loop?", Nothing, 2, Topic::Pages).probing(probes::KINDS, Probe::Kinds),
    check("complaints", "on which kinds of pages do customers complain?", Nothing, 3, Topic::Pages).probing(probes::KINDS, Probe::Complaints),
    check("port-content-store", "does the content store's port answer?", Nothing, 1, Topic::Processes).probing(probes::PORT, Probe::Port(ContentStore)),
    check("port-cache", "does the cache's port answer?", Nothing, 1, Topic::Processes).probing(probes::PORT, Probe::Port(Cache)),
    check("port-web-front", "does the web front's port answer?", Nothing, 1, Topic::Processes).probing(probes::PORT, Probe::Port(WebFront)),
    check("health-content-store", "what does the content store's health check say?", Nothing, 1, Topic::Processes).probing(probes::HEALTH, Probe::Health(ContentStore)),
    check("health-cache", "what does the cache's health check say?", Nothing, 1, Topic::Processes).probing(probes::HEALTH, Probe::Health(Cache)),
    check("health-web-front", "what does the web front's health check say?", Nothing, 1, Topic::Processes).probing(probes::HEALTH, Probe::Health(WebFront)),
    check("process-content-store", "does the content store's process run?", Nothing, 2, Topic::Processes).probing(probes::PROCESS, Probe::Process(ContentStore)),
    check("process-cache", "does the cache's process run?", Nothing, 2, Topic::Processes).probing(probes::PROCESS, Probe::Process(Cache)),
    check("process-web-front", "does the web front's process run?", Nothing, 2, Topic::Processes).probing(probes::PROCESS, Probe::Process(WebFront)),
    check("ask-cache", "does the cache give a text that is on every page?", Nothing, 2, Topic::Cache).probing(probes::ANSWER, Probe::Fragment),
    check("ask-each-fragment", "which texts does the cache give within a second?", Nothing, 3, Topic::Cache).probing(probes::FRAGMENTS, Probe::EachFragment),
    check("ask-store", "does the content store give that text?", Nothing, 2, Topic::Store).probing(probes::ANSWER, Probe::Asset),
    check("read-every-asset", "can every current text be read from the store?", Nothing, 30, Topic::Texts).probing(probes::READABLE, Probe::EveryAsset),
    check("newest-texts", "what did editors publish, by the store's list?", Nothing, 2, Topic::Texts),
    check("deployments", "what was released in the last hour?", Nothing, 2, Topic::Changes).probing(probes::RELEASED, Probe::Deployments),
    check("colleagues", "what do colleagues remember that was done?", Nothing, 5, Topic::Changes).probing(probes::REMEMBERED, Probe::Colleagues),
    check("lines-front", "does the front write that fragments are missing?", Nothing, 5, Topic::FrontCalls).reading(logs::LINES, logs::lines_front),
    check("lines-cache", "does the cache write that it cannot fill?", Nothing, 5, Topic::Fills).reading(logs::LINES, logs::lines_cache),
    check("lines-store", "what does the content store write about itself?", Nothing, 5, Topic::Store).reading(logs::LINES, logs::lines_store),
    check("lines-notices", "does the store write that it cannot notify?", Nothing, 5, Topic::Cache).reading(logs::LINES, logs::lines_notices),
    check("editors-history", "what did editors change, text by text?", Nothing, 12, Topic::Texts).comparing(Suspects::History),
    check("causes-front", "which cause stands in the front's error lines?", Logs, 3, Topic::FrontCalls).reading(logs::CAUSES, logs::causes_front),
    check("causes-cache", "which cause stands in the cache's error lines?", Logs, 3, Topic::Fills).reading(logs::CAUSES, logs::causes_cache),
    check("assets-in-errors", "how many assets do error lines name?", Logs, 4, Topic::Fills).reading(logs::ASSETS, logs::assets_in_errors),
    check("attempts", "how often has a fill been tried?", Logs, 3, Topic::Fills).reading(logs::ATTEMPTS, logs::attempts),
    check("difference-logs", "what changed in the assets that error lines name?", Logs, 6, Topic::Texts).comparing(Suspects::Logs),
    check("failed-share", "which share of visits fails?", Metrics, 1, Topic::Pages).reading(probes::SHARE, metrics::failed_share),
    check("failed-routes", "on which kinds of pages do visits fail?", Metrics, 1, Topic::Pages).reading(metrics::ROUTES, metrics::failed_routes),
    check("traffic", "how many visits are there, against before?", Metrics, 1, Topic::Traffic).reading(metrics::TRAFFIC, metrics::traffic),
    check("front-requests", "how many requests does the front see, against before?", Metrics, 2, Topic::Traffic).reading(metrics::TRAFFIC, metrics::front_requests),
    check("front-errors", "which share of the front's answers are errors?", Metrics, 1, Topic::Pages).reading(metrics::SHARE, metrics::front_errors),
    check("front-latency", "how long does the front take?", Metrics, 1, Topic::FrontLoad).reading(metrics::LATENCY, metrics::front_latency),
    check("front-in-flight", "how many requests is the front working on?", Metrics, 1, Topic::FrontLoad).reading(metrics::IN_FLIGHT, metrics::front_in_flight),
    check("front-calls", "how do the front's calls to the cache end?", Metrics, 2, Topic::FrontCalls).reading(metrics::CALLS, metrics::front_calls),
    check("cache-calls", "how do the cache's calls to the store end?", Metrics, 2, Topic::Fills).reading(metrics::CALLS, metrics::cache_calls),
    check("store-latency", "how long does the content store take?", Metrics, 1, Topic::Store).reading(metrics::LATENCY, metrics::store_latency),
    check("store-refuses", "which share of the store's answers are errors?", Metrics, 1, Topic::Store).reading(metrics::SHARE, metrics::store_refuses),
    check("store-in-flight", "how many requests is the store working on?", Metrics, 1, Topic::Store).reading(metrics::IN_FLIGHT, metrics::store_in_flight),
    check("hit-ratio", "which share of fragments does the cache have?", Metrics, 1, Topic::Cache).reading(metrics::SHARE, metrics::hit_ratio),
    check("permits", "are fill permits free?", Metrics, 2, Topic::Cache).reading(metrics::PERMITS, metrics::permits),
    check("fresh-entries", "which share of the cache is fresh?", Metrics, 2, Topic::Cache).reading(metrics::SHARE, metrics::fresh_entries),
    check("fill-errors", "why do fills fail?", Metrics, 2, Topic::Fills).reading(metrics::FILL_ERRORS, metrics::fill_errors),
    check("customer-calls", "how do customers' calls end?", Metrics, 2, Topic::Pages).reading(metrics::CALLS, metrics::customer_calls),
    check("slowest-trace", "where do the slowest requests wait?", Traces, 3, Topic::FrontLoad).reading(traces::WHERE, traces::slowest),
    check("first-failing-span", "which span fails first?", Traces, 3, Topic::FrontCalls).reading(traces::FAILING, traces::first_failing),
    check("fill-spans", "how do attempts to fill end?", Traces, 3, Topic::Fills).reading(metrics::FILL_ERRORS, traces::fill_spans),
    check("failed-and-served", "how far does a failed request get, against a served one?", Traces, 5, Topic::FrontCalls).reading(traces::REACH, traces::failed_and_served),
    check("difference-traces", "what changed in the assets that failed spans name?", Traces, 4, Topic::Texts).comparing(Suspects::Traces),
    check("published", "how many assets were published in the last hour?", Changes, 1, Topic::Texts).reading(assets::COUNT, changes::published),
    check("started", "which service was started in the last hour?", Changes, 1, Topic::Changes).reading(changes::STARTED, changes::started),
    check("just-before", "was something changed just before the loss?", Changes, 2, Topic::Changes).reading(changes::BEFORE, changes::just_before),
    check("difference-changes", "what was changed in what was published?", Changes, 8, Topic::Texts).comparing(Suspects::Changes),
];

/// The checks that a telemetry level grants, by their places in [`CHECKS`].
pub fn granted(level: Level) -> Vec<usize> {
    (0..CHECKS.len()).filter(|place| CHECKS[*place].needs.is_granted(level)).collect()
}

/// The list in words: names, what they ask and need, outcomes and costs.
pub(crate) fn words() -> Vec<String> {
    let word = |check: &Check| {
        let Check { name, asks, needs, cost_minutes, outcomes, topic, .. } = check;
        format!("{name} {asks} {needs:?} {topic:?} {outcomes:?} {cost_minutes}")
    };
    CHECKS.iter().map(word).collect()
}

/// The hash of the list when it was frozen: scenarios that came later are marked so in their files. A list that was changed since has
/// another hash, and reports show both.
pub const FROZEN_HASH: &str = "2f5595c9eeb72e43";

/// A hash of the list: what was frozen before further scenarios were written.
pub fn hash() -> String {
    format!("{:016x}", fnv_1a(words()))
}

/// A hash of words. (Fowler, Noll and Vo, FNV-1a.)
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
