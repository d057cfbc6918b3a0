//! A small session, made by hand, for the tests of the debrief: two teams have played the story's incident, one at `logs`, one at `changes`.

use std::{collections::BTreeMap, sync::Arc};

use diagnosis::explanation::RIGHT_FROM;
use incident::{
    ContributingFactor, EventKind, IncidentRecord, LatentFault, Level, OperatingModel, Recorder, Remedy,
    Route, Rules, Run, Service, Visits, words::ClockKind,
};
use world::scenario::{STORY, draw, scenario};

use report::session::{SessionReport, TeamRound};

use super::rounds::{RecordKept, Records, recorded};
use crate::{
    catalogue::{Kind, causes, id_of, truth_at},
    claims::{About, Claim, Pin, scored, services_in},
    played::{
        Expectation, Expected, Guess, Hypothesis, KnownThen, Look, Moment, Outlook, Played, Question,
        Submitted,
    },
    roles::{Command, Decided, Proposal, taken},
    session::{Assigned, Phase, Round, SCHEMA, Session, Team},
    voices::{UPDATE, Voice},
};

pub(crate) const SEED: u64 = 3;
pub(crate) const SPEED: f64 = 15.0;
pub(crate) const LOST_AT_S: u32 = 90;
pub(crate) const RESTORED_AT_S: u32 = 500;
pub(crate) const SAW_ASSET_S: f64 = 3_000.0;
pub(crate) const PINNED_S: f64 = 3_600.0;
pub(crate) const EXPLAINED_S: f64 = 7_200.0;

pub(crate) struct Sample {
    pub(crate) session: Session,
    pub(crate) records: Records,
}

impl Sample {
    pub(crate) fn new() -> Self {
        let assigned = |level| Assigned { scenario: STORY.to_owned(), text: None, seed: SEED, level };
        let round = |practice, levels: [Level; 2]| Round {
            practice,
            operating_model: OperatingModel::YouBuildIt,
            speed: SPEED,
            minutes: 12.0,
            updates: None,
            assigned: levels.map(assigned).into(),
        };
        let plan = vec![round(true, [Level::Metrics; 2]), round(false, [Level::Logs, Level::Changes])];
        let teams = [1, 2].map(|number| team(number, &plan));
        let mut records = BTreeMap::new();
        for team in &teams {
            for played in &team.played {
                let level = plan[played.round].assigned[team.number as usize - 1].level;
                records.insert(
                    (team.number, played.round),
                    Arc::new(RecordKept::of(record(team, played, level))),
                );
            }
        }
        let session = Session {
            schema: SCHEMA.to_owned(),
            seed: SEED,
            code: "ABCDEF".to_owned(),
            facilitator_token: "f".to_owned(),
            teams: teams.into(),
            plan,
            phase: Phase::Debrief,
            current: Some(1),
            ..Session::default()
        };
        Self { session, records }
    }

    pub(crate) fn report(&self) -> SessionReport {
        recorded(&self.session, &self.records).unwrap()
    }

    pub(crate) fn round(&self, team: u32, number: usize) -> TeamRound {
        let mut rounds = self.report().rounds.into_iter();
        rounds.find(|round| (round.team, round.number) == (team, number)).unwrap()
    }
}

pub(crate) fn run() -> Run {
    Run {
        scenario: STORY.to_owned(),
        operating_model: OperatingModel::YouBuildIt,
        speed: SPEED,
        responder: "a team".to_owned(),
        version: "0".to_owned(),
        faults_present: LatentFault::ALL.into(),
        rules: Rules { explanation_right_from: RIGHT_FROM, ..Rules::default() },
        ..Run::new(SEED, Level::Logs, ClockKind::Live)
    }
}

fn team(number: u32, plan: &[Round]) -> Team {
    let played = |(place, round): (usize, &Round)| {
        let level = round.assigned[number as usize - 1].level;
        let mut played = Played::new(place, level, round.operating_model);
        played.people = 2;
        if !round.practice {
            fill(number, &mut played);
        }
        played
    };
    Team {
        number,
        // A name that a page must not take for markup.
        name: format!("Team <{number}>"),
        token: format!("t{number}"),
        shop_key: format!("k{number}"),
        forward: None,
        played: plan.iter().enumerate().map(played).collect(),
    }
}

