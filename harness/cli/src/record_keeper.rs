//! What `up` and `watch` write into the record: who did what to the shop, read from its services' journals; when availability was lost and
//! restored; and that the story has ended. Teaches that a record is kept while things happen, by whoever sees them.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use chassis::{
    Level,
    journal::{Action, EDITOR, Entry, Journaled},
};
use incident::{EventKind, IncidentRecord, Remedy, Service, counted_visits, event::by, outages};
use world::{Editor, addresses::Operators};

use crate::{
    args::Format,
    debrief,
    operators::Operator,
    output::plain,
    screen::{self, LiveShop, Screen},
    target::Token,
};

/// How long a service may take to show its journal.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Stands for the process supervisor in the record: it alone can replace a process.
const WHO_RUNS_IT: &str = "whoever runs it";

/// A process that began this many seconds later than the known one is a new one: ages are exact to a fraction of that.
const ANOTHER_PROCESS_S: f64 = 1.0;

/// Actions on all three services within this many seconds are one: a restoration, or one turn of a switch.
const TOGETHER_S: f64 = 15.0;

pub(crate) struct RecordKeeper {
    journals: Vec<Journal>,
    /// The versions that the content store was last seen with, where its journal cannot be read.
    versions: BTreeMap<String, u64>,
    /// What was last told of several services at once, and when.
    together: BTreeMap<String, f64>,
    restored_at_s: Option<f64>,
    outages_told: usize,
    recoveries_told: usize,
    has_ended: bool,
    level: Option<Level>,
}

struct Journal {
    service: Service,
    operator: Operator,
    last: u64,
    /// When its process began, in the shop's time.
    began_s: Option<f64>,
    is_open: bool,
}

/// A action, and when it was done in the shop's time.
struct Dated {
    at_s: f64,
    service: Service,
    who: String,
    action: Action,
}

impl RecordKeeper {
    /// Reads the journals at these operator ports; without them, only the content store's public versions.
    pub(crate) fn new(operators: Option<&Operators>) -> anyhow::Result<Self> {
        let operators = operators
            .map(|operators| Operator::all(operators, &Token::given(&operators.token), ANSWER_TIMEOUT));
        let operators = operators.transpose()?.into_iter().flatten();
        let journals = operators.filter_map(|operator| {
            Some(Journal { service: operator.service?, operator, last: 0, began_s: None, is_open: false })
        });
        Ok(Self {
            journals: journals.collect(),
            versions: BTreeMap::new(),
            together: BTreeMap::new(),
            restored_at_s: None,
            outages_told: 0,
            recoveries_told: 0,
            has_ended: false,
            level: None,
        })
    }

    /// The telemetry level that operators last set, if they did.
    pub(crate) fn level(&self) -> Option<Level> {
        self.level
    }

    /// Looks once: at the journals, at the content store where its journal is shut, and at the customers.
    pub(crate) async fn look(&mut self, shop: &impl LiveShop, editor: &Editor, screen: &Screen) {
        let mut done = Vec::new();
        for journal in &mut self.journals {
            done.extend(journal.read(shop).await);
        }
        done.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
        for done in done {
            self.note(done, shop, screen);
        }
        let store = self.journals.iter().find(|journal| journal.service == Service::ContentStore);
        if store.is_none_or(|journal| !journal.is_open) {
            self.look_at_versions(shop, editor, screen).await;
        } else {
            self.versions.clear();
        }
        self.look_at_customers(shop, screen);
    }

