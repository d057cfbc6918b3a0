//! The catalogue that explanations are matched with: kinds for a first guess, triggers and contributing factors. Teaches that a list of answers,
//! shown in advance, turns an explanation into a multiple-choice question. So each part opens only to a team that has written that part in its own
//! words and pinned evidence to it.
//!
//! The catalogue is the same for every incident. It holds the triggers of all scenarios in the library, and about as many decoys. Triggers that a
//! level's evidence cannot distinguish count as one at that level. The factors are distinct ([`diagnosis::explanation::distinct`]), and each has a
//! question that decides whether it belongs to an incident.

use std::{collections::BTreeSet, sync::LazyLock};

use diagnosis::{
    Answer,
    cause::{Cause, Family, Kind as CauseKind, Place},
};
use incident::{ContributingFactor, Level, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use world::{
    hands::{case, truth},
    scenario::{Drawn, Scenario, library},
};

use crate::claims::{About, Claim};

/// What a first guess is asked for: no more than the kind, so that it lists no answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    Network,
    Disk,
    Release,
    Load,
    Process,
    NotOurs,
}

/// Most words of an entry in its id: enough to tell all entries apart.
const ID_WORDS_MAX: usize = 9;

/// What claims are matched with: the same for every incident. Triggers and factors are empty until they open.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Catalogue {
    /// What a first guess chooses from.
    pub kinds: Vec<Entry>,
    /// What can set an incident off; empty until a claim about the cause has words and evidence.
    pub causes: Vec<Entry>,
    /// What can contribute; empty until a claim about a factor has words and evidence.
    pub factors: Vec<Entry>,
    pub services: Vec<String>,
    /// What opens the parts that are closed; null once all are open.
    pub opens: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Entry {
    pub id: String,
    pub words: String,
    /// For a factor: the question that tells whether it belongs to an incident.
    pub question: Option<&'static str>,
    /// For a factor: which evidence shows it.
    pub shown_by: Option<&'static str>,
}

/// A trigger of incidents, or a decoy.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    pub words: String,
    pub kind: Kind,
    pub place: Place,
    /// Kind and place of the cause; none for a decoy.
    pub parts: Option<Cause>,
}

/// A factor that teams choose from, and how to tell that it contributed.
#[derive(Debug)]
pub struct FactorTest {
    pub factor: ContributingFactor,
    pub question: &'static str,
    pub shown_by: &'static str,
    /// A pin from one of these sources shows the factor.
    pub sources: &'static [&'static str],
    /// A pin from another source shows it if it contains one of these words.
    pub words: &'static [&'static str],
}

const OPENS: &str =
    "Triggers and factors open part by part: write the part in your own words, and pin evidence to it.";

/// The distinct factors, each with its question.
pub const FACTORS: [FactorTest; 9] = [
    FactorTest {
        factor: ContributingFactor::InvalidRendering,
        question: "Would the same text do no harm if each service wrote it by the rules of JSON, HTML, script and XML?",
        shown_by: "a text with its special character, or a line about an answer that cannot be read",
        sources: &[],
        words: &["u+", "0x", "json", "pars", "utf", "escape", "encod", "markup", "script", "cannot be read"],
    },
    FactorTest {
        factor: ContributingFactor::UncheckedContent,
        question: "Was the text unusable however a service writes it, so that a check before publishing would have refused it?",
        shown_by: "the version, its change, or a line that names it",
        sources: &["version", "change"],
        words: &["price", "number", "too large", "list"],
    },
    FactorTest {
        factor: ContributingFactor::PoorErrorHandling,
        question: "Did one failure become many because it was retried, waited for or hidden without a limit, or with no time-out at all?",
        shown_by: "a line or step about attempts, waiting or errors, a chart of work in hand, or a page that fails",
        sources: &["page", "chart"],
        words: &[
            "attempt",
            "retr",
            "again",
            "error",
            "fail",
            "timed out",
            "time-out",
            "timeout",
            "permit",
            "wait",
            "status 5",
            "in flight",
        ],
    },
    FactorTest {
        factor: ContributingFactor::MissingHealthCheck,
        question: "Would a health check that asks 'can you do your work?' have let somebody act, or taken an instance out, sooner?",
        shown_by: "a health answer, pinned while customers fail",
        sources: &["health"],
        words: &["health", "ready"],
    },
    FactorTest {
        factor: ContributingFactor::InadequateTelemetry,
        question: "Was there something that you had to know and that no service told at your level?",
        shown_by: "the line, chart or answer that says too little",
        sources: &["log", "health", "page", "chart"],
        words: &[],
    },
    FactorTest {
        factor: ContributingFactor::LostInvalidation,
        question: "Did a service keep an old copy after the text had changed, because no notice of the change reached it?",
        shown_by: "the change beside an answer that is still the old one",
        sources: &["version", "change"],
        words: &["notif", "stale", "missing", "404", "not found", "hit"],
    },
    FactorTest {
        factor: ContributingFactor::UnsuitableTimeout,
        question: "Where a time-out was set (a missing one is poor error handling), would another value alone have made the incident smaller?",
        shown_by: "a line or step that says how long it waited, or the setting",
        sources: &["span"],
        words: &["timed out", "time-out", "timeout", "408", "504", "deadline", "in time"],
    },
    FactorTest {
        factor: ContributingFactor::UnsafeRelease,
        question: "Did a release reach every customer at once, where a first step with few would have shown that it fails?",
        shown_by: "the change, or evidence that names the version",
        sources: &["change"],
        words: &["release", "version 1", "1.4"],
    },
    FactorTest {
        factor: ContributingFactor::InsufficientCapacity,
        question: "Did every part work, but with too little capacity for the work that came?",
        shown_by: "a chart of load, or a line about refused or waiting work",
        sources: &["chart"],
        words: &["in flight", "capacity", "503", "refus", "full", "queue", "busy"],
    },
];

