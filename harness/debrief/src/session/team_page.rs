//! The debrief of one team: its own rounds in full, the others only as curves without names.

use askama::Template;
use report::session::SessionReport;

use super::{
    Link, ProgressBar, RESTS_ON, Reader, charts, explanation::Explained, facts::Facts, lessons::Lessons,
    level_class, model::Model, model_name, repair::Repair, round::Round, stamp, summary, summary::Tile,
};
use crate::chart::Chart;

#[derive(Template)]
#[template(path = "session-team.html")]
pub(super) struct TeamPage<'a> {
    name: String,
    is_facilitator: bool,
    rounds: Vec<RoundPart>,
    progress: ProgressBar<'a>,
    /// Where news about it is.
    news: String,
    /// What the news said when it was made.
    stamp: String,
    rests_on: &'static str,
    downloads: Vec<Link>,
}

#[derive(Template)]
#[template(path = "session-round.html")]
struct RoundPart {
    number: usize,
    is_practice: bool,
    title: String,
    scenario: String,
    level: String,
    class: String,
    /// The level at its end, if it is another.
    raised: Option<String>,
    operating_model: &'static str,
    is_partial: bool,
    tiles: Vec<Tile>,
    curves: Chart,
    explained: Explained,
    facts: Option<Facts>,
    repair: Option<Repair>,
    model: Option<Model>,
    lessons: Option<Lessons>,
    downloads: Vec<Link>,
}

impl<'a> TeamPage<'a> {
    pub(super) fn of(session: &'a SessionReport, team: u32, reader: Reader) -> Self {
        let all = Round::all(session);
        let mut own: Vec<&Round<'_>> = all.iter().filter(|round| round.team == team).collect();
        // What counts comes first.
        own.sort_by_key(|round| (round.is_practice, round.number));
        let name = session.teams.iter().find(|(number, _)| *number == team);
        let base = base(reader, team);
        Self {
            name: name.map_or_else(|| format!("Team {team}"), |(_, name)| name.clone()),
            is_facilitator: reader.is_facilitator,
            stamp: stamp(&session.progress, own.iter().filter(|round| round.repair.is_some()).count()),
            rounds: own.iter().map(|round| part(round, &all, reader)).collect(),
            progress: ProgressBar { progress: &session.progress },
            news: format!("{base}/news{}", if reader.anyway { "?anyway=true" } else { "" }),
            rests_on: RESTS_ON,
            downloads: vec![
                ("Your rounds, as CSV".to_owned(), format!("{base}/rounds.csv")),
                ("Every visit by the second, as CSV".to_owned(), format!("{base}/visits.csv")),
            ],
        }
    }
}

/// Where what belongs to one team is.
fn base(reader: Reader, team: u32) -> String {
    if reader.is_facilitator {
        format!("/api/desk/debrief/teams/{team}")
    } else {
        "/api/team/debrief".to_owned()
    }
}

fn part(round: &Round<'_>, all: &[Round<'_>], reader: Reader) -> RoundPart {
    let is_scored = !round.is_practice;
    let (number, base) = (round.number, base(reader, round.team));
    let title = summary::title(round);
    RoundPart {
        number,
        is_practice: round.is_practice,
        title: if is_scored { title } else { format!("Practice. {title}") },
        scenario: round.incident.title.clone(),
        level: round.level.to_string(),
        class: level_class(round.level),
        raised: (round.level_at_the_end != round.level).then(|| round.level_at_the_end.to_string()),
        operating_model: model_name(round.operating_model),
        is_partial: !round.played.complete,
        tiles: if is_scored { summary::tiles(round) } else { Vec::new() },
        curves: charts::of_team(round, if is_scored { all } else { &[] }),
        explained: if is_scored { Explained::of_team(round) } else { Explained::truth(round) },
        facts: Facts::of_team(round),
        repair: Repair::of(round, !reader.is_facilitator),
        model: Model::of(round),
        lessons: is_scored.then(|| Lessons::of(round)),
        downloads: vec![
            ("incident record (JSON)".to_owned(), format!("{base}/records/{number}")),
            ("post-incident review (Markdown)".to_owned(), format!("{base}/reviews/{number}")),
        ],
    }
}
