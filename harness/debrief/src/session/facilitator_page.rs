//! The debrief of all teams: incident by incident, teams side by side, poorest telemetry on top.

use askama::Template;
use report::session::SessionReport;

use super::{
    Link, ProgressBar, RESTS_ON, Reader, charts,
    clocks::minutes,
    explanation::{Explained, Matrix, RULE, Sign},
    facts::Facts,
    lessons::Lessons,
    model::Model,
    repair,
    round::{Round, is_same},
    stamp,
};
use crate::chart::Chart;

#[derive(Template)]
#[template(path = "session-facilitator.html")]
pub(super) struct FacilitatorPage<'a> {
    session: &'a SessionReport,
    progress: ProgressBar<'a>,
    news: String,
    stamp: String,
    teams: Vec<Link>,
    incidents: Vec<IncidentPart>,
    practice: Option<Chart>,
    rests_on: &'static str,
    downloads: [(&'static str, &'static str); 2],
    /// Records and reviews, for each team and round.
    each: Vec<(String, [Link; 2])>,
}

#[derive(Template)]
#[template(path = "session-incident.html")]
struct IncidentPart {
    number: usize,
    scenario: String,
    seed: u64,
    title: String,
    curves: Chart,
    steps: Option<Chart>,
    columns: [&'static str; 8],
    /// What came of it, a row for each team: where its own page is, and the cells.
    outcomes: Vec<(String, [String; 8])>,
    explained: Explained,
    signs: [Sign; 5],
    matrix: Matrix,
    rule: &'static str,
    answers: Vec<(String, String)>,
    facts: Option<Facts>,
    spent: Vec<[String; 3]>,
    shows_combinations: bool,
    models: Vec<Model>,
    lessons: Lessons,
}

const COLUMNS: [&str; 8] = [
    "team",
    "restored after",
    "loss",
    "fixed",
    "right explanation",
    "fixed for the right reason",
    "remedies that did not restore",
    "guess before evidence",
];

impl<'a> FacilitatorPage<'a> {
    pub(super) fn of(session: &'a SessionReport, reader: Reader) -> Self {
        let all = Round::all(session);
        let mut groups: Vec<Vec<&Round<'_>>> = Vec::new();
        let mut scored: Vec<&Round<'_>> = all.iter().filter(|round| !round.is_practice).collect();
        // In the order in which incidents were first met.
        scored.sort_by_key(|round| (round.number, round.team));
        for round in scored {
            match groups.iter_mut().find(|group| is_same(&group[0].incident, &round.incident)) {
                Some(group) => group.push(round),
                None => groups.push(vec![round]),
            }
        }
        for group in &mut groups {
            group.sort_by_key(|round| (round.level, round.number, round.team));
        }
        let groups = groups.iter().enumerate();
        let practice: Vec<&Round<'_>> = all.iter().filter(|round| round.is_practice).collect();
        let link = |(number, name): &(u32, String)| (name.clone(), page_of(*number, reader));
        Self {
            stamp: stamp(&session.progress, all.iter().filter(|round| round.repair.is_some()).count()),
            progress: ProgressBar { progress: &session.progress },
            news: format!("/api/desk/debrief/news{}", if reader.anyway { "?anyway=true" } else { "" }),
            teams: session.teams.iter().map(link).collect(),
            incidents: groups.map(|(place, same)| part(place + 1, same, session, reader)).collect(),
            practice: (!practice.is_empty()).then(|| charts::of_all(&practice)),
            rests_on: RESTS_ON,
            downloads: [
                ("One row for each team and round, as CSV", "/api/desk/debrief/rounds.csv"),
                ("Every visit by the second, as CSV", "/api/desk/debrief/visits.csv"),
            ],
            each: all.iter().map(links).collect(),
            session,
        }
    }
}

/// Where a team's own page is, for the facilitator.
fn page_of(team: u32, reader: Reader) -> String {
    format!("/desk/debrief/teams/{team}{}", if reader.anyway { "?anyway=true" } else { "" })
}

fn links(round: &Round<'_>) -> (String, [Link; 2]) {
    let (base, number) = (format!("/api/desk/debrief/teams/{}", round.team), round.number);
    let links = [("record (JSON)", "records"), ("review (Markdown)", "reviews")];
    (round.full_name(), links.map(|(label, part)| (label.to_owned(), format!("{base}/{part}/{number}"))))
}

fn part(number: usize, same: &[&Round<'_>], session: &SessionReport, reader: Reader) -> IncidentPart {
    let first = same[0];
    let model = |level| Model::of(same.iter().find(|round| round.level == level)?);
    let answers = same.iter().filter_map(|round| Some((round.full_name(), round.answer.clone()?)));
    IncidentPart {
        number,
        scenario: first.played.run.scenario.clone(),
        seed: first.incident.seed,
        title: first.incident.title.clone(),
        curves: charts::of_all(same),
        steps: charts::steps_of(same),
        columns: COLUMNS,
        outcomes: same.iter().map(|round| outcome(round, reader)).collect(),
        explained: Explained::truth(first),
        signs: Sign::all(),
        matrix: Matrix::of(same),
        rule: RULE,
        answers: answers.collect(),
        facts: Facts::of_all(same),
        spent: repair::spent(same),
        shows_combinations: session.shows_combinations,
        models: charts::levels(same).into_iter().filter_map(model).collect(),
        lessons: Lessons::of(first),
    }
}

fn outcome(round: &Round<'_>, reader: Reader) -> (String, [String; 8]) {
    let outcome = &round.played.outcome;
    let restored = outcome.restored_s.and_then(|at_s| round.wall_after_loss_s(at_s));
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let guess = round.guess.as_ref().map_or("none".to_owned(), |guess| {
        let sure = guess.confidence_percent.unwrap_or_default();
        match (&guess.kind, guess.is_right) {
            (None, _) => "no idea yet".to_owned(),
            (Some(_), true) => format!("right (luck), {sure} % sure"),
            (Some(_), false) => format!("wrong, {sure} % sure"),
        }
    });
    let cells = [
        round.full_name(),
        restored.map_or("–".to_owned(), minutes),
        outcome.incident_financial_loss_usd.to_string(),
        if outcome.lost_s.is_none() { "nothing to fix".to_owned() } else { yes(outcome.fixed) },
        round.played.is_right().map_or("no answer".to_owned(), yes),
        yes(outcome.fixed_for_the_right_reason),
        outcome.wrong_remedies.to_string(),
        guess,
    ];
    (format!("{}#round-{}", page_of(round.team, reader), round.number), cells)
}