/// Decoys: plausible triggers that no scenario of the library has.
const DECOYS: [(&str, Kind, Place); 21] = [
    ("An editor publishes a text with an unclosed tag", Kind::Text, Place::Texts),
    ("An editor publishes an image in place of a text", Kind::Text, Place::Texts),
    ("An editor publishes a text that is far too long", Kind::Text, Place::Texts),
    ("An editor deletes a text that pages still show", Kind::Text, Place::Texts),
    ("A translation tool saves every text anew", Kind::Text, Place::Texts),
    ("A firewall change closes the way to the cache", Kind::Network, Place::FrontToCache),
    ("The name of the content store leads to an old address", Kind::Network, Place::CacheToStore),
    ("The network between cache and content store loses large answers", Kind::Network, Place::CacheToStore),
    ("A backup takes the time of the content store's disk", Kind::Disk, Place::ContentStore),
    ("Log files fill the disk beneath the web front", Kind::Disk, Place::WebFront),
    ("A release of the cache names its entries in another way", Kind::Release, Place::Cache),
    ("A release of the content store cannot read what was saved before", Kind::Release, Place::ContentStore),
    ("A release of the web front asks for every text twice", Kind::Release, Place::WebFront),
    ("A search robot opens every page of the shop", Kind::Load, Place::WebFront),
    ("An import asks the content store for every version of every text", Kind::Load, Place::ContentStore),
    ("Somebody opens connections to the shop and sends nothing", Kind::Load, Place::WebFront),
    ("The cache's process is ended for want of memory", Kind::Process, Place::Cache),
    ("The web front's process ends and nobody starts it again", Kind::Process, Place::WebFront),
    ("A job restarts the cache every few minutes", Kind::Process, Place::Cache),
    ("The payment provider does not answer", Kind::NotOurs, Place::Outside),
    ("A help desk reports one customer's broken browser as an outage", Kind::NotOurs, Place::Outside),
];

/// Groups of triggers that look the same below a level. The level opens the evidence that distinguishes them: the content of a text from `logs` on,
/// changes over time from `metrics` on.
const ALIKE_BELOW: [(Level, &[&str]); 4] = [
    (
        Level::Logs,
        &[
            "An editor publishes a text with a control character",
            "An editor publishes a text with a NUL that is on every page",
            "An editor publishes bytes that are not UTF-8",
        ],
    ),
    (
        Level::Logs,
        &[
            "An editor publishes a price list with decimal commas",
            "An editor publishes a price list with digits of full width",
            "An editor publishes a price list with Unicode line separators",
            "A generated price list outgrows what the web front has room for",
        ],
    ),
    (
        Level::Logs,
        &[
            "The network between web front and cache breaks connections",
            "The certificate between web front and cache expires",
        ],
    ),
    (
        Level::Metrics,
        &[
            "The disk beneath the content store becomes slow",
            "The disk beneath the content store becomes slower and slower",
        ],
    ),
];

/// Every scenario, read once: otherwise each refresh of a page would read thirty files, ten times a second.
pub(crate) static LIBRARY: LazyLock<Vec<Scenario>> = LazyLock::new(library);