fn fill(number: u32, played: &mut Played) {
    let cause = |text: &str| {
        assert!(causes().iter().any(|known| known == text));
        id_of(text)
    };
    let right = cause("An editor publishes a text with a control character");
    if number == 2 {
        played.guess = Some(Guess { kind: Some(Kind::Text), confidence: Some(20), by: "Cy".to_owned() });
        return;
    }
    played.guess = Some(Guess { kind: Some(Kind::Disk), confidence: Some(60), by: "Ada".to_owned() });

    let look = |story_s: f64, names: &[&str]| Look {
        when: Moment { at_s: (story_s + 900.0) / SPEED, story_s },
        at: "logs".to_owned(),
        query: "level=error".to_owned(),
        named: names.iter().map(ToString::to_string).collect(),
        line: None,
    };
    played.looks = vec![
        look(-880.0, &["promo-banner"]),
        look(2_000.0, &["site-footer"]),
        look(SAW_ASSET_S, &["promo-banner"]),
    ];
    let text = "cache: the envelope of promo-banner is not JSON; the web front waits";
    let pin = |id: &str, story: &str| Pin {
        id: id.to_owned(),
        by: "Ada".to_owned(),
        story: story.to_owned(),
        source: "log".to_owned(),
        shows_story: "08:20".to_owned(),
        shows_story_s: 1_200.0,
        label: "cache 08:20 <not JSON>".to_owned(),
        text: text.to_owned(),
        named: ["promo-banner".to_owned()].into(),
        services: services_in(text),
    };
    played.pins = vec![pin("p1", "09:00"), pin("p2", "09:40")];
    played.hypotheses = vec![Hypothesis {
        id: "h3".to_owned(),
        by: "Bo".to_owned(),
        story: "08:30".to_owned(),
        text: "it is the <cache>".to_owned(),
        struck: true,
    }];
    let factor = |wanted: ContributingFactor| id_of(wanted.description());
    let claim = |id: u32, about, words: &str, pins: &[u32], choice: String| Claim {
        id: format!("c{id}"),
        about,
        words: words.to_owned(),
        pins: pins.iter().map(|pin| format!("p{pin}")).collect(),
        choice: Some(choice),
    };
    played.claims = vec![
        claim(4, About::Cause, "somebody saved a <bad> sign", &[2, 1], right),
        claim(5, About::Asset, "the banner", &[1], "promo-banner".to_owned()),
        claim(6, About::Path, "the cache hangs", &[2], "cache,web-front".to_owned()),
        claim(7, About::Factor, "it is not checked", &[2], factor(ContributingFactor::InvalidRendering)),
        claim(8, About::Factor, "it tries for ever", &[], factor(ContributingFactor::PoorErrorHandling)),
        claim(
            10,
            About::Factor,
            "the line says too little",
            &[1],
            factor(ContributingFactor::InadequateTelemetry),
        ),
        claim(9, About::Factor, "too little of it", &[1], factor(ContributingFactor::InsufficientCapacity)),
    ];
    played.explained =
        Some(Submitted { story: "10:00".to_owned(), by: "Ada".to_owned(), line: None, outdated: false });
    let known = scenario(STORY).unwrap();
    let drawn = draw(&known, SEED);
    let truth = truth_at(played.level, &known, &drawn);
    played.points = scored(&played.claims, &played.pins, &truth, played.level).parts;
    let at = |at_s: f64| Moment { at_s, story_s: at_s * SPEED - 900.0 };
    let used = |at_s: f64, remedy: Remedy| Expectation {
        remedy,
        by: "Ada".to_owned(),
        begun_story_s: at(at_s).story_s - 120.0,
        expected: Some(Expected { outlook: Outlook::Back, words: None }),
        before: Some(0.0),
        done: Some(at(at_s)),
        after: Some(0.0),
        came: Some(Outlook::Same),
    };
    let restart = Remedy::Restart { service: Service::Cache };
    played.expectations = vec![
        used(400.0, restart.clone()),
        used(495.0, Remedy::RollBack { asset: drawn.published.unwrap() }),
        used(505.0, restart),
    ];
    talk(played);
    played.asked = true;
    played.answer = Some("Nobody asked the cache <whether> it works.".to_owned());
}

