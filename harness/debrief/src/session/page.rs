//! The one page of a session's debrief, for a team, the desk and the projector: who did how first, then each incident in the steps of the
//! facilitator's guide. Every step is folded until its turn, so that nobody reads the answer while others still tell what they saw.

use askama::Template;
use report::session::{Help, HelpKind, SessionReport};

use super::{
    Link, ProgressBar, RESTS_ON, Reader, charts,
    clocks::minutes,
    command::Commanded,
    explanation::{Explained, Matrix},
    facts::Facts,
    feedback::Said,
    handovers::Handovers,
    lessons::Lessons,
    model::Model,
    model_name,
    repair::{self, CHOICES, Choice, Repair},
    replay::{Moment, Replay},
    round::{Round, is_same},
    stamp,
    summary::{self, Standing},
    updates::Updates,
};
use crate::chart::Chart;

#[derive(Template)]
#[template(path = "session-debrief.html")]
pub(super) struct DebriefPage<'a> {
    /// Whose it is; none: all teams'.
    team: Option<String>,
    is_facilitator: bool,
    is_open: bool,
    progress: ProgressBar<'a>,
    /// Where news about it is.
    news: String,
    /// What the news said when it was made.
    stamp: String,
    incidents: Vec<IncidentPart>,
    practice: Option<Chart>,
    /// Teams that nobody attended, which stand in no figure.
    absent: Vec<String>,
    rests_on: &'static str,
    /// What people said of the session; the facilitator alone reads it.
    said: Option<Said<'a>>,
    downloads: Vec<Link>,
    /// Records and reviews, for each round that is shown in full.
    each: Vec<(String, [Link; 2])>,
}

#[derive(Template)]
#[template(path = "session-incident.html")]
struct IncidentPart {
    number: usize,
    operating_model: &'static str,
    title: String,
    finding: String,
    standings: Vec<Standing>,
    is_partial: bool,
    is_facilitator: bool,
    is_of_team: bool,
    moments: Vec<Moment>,
    /// What teams were asked, and answered: who, the question, the answer.
    asked: Vec<[String; 3]>,
    /// Hints and telemetry that were given: to whom, and what.
    help: Vec<[String; 2]>,
    guesses: Vec<[String; 2]>,
    curves: Chart,
    replays: Vec<Replay>,
    handovers: Vec<Handovers>,
    commanded: Vec<Commanded>,
    updates: Vec<Updates>,
    facts: Vec<Facts>,
    choices: [Choice; 4],
    /// Who spent which repair, what came of it, and where that team's page is.
    spent: Vec<[String; 4]>,
    /// The page on which all sixteen combinations are shown, once they may be.
    combinations: Option<String>,
    repairs: Vec<Repair>,
    explained: Vec<Explained>,
    matrix: Matrix,
    models: Vec<Model>,
    lessons: Lessons,
}

impl<'a> DebriefPage<'a> {
    /// The page of a team, or of all; for a team the others of the same incident have no names.
    pub(super) fn of(session: &'a SessionReport, team: Option<u32>, reader: Reader) -> Self {
        let all = Round::all(session);
        let is_own = |round: &&Round<'_>| team.is_none_or(|team| round.team == team);
        let own: Vec<&Round<'_>> = all.iter().filter(is_own).collect();
        let mut incidents: Vec<Vec<&Round<'_>>> = Vec::new();
        let mut scored: Vec<&Round<'_>> = own.iter().copied().filter(|round| !round.is_practice).collect();
        // In the order in which incidents were first met.
        scored.sort_by_key(|round| (round.number, round.team));
        for round in scored {
            match incidents.iter_mut().find(|group| is_same(&group[0].incident, &round.incident)) {
                Some(group) => group.push(round),
                None => incidents.push(vec![round]),
            }
        }
        let practice: Vec<&Round<'_>> = own.iter().copied().filter(|round| round.is_practice).collect();
        let base = base(team, reader);
        let part = |(place, mut own): (usize, Vec<&Round<'_>>)| {
            own.sort_by_key(|round| (round.level, round.number, round.team));
            part(place + 1, &own, &all, session, team, reader)
        };
        let link = |label: &str, path: &str| (label.to_owned(), format!("{base}/{path}"));
        let is_for_all = team.is_none() && reader.is_facilitator;
        // Whose page it is takes their own file along; the facilitator, what people said.
        let own_file = (team.is_some() && !reader.is_facilitator).then(|| {
            link("Your own page: timeline, two actions, a checklist for your system (HTML)", "take-home.html")
        });
        let said_file =
            is_for_all.then(|| link("What people said of the session, without names (CSV)", "feedback.csv"));
        Self {
            team: team.map(|team| {
                let name = session.teams.iter().find(|(number, _)| *number == team);
                name.map_or_else(|| format!("Team {team}"), |(_, name)| name.clone())
            }),
            is_facilitator: reader.is_facilitator,
            is_open: session.is_open,
            stamp: stamp(&session.progress, own.iter().filter(|round| round.repair.is_some()).count()),
            progress: ProgressBar { progress: &session.progress },
            news: format!("{base}/news{}", anyway(reader)),
            practice: (!practice.is_empty()).then(|| charts::of(&practice, &[], team.is_some())),
            incidents: incidents.into_iter().enumerate().map(part).collect(),
            absent: if team.is_some() {
                Vec::new()
            } else {
                session.absent.iter().map(|(_, name, round)| format!("{name}, round {round}")).collect()
            },
            rests_on: RESTS_ON,
            said: if is_for_all { Said::of(&session.feedback) } else { None },
            downloads: own_file
                .into_iter()
                .chain([
                    link("All of it in one archive: records, reviews and tables (ZIP)", "all.zip"),
                    link("One row for each team and round (CSV)", "rounds.csv"),
                    link("Every visit by the second (CSV)", "visits.csv"),
                ])
                .chain(said_file)
                .collect(),
            each: own.iter().map(|round| links(round, reader)).collect(),
        }
    }
}