    /// Writes an action into the record, as what it means for the shop.
    fn note(&mut self, done: Dated, shop: &impl LiveShop, screen: &Screen) {
        let Dated { at_s, service, who, action } = done;
        let event = match action {
            Action::Published { asset, version } => {
                // Whoever empties a store fills it again: that is no publish of anybody's.
                if version.0 == 1 && self.restored_at_s.is_some_and(|then| at_s - then < TOGETHER_S) {
                    return;
                }
                EventKind::Published {
                    asset: asset.to_string(),
                    version: version.0,
                    by: EDITOR.to_owned(),
                    characters: Vec::new(),
                }
            }
            Action::RolledBack { asset, version } => {
                let asset = asset.to_string();
                let remedy = EventKind::Remedy(Remedy::RollBack { asset: asset.clone() });
                tell(shop, screen, at_s, &who, remedy);
                EventKind::Published {
                    asset,
                    version: version.0,
                    by: "responder".to_owned(),
                    characters: Vec::new(),
                }
            }
            Action::Deleted { asset } => EventKind::Note { text: format!("{asset} is deleted") },
            Action::Restarted => EventKind::Remedy(Remedy::Restart { service }),
            Action::Flushed => EventKind::Remedy(Remedy::FlushCache),
            Action::Reset => {
                if self.restored_at_s.is_some_and(|then| at_s - then < TOGETHER_S) {
                    return;
                }
                if service == Service::ContentStore {
                    self.restored_at_s = Some(at_s);
                    EventKind::Remedy(Remedy::Restore)
                } else {
                    EventKind::Remedy(Remedy::Restart { service })
                }
            }
            Action::Repaired { fault } => EventKind::Remedy(Remedy::Repair { fault }),
            Action::BroughtBack { fault } => EventKind::Note { text: format!("{} is back", fault.name()) },
            Action::SetLevel { level } => {
                self.level = Some(level);
                EventKind::Note { text: format!("the telemetry level is {}", level.name()) }
            }
        };
        // All three services are told of a switch, and each tells it.
        if matches!(&event, EventKind::Remedy(Remedy::Repair { .. }) | EventKind::Note { .. }) {
            let then_s = self.together.insert(event.to_string(), at_s);
            if then_s.is_some_and(|then_s| at_s - then_s < TOGETHER_S) {
                return;
            }
        }
        tell(shop, screen, at_s, &who, event);
    }

    /// Notes each version that has become current since the last look: anybody may ask for that, and nobody learns who did it.
    async fn look_at_versions(&mut self, shop: &impl LiveShop, editor: &Editor, screen: &Screen) {
        // A store that is just being restarted is asked again at the next look.
        let Ok(current) = editor.list().await else { return };
        let is_first_look = self.versions.is_empty();
        for (asset, version) in current {
            if self.versions.insert(asset.clone(), version) != Some(version) && !is_first_look {
                let event =
                    EventKind::Published { asset, version, by: EDITOR.to_owned(), characters: Vec::new() };
                tell(shop, screen, shop.at_s(), EDITOR, event);
            }
        }
    }

    fn look_at_customers(&mut self, shop: &impl LiveShop, screen: &Screen) {
        // Nothing more is told; and a shop that runs for days must not go through all of its visits at each look.
        if self.has_ended {
            return;
        }
        let (outages, times, ended) = {
            let record = shop.record();
            let rules = record.rules();
            // Younger visits may still end badly.
            let known_s = screen::whole_seconds(shop.at_s()).saturating_sub(rules.customers_wait_s);
            let outages = record.timeline_until(known_s).outages(rules);
            let time = |at_s: u32| record.story().time_at(record.clock().story_at(at_s.into())).to_string();
            let times: Vec<_> =
                outages.iter().map(|(lost, restored)| (time(*lost), restored.map(time))).collect();
            let story_s = record.clock().story_at(shop.at_s());
            (outages.len(), times, story_s >= record.story().ends_s())
        };
        for (lost, _) in times.iter().skip(self.outages_told) {
            screen.say(&format!("{lost}  availability is lost"));
        }
        self.outages_told = self.outages_told.max(outages);
        let restored = times.iter().filter_map(|(_, restored)| restored.as_ref());
        for restored in restored.clone().skip(self.recoveries_told) {
            screen.say(&format!("{restored}  availability is restored, and has held since"));
        }
        self.recoveries_told = self.recoveries_told.max(restored.count());
        if ended {
            self.has_ended = true;
            let ends = shop.record().story().ends;
            screen.say(&format!(
                "{ends}  The story has ended: what happens from now on costs nothing and enters no figure. Shop, customers and record \
                 go on. For another story close this one and start anew; --speed says how fast it runs."
            ));
        }
    }
}