/// The triggers of all scenarios and the decoys, in alphabetical order without duplicates.
static TRIGGERS: LazyLock<Vec<Trigger>> = LazyLock::new(|| {
    let of_scenario = |scenario: &Scenario| {
        let case = case(scenario);
        let parts = case.parts;
        Trigger { words: case.cause, kind: Kind::of(parts), place: parts.place, parts: Some(parts) }
    };
    let decoys =
        DECOYS.map(|(words, kind, place)| Trigger { words: words.to_owned(), kind, place, parts: None });
    let mut all: Vec<Trigger> = LIBRARY.iter().map(of_scenario).chain(decoys).collect();
    all.sort_by(|one, other| one.words.cmp(&other.words));
    all.dedup_by(|one, other| one.words == other.words);
    all
});

impl Kind {
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Network, Self::Disk, Self::Release, Self::Load, Self::Process, Self::NotOurs];

    pub fn of(cause: Cause) -> Self {
        match cause.kind.family() {
            _ if cause.place == Place::Outside => Self::NotOurs,
            Family::Texts => Self::Text,
            Family::Releases => Self::Release,
            Family::Processes => Self::Process,
            Family::Network => Self::Network,
            Family::Storage if cause.kind == CauseKind::Uploads => Self::Load,
            Family::Storage => Self::Disk,
            Family::Load => Self::Load,
            Family::Outside => Self::NotOurs,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "a text that somebody saved",
            Self::Network => "the network between two services",
            Self::Disk => "a disk",
            Self::Release => "a release or a setting",
            Self::Load => "more work than there is room for",
            Self::Process => "a process that ended or stands still",
            Self::NotOurs => "nothing in our shop",
        }
    }

    fn id(self) -> String {
        let id = serde_json::to_value(self).expect("a kind is a word");
        id.as_str().unwrap_or_default().to_owned()
    }
}

impl Catalogue {
    /// The parts of the catalogue that are open to a team with these claims.
    pub fn open_to(claims: &[Claim]) -> Self {
        let is_open =
            |about: About| claims.iter().any(|claim| claim.about == about && !claim.pins.is_empty());
        let (causes_open, factors_open) = (is_open(About::Cause), is_open(About::Factor));
        let all = Self::whole();
        Self {
            causes: if causes_open { all.causes } else { Vec::new() },
            factors: if factors_open { all.factors } else { Vec::new() },
            opens: (!causes_open || !factors_open).then_some(OPENS),
            ..all
        }
    }

    /// The complete catalogue.
    pub fn whole() -> Self {
        let entry =
            |id: String, words: &str| Entry { id, words: words.to_owned(), question: None, shown_by: None };
        let factor = |test: &FactorTest| Entry {
            question: Some(test.question),
            shown_by: Some(test.shown_by),
            ..entry(id_of(test.factor.description()), test.factor.description())
        };
        Self {
            kinds: Kind::ALL.iter().map(|kind| entry(kind.id(), kind.words())).collect(),
            causes: TRIGGERS.iter().map(|trigger| entry(id_of(&trigger.words), &trigger.words)).collect(),
            factors: FACTORS.iter().map(factor).collect(),
            services: Service::ALL.iter().map(ToString::to_string).collect(),
            opens: None,
        }
    }
}

/// A trigger by its id.
pub fn trigger(id: &str) -> Option<&'static Trigger> {
    TRIGGERS.iter().find(|trigger| id_of(&trigger.words) == id)
}

/// The words of a trigger by its id.
pub fn cause(id: &str) -> Option<String> {
    trigger(id).map(|trigger| trigger.words.clone())
}

/// A contributing factor that teams choose from, by its id.
pub fn factor(id: &str) -> Option<ContributingFactor> {
    FACTORS.iter().map(|test| test.factor).find(|factor| id_of(factor.description()) == id)
}

/// The test of a factor; none if teams cannot choose that factor.
pub fn test_of(factor: ContributingFactor) -> Option<&'static FactorTest> {
    FACTORS.iter().find(|test| test.factor == factor)
}

