//! The debrief, for programs and for the scripts of its [pages](super::debrief_pages): spending a team's repair, and files to take home. Teams get
//! nothing of it before the answers are open.

use std::sync::Arc;

use ::debrief::{incident::Known, session::csv};
use axum::{
    extract::{FromRequestParts, MatchedPath},
    response::Response,
};
use chassis::{Blocking, Problem};
use http::request::Parts;
use incident::ContributingFactor;
use report::session::{
    Fact, FactClaimed, Help, HelpKind, SessionReport, TeamRound, Verdict, outlook_of_repair,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{
    request::{Answer, Json, Path, Query},
    take_home::{File, archive, download, stem},
    team::expected,
};
use crate::{
    access::{Facilitator, Member},
    debrief::{
        rounds::{RecordKept, Records, compute, recorded},
        state::{News, View},
    },
    played::Outlook,
    room::Room,
    session::{Phase, Session, broken, conflict, not_found, wrong},
    views::story_time,
};

/// The refusal that teams get before the answers are open.
pub(super) const CLOSED: &str = "The debrief opens when the facilitator opens the answers to everybody.";

/// Whether the facilitator wants to see all.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct DebriefQuery {
    /// All sixteen combinations, before every team has spent its repair.
    #[serde(default)]
    pub(super) anyway: bool,
}

/// A reader of the debrief, and the part that they may read. A team reads its own part, once the answers are open. The facilitator reads that of
/// all teams, or of the team in the path.
pub(super) struct Reader {
    pub(super) room: Room,
    pub(super) view: View,
}

#[derive(Deserialize)]
struct OfTeam {
    team: Option<u32>,
}

impl FromRequestParts<Room> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, room: &Room) -> Result<Self, Problem> {
        let route = parts.extensions.get::<MatchedPath>();
        let is_desk = route.is_some_and(|route| route.as_str().contains("/desk/"));
        let team = if is_desk {
            Facilitator::from_request_parts(parts, room).await?;
            let Path(OfTeam { team }) = Path::from_request_parts(parts, room).await?;
            team.map_or(Ok(()), |team| room.read(|session| session.team(team).map(drop)))?;
            team
        } else {
            let member = Member::from_request_parts(parts, room).await?;
            opened(room)?;
            Some(member.team)
        };
        Ok(Self { room: room.clone(), view: View { team, is_desk, anyway: false } })
    }
}

/// The sources of the debrief: the session, its records, and the report on them.
pub(super) fn reported(room: &Room) -> Result<(Session, Records, SessionReport), Problem> {
    let session = room.read(Session::clone);
    let records = room.debrief().records(room, &session);
    let report = recorded(&session, &records).map_err(|error| unreadable(&error))?;
    Ok((session, records, report))
}

/// Spending a repair.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Spending {
    /// The round by its place in the plan; the last scored one if none is given.
    #[serde(default)]
    round: Option<usize>,
    /// What is repaired, by its name.
    repair: String,
    /// What you expect of the incident with the repair, before you see it: `back` if it is prevented, `better` if less is lost.
    expects: Option<Outlook>,
    /// Why, in your own words: 1 to 500 characters.
    because: Option<String>,
}

/// What can be repaired.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Repairs {
    /// The names that are known.
    choices: Vec<String>,
}

/// Spends the one repair of a round, which is then replayed with it
#[utoipa::path(post, path = "/api/team/repair", responses((status = 200, body = Repairs)))]
pub(super) async fn spend(
    member: Member,
    Json(Spending { round, repair, expects, because }): Json<Spending>,
) -> Answer<Repairs> {
    opened(&member.room)?;
    let known = ContributingFactor::LATENT_FAULTS.map(ContributingFactor::name);
    if !known.contains(&repair.as_str()) {
        let known = known.join(", ");
        let detail = format!("There is no such repair; choose one of {known}.");
        return Err(wrong("repair", detail));
    }
    let expected = expected(expects, because.as_deref())?;
    let expected = (expected.as_ref(), None);
    member.room.change(|session| session.spend_repair(member.team, round, &repair, expected))?;
    Ok(Json(Repairs { choices: known.map(str::to_owned).into() }))
}

/// How far the team's debrief has come
#[utoipa::path(get, path = "/api/team/debrief/news", responses((status = 200, body = News)))]
pub(super) async fn team_news(Reader { room, view }: Reader) -> Json<News> {
    Json(room.read(|session| room.debrief().news(view, session)))
}

/// How far the debrief has come, as the facilitator reads it
#[utoipa::path(get, path = "/news", params(DebriefQuery), responses((status = 200, body = News)))]
pub(super) async fn news(Reader { room, view }: Reader, Query(query): Query<DebriefQuery>) -> Json<News> {
    let view = View { anyway: query.anyway, ..view };
    Json(room.read(|session| room.debrief().news(view, session)))
}