impl Journal {
    /// What was done since the last time. What was done before the customers came is no part of the record.
    async fn read(&mut self, shop: &impl LiveShop) -> Vec<Dated> {
        let mut done = Vec::new();
        self.is_open = false;
        let Some((mut journaled, mut now_s)) = self.ask(shop).await else { return done };
        let began_s = now_s - journaled.runs_for_s;
        if self.began_s.is_some_and(|known_s| began_s - known_s > ANOTHER_PROCESS_S) {
            // Another process: its journal begins anew.
            self.last = 0;
            let Some((anew, later_s)) = self.ask(shop).await else { return done };
            (journaled, now_s) = (anew, later_s);
            let (service, who) = (self.service, WHO_RUNS_IT.to_owned());
            done.push(Dated { at_s: began_s, service, who, action: Action::Restarted });
        }
        self.is_open = true;
        self.began_s = Some(now_s - journaled.runs_for_s);
        for Entry { number, ago_s, who, action } in journaled.entries {
            self.last = number;
            let at_s = now_s - ago_s;
            if at_s >= 0.0 {
                done.push(Dated { at_s, service: self.service, who, action });
            }
        }
        done
    }

    async fn ask(&self, shop: &impl LiveShop) -> Option<(Journaled, f64)> {
        let journaled = self.operator.ask(&format!("/journal?after={}", self.last)).await.ok()?;
        Some((journaled, shop.at_s()))
    }
}

pub(crate) fn tell(shop: &impl LiveShop, screen: &Screen, at_s: f64, who: &str, event: EventKind) {
    let said = match &event {
        EventKind::Published { by, .. } if by == "responder" => None,
        EventKind::Published { .. } => Some(event.to_string()),
        _ => Some(format!("{event}{}", by(who))),
    };
    let time = {
        let mut record = shop.record();
        record.push_by(at_s, who, event);
        record.story().time_at(record.clock().story_at(at_s)).to_string()
    };
    if let Some(said) = said {
        screen.say(&format!("{time}  {}", plain(&said)));
    }
}

/// Says what came of a run, and where its record was left; or the record itself, for programs.
pub(crate) fn say_outcome(
    record: &IncidentRecord,
    format: Format,
    screen: &Screen,
    files: Option<&[PathBuf; 3]>,
) {
    if format == Format::Json {
        screen::line(&record.to_json());
        return;
    }
    for line in summary(record) {
        screen.say(&line);
    }
    if let Some(files) = files {
        screen.say_as_it_is(&debrief::named(record, files));
    }
}

fn summary(record: &IncidentRecord) -> Vec<String> {
    let story = &record.run.story;
    let time = |story_s: f64| story.time_at(story_s);
    let mut lines: Vec<String> = outages(record)
        .iter()
        .map(|outage| match outage.restored_s {
            Some(restored_s) => format!(
                "Lost at {}, restored at {}: {:.0} story minutes.",
                time(outage.lost_s),
                time(restored_s),
                (restored_s - outage.lost_s) / 60.0
            ),
            None => format!("Lost at {}, not restored before the story ended.", time(outage.lost_s)),
        })
        .collect();
    if lines.is_empty() {
        lines.push("Availability was never lost.".to_owned());
    }
    lines.push(format!(
        "{} of {} visits failed; {} of trade lost ({}). Figures count until {} at the latest.",
        record.outcome.failed_visits,
        counted_visits(record).visits(),
        record.outcome.incident_financial_loss_usd,
        record.run.response(),
        story.ends
    ));
    lines
}
