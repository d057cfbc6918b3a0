//! The debrief of all teams: incident by incident, teams side by side, poorest telemetry on top.

use std::collections::BTreeMap;

use askama::Template;

use super::{
    Asking,
    asker::Asker,
    clocks::minutes,
    judged::{Claimed, guessed},
    lived::{Incident, Lived},
    sections::{
        Lessons, Plot, curves,
        explained::{Explained, Matrix, RULE},
        facts::Facts,
        model::Model,
        replayed,
    },
    team_page::{Bar, Link, RESTS_ON, stamp},
};
use crate::session::Session;

/// The page.
#[derive(Template)]
#[template(path = "debrief-desk.html")]
pub struct DeskPage {
    is_open: bool,
    progress: Bar,
    news: String,
    stamp: String,
    teams: Vec<Link>,
    marks: Vec<(String, String)>,
    incidents: Vec<IncidentPage>,
    practice: Option<Plot>,
    rests_on: &'static str,
    downloads: Vec<Link>,
    each: Vec<(String, Vec<Link>)>,
}

/// One incident on it.
#[derive(Template)]
#[template(path = "debrief-incident.html")]
struct IncidentPage {
    number: usize,
    scenario: String,
    seed: u64,
    title: String,
    curves: Plot,
    steps: Option<Plot>,
    outcomes: Outcomes,
    explained: Explained,
    signs: [Claimed; 4],
    matrix: Matrix,
    rule: &'static str,
    answers: Vec<(String, String)>,
    facts: Option<Facts>,
    spent: Vec<(String, String, String)>,
    shows_all: bool,
    models: Vec<Model>,
    lessons: Lessons,
}