/// What a round came to
///
/// The truth part by part beside what the team claimed, the points of each part, each remedy with what was expected of it and what came,
/// the repair likewise, what was asked from outside with what was known then, who commanded and what waited for a go, what the facilitator
/// helped with, and each handover of the ticket with what it lost. Times are seconds of the story since 08:00.
/// `round` is its place in the plan, from 0, as `round.place` of the team's state has it.
#[utoipa::path(get, path = "/api/team/debrief/results/{round}", responses((status = 200, content_type = "application/json")))]
pub(super) async fn result(Reader { room, view }: Reader, Path(place): Path<usize>) -> Answer<Value> {
    let work = move || {
        let (_, _, mut report) = reported(&room)?;
        let mut results = room.debrief().results(report.is_open);
        compute(&mut report, view, &mut results);
        let found = report.rounds.iter().find(|round| (Some(round.team), round.place) == (view.team, place));
        let round =
            found.ok_or_else(|| not_found("There is no record of this round, or nobody attended it."))?;
        let replays = round.computed.as_ref().and_then(|computed| computed.replays.as_ref());
        let came = replays.and_then(|replays| replays.as_ref().ok()).map(outlook_of_repair);
        Ok(Json(json!({
            "score": round.played.outcome.explanation_score,
            "right": round.played.is_right(),
            "points": round.points,
            "facts": round.facts,
            "mistaken": round.mistaken,
            "tried": round.tried,
            "wrong_remedies": round.wrong_remedies,
            "help": round.help,
            "handovers": round.handovers,
            "questions": round.questions,
            "commands": round.commands,
            "proposals": round.proposals,
            "repair": { "chosen": round.repair, "expected": round.repair_expected, "argued": round.argued, "came": came },
        })))
    };
    Blocking::Pool.run(work).await
}

/// What participants said of the session, without names
#[utoipa::path(get, path = "/api/desk/debrief/feedback.csv", responses((status = 200, content_type = "text/csv")))]
pub(super) async fn desk_feedback(Facilitator(room): Facilitator) -> Response {
    let text = room.read(|session| csv::feedback(&session.feedback));
    download("text/csv; charset=utf-8", "feedback.csv", text)
}

/// A round by its place in the plan.
#[derive(Deserialize, IntoParams)]
pub(super) struct OfRound {
    round: usize,
}

/// The team's incident record of a round
#[utoipa::path(get, path = "/records/{round}", params(OfRound), responses((status = 200, content_type = "application/json")))]
pub(super) async fn record(reader: Reader, Path(of): Path<OfRound>) -> Result<Response, Problem> {
    let (kept, stem) = reader.kept(of.round)?;
    Ok(download("application/json", &format!("{stem}.json"), kept.record.to_json()))
}

/// The post-incident review of a team's round, ready to fill in
#[utoipa::path(get, path = "/reviews/{round}", params(OfRound), responses((status = 200, content_type = "text/markdown")))]
pub(super) async fn review(reader: Reader, Path(of): Path<OfRound>) -> Result<Response, Problem> {
    let (kept, stem) = reader.kept(of.round)?;
    let (_, _, report) = reported(&reader.room)?;
    let found = report.rounds.iter().find(|one| (Some(one.team), one.place) == (reader.view.team, of.round));
    let text = reviewed(&kept, &found.map(known).unwrap_or_default())?;
    Ok(download("text/markdown; charset=utf-8", &format!("{stem}-review.md"), text))
}

/// All rounds, one a row for each team
#[utoipa::path(get, path = "/rounds.csv", responses((status = 200, content_type = "text/csv")))]
pub(super) async fn rounds(reader: Reader) -> Result<Response, Problem> {
    let text = reader.of_rounds(|rounds| Ok(rounds_csv(rounds))).await?;
    Ok(download("text/csv; charset=utf-8", "rounds.csv", text))
}

/// Every visit to the shop, by the second
#[utoipa::path(get, path = "/visits.csv", responses((status = 200, content_type = "text/csv")))]
pub(super) async fn visits(reader: Reader) -> Result<Response, Problem> {
    let text = reader.of_rounds(|rounds| Ok(visits_csv(rounds))).await?;
    Ok(download("text/csv; charset=utf-8", "visits.csv", text))
}

