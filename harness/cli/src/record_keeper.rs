//! What `up` and `watch` write into the record: actions on the shop, from its services' journals; when availability was lost and restored;
//! and the end of the story. Teaches that a record is kept while things happen, by a witness.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use chassis::{
    Level,
    journal::{Action, EDITOR, Entry, Journaled},
};
use incident::{
    EventKind, IncidentRecord, LatentFault, Remedy, Rules, Run, Service, counted_visits, event::by, outages,
    words::ClockKind,
};
use world::{Editor, Trade, addresses::Operators};

use crate::{
    args::Format,
    debrief,
    operators::Operator,
    output::plain,
    screen::{self, Screen},
    target::Token,
};

const LINE_EVERY: u32 = 10;

/// Interval between two updates of the screen, and between two reads of the journals.
pub(crate) const TICK: Duration = Duration::from_secs(1);

const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Names the process supervisor in the record: only it can replace a process.
const WHO_RUNS_IT: &str = "whoever runs it";

/// A process whose start time is this many seconds later is a new one. Ages are exact to a fraction of that.
const ANOTHER_PROCESS_S: f64 = 1.0;

/// The same action on several services within this many seconds counts as one: a reset, or one turn of a switch.
const TOGETHER_S: f64 = 15.0;

/// The header of a live run's record.
pub(crate) fn run_of(
    level: Level,
    faults_present: Vec<LatentFault>,
    seed: u64,
    (scenario, responder): (&str, &str),
    speed: f64,
    rules: Rules,
) -> Run {
    Run {
        scenario: scenario.to_owned(),
        speed,
        responder: responder.to_owned(),
        faults_present: faults_present.into_iter().collect(),
        rules,
        ..Run::new(seed, level, ClockKind::Live)
    }
}

pub(crate) struct RecordKeeper {
    journals: Vec<Journal>,
    /// The last known versions of the content store's assets, for a store whose journal cannot be read.
    versions: BTreeMap<String, u64>,
    /// When each action on several services was last recorded, in the shop's time.
    together: BTreeMap<String, f64>,
    restored_at_s: Option<f64>,
    /// How many losses and restorations of availability have been printed.
    turns_told: usize,
    has_ended: bool,
    level: Option<Level>,
    ticks: u32,
}

struct Journal {
    service: Service,
    operator: Operator,
    last: u64,
    /// When the service's process started, in the shop's time.
    began_s: Option<f64>,
    is_open: bool,
}

/// An action, with its time on the shop's clock.
struct Dated {
    at_s: f64,
    service: Service,
    who: String,
    action: Action,
}

impl RecordKeeper {
    /// Reads the journals at these operator ports. Without operator ports it reads only the content store's public versions.
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
            turns_told: 0,
            has_ended: false,
            level: None,
            ticks: 0,
        })
    }

    /// The telemetry level that operators set last, if any.
    pub(crate) fn level(&self) -> Option<Level> {
        self.level
    }

    pub(crate) async fn tick(&mut self, shop: &Trade, editor: &Editor, screen: &Screen) {
        self.look(shop, editor, screen).await;
        screen.show(shop, "");
        self.ticks += 1;
        if self.ticks.is_multiple_of(LINE_EVERY) {
            screen.show_line(shop);
        }
    }

    /// Polls once: the journals, the content store's versions if its journal is closed, and the customers.
    pub(crate) async fn look(&mut self, shop: &Trade, editor: &Editor, screen: &Screen) {
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

    /// Translates an action into an event of the record.
    fn note(&mut self, done: Dated, shop: &Trade, screen: &Screen) {
        let Dated { at_s, service, who, action } = done;
        let event = match action {
            Action::Published { asset, version } => {
                // A reset refills the store with first versions. These are no publishes by an editor.
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
        // A switch is set at all three services, and each journals it. Record it once.
        if matches!(&event, EventKind::Remedy(Remedy::Repair { .. }) | EventKind::Note { .. }) {
            let then_s = self.together.insert(event.to_string(), at_s);
            if then_s.is_some_and(|then_s| at_s - then_s < TOGETHER_S) {
                return;
            }
        }
        tell(shop, screen, at_s, &who, event);
    }

    /// Records each version that has become current since the last poll. Anybody may read the versions, but they do not say who published
    /// them.
    async fn look_at_versions(&mut self, shop: &Trade, editor: &Editor, screen: &Screen) {
        // A store that is restarting is asked again at the next poll.
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

    fn look_at_customers(&mut self, shop: &Trade, screen: &Screen) {
        // Nothing is printed after the end of the story. Besides, in a shop that runs for days each poll would go through all of its
        // visits.
        if self.has_ended {
            return;
        }
        let (turns, ended) = {
            let record = shop.record();
            let rules = record.rules();
            // More recent visits may still fail.
            let known_s = screen::whole_seconds(shop.at_s()).saturating_sub(rules.customers_wait_s);
            let outages = record.timeline_until(known_s).outages(rules);
            let time = |at_s: u32| record.story().time_at(record.clock().story_at(at_s.into()));
            let turns = outages.iter().flat_map(|(lost, restored)| {
                let lost = format!("{}  availability is lost", time(*lost));
                let restored = restored
                    .map(|at_s| format!("{}  availability is restored, and has held since", time(at_s)));
                [Some(lost), restored].into_iter().flatten()
            });
            let story_s = record.clock().story_at(shop.at_s());
            (turns.skip(self.turns_told).collect::<Vec<_>>(), story_s >= record.story().ends_s())
        };
        self.turns_told += turns.len();
        for turn in &turns {
            screen.say(turn);
        }
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
    /// Actions since the last poll. Those from before the customers' arrival are not part of the record.
    async fn read(&mut self, shop: &Trade) -> Vec<Dated> {
        let mut done = Vec::new();
        self.is_open = false;
        let Some((mut journaled, mut now_s)) = self.ask(shop).await else { return done };
        let began_s = now_s - journaled.runs_for_s;
        if self.began_s.is_some_and(|known_s| began_s - known_s > ANOTHER_PROCESS_S) {
            // A new process has a new journal: read it from the start.
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

    async fn ask(&self, shop: &Trade) -> Option<(Journaled, f64)> {
        let journaled = self.operator.ask(&format!("/journal?after={}", self.last)).await.ok()?;
        Some((journaled, shop.at_s()))
    }
}

pub(crate) fn tell(shop: &Trade, screen: &Screen, at_s: f64, who: &str, event: EventKind) {
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

/// Prints the outcome of a run and where its record is; for programs, the record itself.
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