/// Adds a handover of command, a remedy that waits for a go, and two status updates: one is late, and one is never written.
fn talk(played: &mut Played) {
    let handed = Command {
        from: Some("Ada".to_owned()),
        to: Some("Bo".to_owned()),
        to_seat: Some(2),
        words: Some("the <cache> hangs".to_owned()),
        offered_story_s: Some(3_600.0),
        taken_story_s: Some(3_690.0),
    };
    let refused = Command { taken_story_s: None, ..handed.clone() };
    played.commands = vec![taken(None, Some("Ada".to_owned()), -900.0), refused, handed];
    let proposed = |id: &str, decided: Option<Decided>| Proposal {
        id: id.to_owned(),
        remedy: Remedy::FlushCache,
        expected: None,
        by: "Cy <3".to_owned(),
        proposed_story_s: 3_000.0,
        decided,
    };
    let not_now = Decided { is_go: false, by: "Ada".to_owned(), story_s: 3_300.0 };
    played.proposals = vec![proposed("r11", Some(not_now)), proposed("r12", None)];
    let asked = |id: &str, asked_story_s: f64, answered_story_s: Option<f64>| Question {
        id: id.to_owned(),
        voice: Voice::Director,
        asked_story_s,
        due_story_s: Some(asked_story_s + 1_350.0),
        text: UPDATE.to_owned(),
        answer: answered_story_s.map(|_| "It is the <cache>.".to_owned()),
        answered_story_s,
        by: answered_story_s.map(|_| "Cy <3".to_owned()),
        known: answered_story_s.map(|_| KnownThen {
            pins: vec!["p1".to_owned()],
            hypotheses: vec!["h3".to_owned()],
            served: Some(0.0),
            loss_usd: 123_456.0,
        }),
    };
    played.questions = vec![asked("q13", 2_000.0, Some(3_800.0)), asked("q14", 5_000.0, None)];
}

fn record(team: &Team, played: &Played, level: Level) -> IncidentRecord {
    let run = Run { level, team: Some(team.name.clone()), round: u32::try_from(played.round).ok(), ..run() };
    let known = scenario(STORY).unwrap();
    let drawn = draw(&known, SEED);
    let mut recorder = Recorder::new(run, -900.0);
    let at_s = |story_s: f64| (story_s + 900.0) / SPEED;
    let asset = drawn.published.clone().unwrap();
    let published = EventKind::Published {
        asset: asset.clone(),
        version: 2,
        by: "editor".to_owned(),
        characters: Vec::new(),
    };
    recorder.push(at_s(drawn.begun_story_s), published);
    recorder.push(120.0, EventKind::CustomerComplaint { text: "I cannot get into your shop".to_owned() });
    recorder.push(400.0, EventKind::Remedy(Remedy::Restart { service: Service::Cache }));
    if played.explained.is_some() {
        let scored = scored(&played.claims, &played.pins, &truth_at(level, &known, &drawn), played.level);
        let kind =
            EventKind::Explained { explanation: scored.answer.explanation(), score: Some(scored.score) };
        recorder.push(at_s(EXPLAINED_S), kind);
    }
    recorder.push(495.0, EventKind::Remedy(Remedy::RollBack { asset }));
    recorder.push(505.0, EventKind::Remedy(Remedy::Restart { service: Service::Cache }));
    let restored_at_s = if team.number == 1 { RESTORED_AT_S } else { u32::MAX };
    let rows = (0..720).map(|at_s| {
        let fails = (LOST_AT_S..restored_at_s).contains(&at_s);
        let (served, failed) = if fails { (0, 10) } else { (10, 0) };
        Visits { at_s, route: Route::Home, served, degraded: 0, failed }
    });
    recorder.visits(rows);
    recorder.finish()
}