/// All records, reviews and tables as one archive
#[utoipa::path(get, path = "/all.zip", responses((status = 200, content_type = "application/zip")))]
pub(super) async fn all(reader: Reader) -> Result<Response, Problem> {
    let team = reader.view.team;
    let name = match team {
        Some(team) => {
            reader.room.read(|session| session.team(team).map(|team| stem(team.number, &team.name)))?
        }
        None => "all-teams".to_owned(),
    };
    // Feedback bears no names, so it belongs to no team: only the archive of all teams has it.
    let said = reader.room.read(|session| team.is_none().then(|| session.feedback.clone()));
    let files = move |rounds: &Rounds<'_>| -> Result<Vec<File>, Problem> {
        let mut tables = vec![("rounds.csv", rounds_csv(rounds)), ("visits.csv", visits_csv(rounds))];
        if let Some(said) = said {
            let json = serde_json::to_string_pretty(&said).expect("answers are plain values");
            tables.extend([("feedback.csv", csv::feedback(&said)), ("feedback.json", json)]);
        }
        let mut files: Vec<File> =
            tables.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
        for (round, kept) in rounds {
            let stem = stem_of(&stem(round.team, &round.name), round.number, round.place);
            files.push((format!("{stem}.json"), kept.record.to_json().into_bytes()));
            files.push((format!("{stem}-review.md"), reviewed(kept, &known(round))?.into_bytes()));
        }
        Ok(files)
    };
    reader.of_rounds(move |rounds| archive(&name, files(rounds)?)).await
}

/// The rounds of one team or of all.
type Rounds<'a> = Vec<(&'a TeamRound, &'a RecordKept)>;

fn rounds_csv(rounds: &Rounds<'_>) -> String {
    csv::rounds(rounds.iter().map(|(round, _)| *round))
}

fn visits_csv(rounds: &Rounds<'_>) -> String {
    csv::visits(rounds.iter().map(|(round, kept)| (*round, &kept.record)))
}

impl Reader {
    /// The record of a round, and the stem of its files' names.
    fn kept(&self, round: usize) -> Result<(Arc<RecordKept>, String), Problem> {
        let (session, team) = (self.room.read(Session::clone), self.view.team.unwrap_or_default());
        let name = stem(team, &session.team(team)?.name);
        let kept = self.room.debrief().records(&self.room, &session).remove(&(team, round));
        let kept = kept.ok_or_else(|| not_found("There is no record of this round yet."))?;
        Ok((kept, stem_of(&name, session.number_of(round), round)))
    }

    /// Runs `make` on the rounds of one team or of all, on a blocking thread.
    async fn of_rounds<Made: Send + 'static>(
        self,
        make: impl FnOnce(&Rounds<'_>) -> Result<Made, Problem> + Send + 'static,
    ) -> Result<Made, Problem> {
        let Self { room, view: View { team, .. } } = self;
        let work = move || {
            let (_, records, report) = reported(&room)?;
            let wanted = report.rounds.iter().filter(|round| team.is_none_or(|team| round.team == team));
            let kept = |round: &TeamRound| records.get(&(round.team, round.place)).map(Arc::as_ref);
            make(&wanted.filter_map(|round| Some((round, kept(round)?))).collect())
        };
        Blocking::Pool.run(work).await
    }
}

/// The stem of the names of a round's files. Practice rounds have no number, so their place in the plan tells them apart.
fn stem_of(team: &str, number: usize, place: usize) -> String {
    if number == 0 { format!("{team}-practice-{place}") } else { format!("{team}-round-{number}") }
}

pub(super) fn unreadable(error: &world::scenario::ScenarioError) -> Problem {
    broken(format!("A scenario cannot be read any longer: {error}"))
}

fn reviewed(kept: &RecordKept, known: &Known) -> Result<String, Problem> {
    ::debrief::incident::markdown_of_team(&kept.record, known).map_err(broken)
}

/// What the review of a round adds to its record.
fn known(round: &TeamRound) -> Known {
    let factor = |claimed: &FactClaimed| match claimed.fact {
        Fact::Factor(factor) => Some(factor),
        _ => None,
    };
    let done = round.tried.iter().filter(|tried| tried.what.done.is_some()).enumerate();
    let needed = done.filter_map(|(place, tried)| match &tried.verdict {
        Verdict::NeededWith(others) => {
            let others: Vec<String> = others.iter().map(ToString::to_string).collect();
            Some((place, format!("Needed; it works only together with: {}.", others.join(", then "))))
        }
        _ => None,
    });
    let help = |help: &Help| {
        let kind = match help.kind {
            HelpKind::Hint => "The facilitator gave a hint",
            HelpKind::Level => "The facilitator raised the telemetry level",
        };
        format!("{kind} at {}: {}", story_time(help.story_s), help.text)
    };
    Known {
        factors: round.facts.iter().filter_map(factor).collect(),
        needed: needed.collect(),
        help: round
            .help
            .iter()
            .map(help)
            .chain(::debrief::session::handovers(round))
            .chain(::debrief::session::commands(round))
            .collect(),
    }
}

/// Whether the answers are open to everybody.
pub(super) fn opened(room: &Room) -> Result<(), Problem> {
    if room.read(|session| session.phase == Phase::Debrief) { Ok(()) } else { Err(conflict(CLOSED)) }
}