/// What came of it, a row for each team.
struct Outcomes {
    columns: [&'static str; 8],
    rows: Vec<OutcomeRow>,
}

struct OutcomeRow {
    href: String,
    cells: [String; 8],
}

impl DeskPage {
    /// The page, out of everything that was lived.
    pub fn of(
        session: &Session,
        all: &[Lived<'_>],
        asker: &Asker<'_>,
        is_open: bool,
        asking: Asking,
    ) -> Self {
        let mut same: BTreeMap<&Incident, Vec<&Lived<'_>>> = BTreeMap::new();
        for lived in all.iter().filter(|lived| !lived.round.practice) {
            same.entry(&lived.incident).or_default().push(lived);
        }
        let mut groups: Vec<Vec<&Lived<'_>>> = same.into_values().collect();
        for group in &mut groups {
            group.sort_by_key(|lived| (lived.level, lived.number(), lived.team.number));
        }
        // In the order in which they were first met.
        groups.sort_by_key(|group| group.iter().map(|lived| (lived.number(), lived.team.number)).min());
        let incidents: Vec<IncidentPage> =
            groups.iter().enumerate().map(|(place, same)| incident(place + 1, same, asker, asking)).collect();
        let practice: Vec<&Lived<'_>> = all.iter().filter(|lived| lived.round.practice).collect();
        let progress = asker.progress();
        let scored: Vec<&Lived<'_>> = all.iter().collect();
        Self {
            is_open,
            stamp: stamp(&progress, &scored),
            progress: Bar::of(progress),
            news: format!("/api/desk/debrief/news{}", if asking.anyway { "?anyway=true" } else { "" }),
            teams: session
                .teams
                .iter()
                .map(|team| (team.name.clone(), page_of(team.number, asking)))
                .collect(),
            marks: session
                .marks
                .iter()
                .map(|mark| (format!("round {}, {}", mark.round, mark.story), mark.text.clone()))
                .collect(),
            incidents,
            practice: (!practice.is_empty()).then(|| curves::of_all(&practice)),
            rests_on: RESTS_ON,
            downloads: vec![
                (
                    "One row for each team and round, as CSV".to_owned(),
                    "/api/desk/debrief/rounds.csv".to_owned(),
                ),
                ("Every visit by the second, as CSV".to_owned(), "/api/desk/debrief/visits.csv".to_owned()),
            ],
            each: all.iter().map(links).collect(),
        }
    }

    /// What changes when there is something new to see.
    pub fn stamp(&self) -> &str {
        &self.stamp
    }
}

/// Where a team's own page is, for the facilitator.
fn page_of(team: u32, asking: Asking) -> String {
    format!("/desk/debrief/teams/{team}{}", if asking.anyway { "?anyway=true" } else { "" })
}

fn links(lived: &Lived<'_>) -> (String, Vec<Link>) {
    let base = format!("/api/desk/debrief/teams/{}", lived.team.number);
    let number = lived.number();
    let links = vec![
        ("record (JSON)".to_owned(), format!("{base}/records/{number}")),
        ("review (Markdown)".to_owned(), format!("{base}/reviews/{number}")),
    ];
    (curves::name(lived), links)
}

fn incident(number: usize, same: &[&Lived<'_>], asker: &Asker<'_>, asking: Asking) -> IncidentPage {
    let first = same[0];
    // What is waited for soonest is asked for first.
    let facts = Facts::of_all(same, asker);
    let spent = replayed::spent(same, asker);
    let model = |level: incident::Level| {
        let of_level = same.iter().find(|lived| lived.level == level);
        of_level.map(|lived| Model::of(lived, asker))
    };
    let answers = same.iter().filter_map(|lived| Some((curves::name(lived), lived.played.answer.clone()?)));
    IncidentPage {
        number,
        scenario: first.record.run.scenario.clone(),
        seed: first.incident.seed,
        title: first.scenario.title.clone(),
        curves: curves::of_all(same),
        steps: curves::steps_of(same),
        outcomes: outcomes(same, asking),
        explained: Explained::truth(first),
        signs: Claimed::ALL,
        matrix: Matrix::of(same),
        rule: RULE,
        answers: answers.collect(),
        facts,
        spent,
        shows_all: asking.shows_all,
        models: curves::levels(same).into_iter().filter_map(model).collect(),
        lessons: Lessons::of(&first.truth.factors),
    }
}

fn outcomes(same: &[&Lived<'_>], asking: Asking) -> Outcomes {
    let row = |lived: &&Lived<'_>| {
        let outcome = &lived.outcome;
        let after = |story_s: Option<f64>| {
            story_s.and_then(|at_s| lived.wall_after_loss_s(at_s)).map_or("–".to_owned(), minutes)
        };
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let guess = guessed(lived).map_or("none".to_owned(), |guess| match (&guess.cause, guess.is_lucky) {
            (None, _) => "no idea yet".to_owned(),
            (Some(_), true) => format!("right (luck), {} % sure", guess.confidence),
            (Some(_), false) => format!("wrong, {} % sure", guess.confidence),
        });
        OutcomeRow {
            href: format!("{}#round-{}", page_of(lived.team.number, asking), lived.number()),
            cells: [
                curves::name(lived),
                after(outcome.restored_s),
                outcome.incident_financial_loss_usd.to_string(),
                if outcome.lost_s.is_none() { "nothing to fix".to_owned() } else { yes(outcome.fixed) },
                lived.is_right().map_or("no answer".to_owned(), yes),
                yes(outcome.fixed_for_the_right_reason),
                outcome.wrong_remedies.to_string(),
                guess,
            ],
        }
    };
    Outcomes {
        columns: [
            "team",
            "restored after",
            "loss",
            "fixed",
            "explained rightly",
            "fixed for the right reason",
            "remedies that did not restore",
            "guess before evidence",
        ],
        rows: same.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::{sample::Sample, works::Works};

    const DESK: Asking = Asking { is_desk: true, shows_all: false, anyway: false };

    #[test]
    fn all_teams_stand_side_by_side() {
        let sample = Sample::new();
        let works = Works::default();
        let lived = sample.lived();
        let html =
            DeskPage::of(&sample.session, &lived, &Asker::new(&works, false), false, DESK).render().unwrap();
        for words in [
            "logs: Team &#60;1&#62;, round 1",
            "changes: Team &#60;2&#62;, round 1",
            "right (luck), 20 % sure",
            "not spent yet",
        ] {
            assert!(html.contains(words), "{words} is not in {html}");
        }
        assert!(!html.contains("style=") && html.matches("<script").count() == 1);
        assert_eq!(html.matches("<article").count(), 2, "one incident, and the practice");
    }
}