/// The id of an entry: its first words. It depends on no other entry, so that saved sessions stay valid when the catalogue grows. It contains no
/// internal name, which participants must not read.
pub fn id_of(words: &str) -> String {
    let words = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(ID_WORDS_MAX).map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// Whether two triggers count as one at a level: they are equal, or the level's evidence cannot distinguish them.
pub fn is_same_at(level: Level, one: &str, other: &str) -> bool {
    let alike = |(below, group): &(Level, &[&str])| {
        level < *below && [one, other].iter().all(|words| group.contains(words))
    };
    one == other || ALIKE_BELOW.iter().any(alike)
}

/// The right answer for a team that began at this level. It holds only distinct factors, and inadequate telemetry only below the richest level.
pub fn truth_at(level: Level, scenario: &Scenario, drawn: &Drawn) -> Answer {
    let mut answer = truth(scenario, drawn);
    answer.factors = diagnosis::explanation::distinct(&answer.factors);
    if level == Level::RICHEST {
        answer.factors.remove(&ContributingFactor::InadequateTelemetry);
    }
    answer
}

/// Whether a text contains one of these words, which are in lower case. The case of the text does not matter.
pub(crate) fn holds_any(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| text.contains(word))
}

/// The wording of every trigger in the catalogue.
pub fn causes() -> BTreeSet<String> {
    TRIGGERS.iter().map(|trigger| trigger.words.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_answers_is_long_and_opens_only_to_who_has_said_and_shown_it() {
        let whole = Catalogue::whole();
        assert!(whole.causes.len() >= 40, "{}", whole.causes.len());
        let scenarios: BTreeSet<&str> =
            LIBRARY.iter().map(|scenario| scenario.truth.trigger.as_str()).collect();
        assert!(whole.causes.iter().filter(|entry| !scenarios.contains(entry.words.as_str())).count() >= 15);
        let claim = |about, pins: &[&str]| Claim {
            id: "c1".into(),
            about,
            words: "the cache hangs".into(),
            pins: pins.iter().map(ToString::to_string).collect(),
            choice: None,
        };
        let open = |claims: &[Claim]| {
            let open = Catalogue::open_to(claims);
            (!open.causes.is_empty(), !open.factors.is_empty(), open.opens.is_some())
        };
        assert_eq!(open(&[]), (false, false, true));
        assert_eq!(open(&[claim(About::Cause, &[])]), (false, false, true), "without evidence");
        assert_eq!(open(&[claim(About::Cause, &["p1"])]), (true, false, true));
        assert_eq!(open(&[claim(About::Cause, &["p1"]), claim(About::Factor, &["p1"])]), (true, true, false));
        assert!(!Catalogue::open_to(&[]).kinds.is_empty());
    }

    #[test]
    fn ids_tell_all_entries_apart_and_name_nothing_of_the_program() {
        let Catalogue { causes, factors, .. } = Catalogue::whole();
        let ids: BTreeSet<&String> = causes.iter().chain(&factors).map(|entry| &entry.id).collect();
        assert_eq!(ids.len(), causes.len() + factors.len(), "{ids:?}");
        for Entry { id, words, .. } in causes.iter().chain(&factors) {
            assert_eq!(*id, id_of(words));
            assert!(!id.contains('-'), "{id} could be a name of the program's own");
        }
    }

    #[test]
    fn factors_are_few_and_each_has_its_question() {
        let offered: BTreeSet<ContributingFactor> = FACTORS.iter().map(|test| test.factor).collect();
        assert_eq!(
            offered,
            diagnosis::explanation::distinct(&ContributingFactor::ALL.iter().copied().collect())
        );
        assert!(FACTORS.iter().all(|test| test.question.ends_with('?')));
        assert!(FACTORS.iter().all(|test| !test.sources.is_empty() || !test.words.is_empty()));
    }

    #[test]
    fn what_no_evidence_tells_apart_is_one_answer_until_some_does() {
        let [control, nul] = [ALIKE_BELOW[0].1[0], ALIKE_BELOW[0].1[1]];
        assert!(is_same_at(Level::Dark, control, nul) && !is_same_at(Level::Logs, control, nul));
        assert!(is_same_at(Level::RICHEST, nul, nul));
        let known = causes();
        for (_, group) in ALIKE_BELOW {
            assert!(group.iter().all(|words| known.contains(*words)), "{group:?}");
        }
    }

    #[test]
    fn telemetry_that_was_there_did_not_contribute() {
        let scenario = LIBRARY.iter().find(|scenario| scenario.name == world::scenario::STORY).unwrap();
        let drawn = world::scenario::draw(scenario, 1);
        let named = |level| {
            truth_at(level, scenario, &drawn).factors.contains(&ContributingFactor::InadequateTelemetry)
        };
        assert!(named(Level::Dark) && named(Level::Traces) && !named(Level::RICHEST));
    }
}