fn anyway(reader: Reader) -> &'static str {
    if reader.anyway { "?anyway=true" } else { "" }
}

/// Where the files of a team are, or of all.
fn base(team: Option<u32>, reader: Reader) -> String {
    match team {
        Some(team) if reader.is_facilitator => format!("/api/desk/debrief/teams/{team}"),
        Some(_) => "/api/team/debrief".to_owned(),
        None => "/api/desk/debrief".to_owned(),
    }
}

fn links(round: &Round<'_>, reader: Reader) -> (String, [Link; 2]) {
    let (base, number) = (base(Some(round.team), reader), round.number);
    let links = [("record (JSON)", "records"), ("review (Markdown)", "reviews")];
    (round.full_name(), links.map(|(label, part)| (label.to_owned(), format!("{base}/{part}/{number}"))))
}

/// One incident, with the rounds that are shown in full: all, or a team's own.
fn part(
    number: usize,
    own: &[&Round<'_>],
    all: &[Round<'_>],
    session: &SessionReport,
    team: Option<u32>,
    reader: Reader,
) -> IncidentPart {
    let first = own[0];
    let is_of_team = team.is_some();
    let mut others: Vec<&Round<'_>> = if is_of_team {
        all.iter().filter(|other| first.is_same_incident(other)).collect()
    } else {
        Vec::new()
    };
    others.sort_by_key(|other| other.level);
    let href = |round: &Round<'_>| {
        (!is_of_team).then(|| format!("/desk/debrief/teams/{}{}", round.team, anyway(reader)))
    };
    let standing = |round: &&Round<'_>| {
        Standing::of(round, if is_of_team { "You".to_owned() } else { round.name.clone() }, href(round))
    };
    let other = |round: &&Round<'_>| Standing::of(round, "another team".to_owned(), None);
    let given = |answer: &Option<String>| answer.clone().unwrap_or_else(|| "No answer was given.".to_owned());
    let asked = |round: &&Round<'_>| {
        let early =
            round.question.clone().map(|question| [round.name.clone(), question, given(&round.answer)]);
        // Status updates have a table of their own.
        let outside = round.questions.iter().filter(|asked| asked.due_s.is_none()).map(|asked| {
            let took = asked
                .answered_s
                .map(|at_s| minutes(round.clocks.wall_s(at_s) - round.clocks.wall_s(asked.asked_s)));
            let took = took.map_or_else(String::new, |took| format!(" (after {took})"));
            let text = format!("{}: {}", asked.voice, asked.text);
            [round.name.clone(), text, format!("{}{took}", given(&asked.answer))]
        });
        outside.chain(early).collect::<Vec<_>>()
    };
    let help = |round: &&Round<'_>| {
        let word = |kind| if kind == HelpKind::Hint { "hint" } else { "telemetry" };
        let line = |help: &Help| {
            [
                round.name.clone(),
                format!("{} {}: {}", round.both_times(help.story_s), word(help.kind), help.text),
            ]
        };
        round.help.iter().map(line).collect::<Vec<_>>()
    };
    let model = |level| Model::of(own.iter().find(|round| round.level == level)?);
    IncidentPart {
        number,
        operating_model: model_name(first.operating_model),
        title: first.incident.title.clone(),
        finding: if is_of_team { summary::title(first) } else { summary::finding(own) },
        standings: own.iter().map(standing).chain(others.iter().map(other)).collect(),
        is_partial: own.iter().any(|round| !round.played.complete),
        is_facilitator: reader.is_facilitator,
        is_of_team,
        moments: if reader.is_facilitator { Moment::marked(&session.marks, own) } else { Vec::new() },
        asked: own.iter().flat_map(asked).collect(),
        help: own.iter().flat_map(help).collect(),
        guesses: own.iter().map(|round| [round.name.clone(), summary::guess(round)]).collect(),
        curves: charts::of(own, &others, is_of_team),
        replays: own.iter().map(|round| Replay::of(round)).collect(),
        handovers: own.iter().filter_map(|round| Handovers::of(round)).collect(),
        commanded: own.iter().filter_map(|round| Commanded::of(round)).collect(),
        updates: own.iter().filter_map(|round| Updates::of(round)).collect(),
        facts: if is_of_team {
            own.iter().filter_map(|round| Facts::of_team(round)).collect()
        } else {
            Facts::of_all(own).into_iter().collect()
        },
        choices: CHOICES,
        spent: if is_of_team { Vec::new() } else { repair::spent(own, anyway(reader)) },
        combinations: href(first).filter(|_| session.shows_combinations),
        repairs: if is_of_team {
            own.iter().filter_map(|round| Repair::of(round, !reader.is_facilitator)).collect()
        } else {
            Vec::new()
        },
        explained: if is_of_team {
            own.iter().map(|round| Explained::of_team(round)).collect()
        } else {
            vec![Explained::truth(first)]
        },
        matrix: if is_of_team { Matrix::default() } else { Matrix::of(own) },
        models: charts::levels(own).into_iter().filter_map(model).collect(),
        lessons: Lessons::of(first),
    }
}
