//! The debrief, for programs and for the scripts of its [pages](super::debrief_pages): the repair that a team spends, and what can be taken
//! home. For teams nothing of it is there before the answers are open.

use std::sync::Arc;

use ::debrief::{incident::Known, session::csv};
use axum::{Json, response::Response};
use chassis::{Blocking, Problem};
use http::StatusCode;
use incident::ContributingFactor;
use report::session::{
    Fact, FactClaimed, Help, HelpKind, Pending, Played, TeamRound, Verdict, outlook_of_repair,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    request::{Body, InPath, InQuery},
    take_home::{File, archive, download, stem},
    team::expected,
};
use crate::{
    access::{Facilitator, Member},
    debrief::{
        rounds::{RecordKept, compute, recorded},
        state::{News, View},
    },
    played::Outlook,
    room::Room,
    session::{Phase, Session, conflict, not_found},
    views::story_time,
};

pub(super) fn of_team() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(spend))
        .routes(routes!(team_archive))
        .routes(routes!(team_news))
        .routes(routes!(team_record))
        .routes(routes!(team_result))
        .routes(routes!(team_review))
        .routes(routes!(team_rounds))
        .routes(routes!(team_visits))
}

pub(super) fn of_desk() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(desk_archive))
        .routes(routes!(desk_feedback))
        .routes(routes!(desk_news))
        .routes(routes!(desk_rounds))
        .routes(routes!(desk_visits))
        .routes(routes!(desk_team_archive))
        .routes(routes!(desk_team_news))
        .routes(routes!(desk_team_record))
        .routes(routes!(desk_team_review))
        .routes(routes!(desk_team_rounds))
        .routes(routes!(desk_team_visits))
}

/// What teams read before the answers are open.
pub(super) const CLOSED: &str = "The debrief opens when the facilitator opens the answers to everybody.";

/// Whether the facilitator wants to see all.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DebriefQuery {
    /// All sixteen combinations, before every team has spent its repair.
    #[serde(default)]
    pub(super) anyway: bool,
}

/// Spending a repair.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Spending {
    /// The round; the last scored one if none is given.
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
struct Repairs {
    /// The names that are known.
    choices: Vec<String>,
}

/// Spends the one repair of a round, which is then replayed with it
#[utoipa::path(post, path = "/api/team/repair", request_body = Spending, responses((status = 200, body = Repairs)))]
async fn spend(
    member: Member,
    Body(Spending { round, repair, expects, because }): Body<Spending>,
) -> Result<Json<Repairs>, Problem> {
    opened(&member.room)?;
    let known = ContributingFactor::LATENT_FAULTS.map(ContributingFactor::name);
    if !known.contains(&repair.as_str()) {
        let known = known.join(", ");
        let detail = format!("There is no such repair; choose one of {known}.");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", "repair"));
    }
    let expected = expected(expects, because.as_deref())?;
    let expected = (expected.as_ref(), None);
    member.room.change(|session| session.spend_repair(member.team, round, &repair, expected))?;
    Ok(Json(Repairs { choices: known.map(str::to_owned).into() }))
}

/// How far the team's debrief has come
#[utoipa::path(get, path = "/api/team/debrief/news", responses((status = 200, body = News)))]
async fn team_news(member: Member) -> Result<Json<News>, Problem> {
    opened(&member.room)?;
    Ok(news(&member.room, View { team: Some(member.team), is_desk: false, anyway: false }))
}

/// The team's incident record of a round
#[utoipa::path(get, path = "/api/team/debrief/records/{round}", params(("round" = usize, Path)),
    responses((status = 200, content_type = "application/json")))]
async fn team_record(member: Member, InPath(round): InPath<usize>) -> Result<Response, Problem> {
    opened(&member.room)?;
    record(&member.room, member.team, round)
}

/// What a round came to
///
/// The truth part by part beside what the team claimed, the points of each part, each remedy with what was expected of it and what came,
/// the repair likewise, what was asked from outside with what was known then, who commanded and what waited for a go, what the facilitator
/// helped with, and each handover of the ticket with what it lost. Times are seconds of the story since 08:00.
/// `round` is its place in the plan, from 0, as `round.place` of the team's state has it.
#[utoipa::path(get, path = "/api/team/debrief/results/{round}", params(("round" = usize, Path)),
    responses((status = 200, content_type = "application/json")))]
async fn team_result(member: Member, InPath(round): InPath<usize>) -> Result<Json<Value>, Problem> {
    opened(&member.room)?;
    let Member { room, team, .. } = member;
    Blocking::Pool.run(move || result(&room, team, round)).await.map(Json)
}

fn result(room: &Room, team: u32, number: usize) -> Result<Value, Problem> {
    let session = room.read(Session::clone);
    let records = room.debrief().records(room, &session);
    let mut report = recorded(&session, &records).map_err(|error| unreadable(&error))?;
    let mut results = room.debrief().results(report.is_open);
    compute(&mut report, View { team: Some(team), is_desk: false, anyway: false }, &mut results);
    let found = report.rounds.iter().find(|round| (round.team, round.number) == (team, number));
    let round = found.ok_or_else(|| not_found("There is no record of this round, or nobody attended it."))?;
    let replays = round.computed.as_ref().and_then(|computed| computed.replays.as_ref());
    let came = match replays {
        Some(Pending::Ready(replays)) => Some(outlook_of_repair(
            replays.each_ref().map(Played::loss_usd),
            replays[1].outcome.lost_s.is_some(),
        )),
        _ => None,
    };
    Ok(json!({
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
    }))
}

/// The post-incident review of a round, ready to fill in
#[utoipa::path(get, path = "/api/team/debrief/reviews/{round}", params(("round" = usize, Path)),
    responses((status = 200, content_type = "text/markdown")))]
async fn team_review(member: Member, InPath(round): InPath<usize>) -> Result<Response, Problem> {
    opened(&member.room)?;
    review(&member.room, member.team, round)
}

/// All of the team's records, reviews and tables as one archive
#[utoipa::path(get, path = "/api/team/debrief/all.zip", responses((status = 200, content_type = "application/zip")))]
async fn team_archive(member: Member) -> Result<Response, Problem> {
    opened(&member.room)?;
    all(&member.room, Some(member.team)).await
}

/// The team's rounds, one a row
#[utoipa::path(get, path = "/api/team/debrief/rounds.csv", responses((status = 200, content_type = "text/csv")))]
async fn team_rounds(member: Member) -> Result<Response, Problem> {
    opened(&member.room)?;
    download_csv(&member.room, Some(member.team), "rounds", rounds_csv).await
}

/// Every visit to the team's shop, by the second
#[utoipa::path(get, path = "/api/team/debrief/visits.csv", responses((status = 200, content_type = "text/csv")))]
async fn team_visits(member: Member) -> Result<Response, Problem> {
    opened(&member.room)?;
    download_csv(&member.room, Some(member.team), "visits", visits_csv).await
}

/// How far the debrief of all teams has come
#[utoipa::path(get, path = "/api/desk/debrief/news", params(DebriefQuery), responses((status = 200, body = News)))]
async fn desk_news(
    Facilitator { room, .. }: Facilitator,
    InQuery(query): InQuery<DebriefQuery>,
) -> Json<News> {
    news(&room, View { team: None, is_desk: true, anyway: query.anyway })
}

/// All records, reviews and tables of all teams as one archive
#[utoipa::path(get, path = "/api/desk/debrief/all.zip", responses((status = 200, content_type = "application/zip")))]
async fn desk_archive(Facilitator { room, .. }: Facilitator) -> Result<Response, Problem> {
    all(&room, None).await
}

/// What participants said of the session, without names
#[utoipa::path(get, path = "/api/desk/debrief/feedback.csv", responses((status = 200, content_type = "text/csv")))]
async fn desk_feedback(Facilitator { room, .. }: Facilitator) -> Response {
    let text = room.read(|session| csv::feedback(&session.feedback));
    download("text/csv; charset=utf-8", "feedback.csv", text)
}

/// One row for each team and round
#[utoipa::path(get, path = "/api/desk/debrief/rounds.csv", responses((status = 200, content_type = "text/csv")))]
async fn desk_rounds(Facilitator { room, .. }: Facilitator) -> Result<Response, Problem> {
    download_csv(&room, None, "rounds", rounds_csv).await
}

/// Every visit to every shop, by the second
#[utoipa::path(get, path = "/api/desk/debrief/visits.csv", responses((status = 200, content_type = "text/csv")))]
async fn desk_visits(Facilitator { room, .. }: Facilitator) -> Result<Response, Problem> {
    download_csv(&room, None, "visits", visits_csv).await
}

/// All of a team's records, reviews and tables as one archive
#[utoipa::path(get, path = "/api/desk/debrief/teams/{team}/all.zip", params(("team" = u32, Path)),
    responses((status = 200, content_type = "application/zip")))]
async fn desk_team_archive(
    Facilitator { room, .. }: Facilitator,
    InPath(team): InPath<u32>,
) -> Result<Response, Problem> {
    all(&room, Some(team)).await
}

/// How far the debrief of one team has come, as the facilitator reads it
#[utoipa::path(get, path = "/api/desk/debrief/teams/{team}/news", params(("team" = u32, Path), DebriefQuery),
    responses((status = 200, body = News)))]
async fn desk_team_news(
    Facilitator { room, .. }: Facilitator,
    InPath(team): InPath<u32>,
    InQuery(query): InQuery<DebriefQuery>,
) -> Result<Json<News>, Problem> {
    room.read(|session| session.team(team).map(drop))?;
    Ok(news(&room, View { team: Some(team), is_desk: true, anyway: query.anyway }))
}

/// A team's incident record of a round
#[utoipa::path(get, path = "/api/desk/debrief/teams/{team}/records/{round}", params(("team" = u32, Path), ("round" = usize, Path)),
    responses((status = 200, content_type = "application/json")))]
async fn desk_team_record(
    Facilitator { room, .. }: Facilitator,
    InPath((team, round)): InPath<(u32, usize)>,
) -> Result<Response, Problem> {
    record(&room, team, round)
}

/// The post-incident review of a team's round, ready to fill in
#[utoipa::path(get, path = "/api/desk/debrief/teams/{team}/reviews/{round}", params(("team" = u32, Path), ("round" = usize, Path)),
    responses((status = 200, content_type = "text/markdown")))]
async fn desk_team_review(
    Facilitator { room, .. }: Facilitator,
    InPath((team, round)): InPath<(u32, usize)>,
) -> Result<Response, Problem> {
    review(&room, team, round)
}

/// A team's rounds, one a row
#[utoipa::path(get, path = "/api/desk/debrief/teams/{team}/rounds.csv", params(("team" = u32, Path)),
    responses((status = 200, content_type = "text/csv")))]
async fn desk_team_rounds(
    Facilitator { room, .. }: Facilitator,
    InPath(team): InPath<u32>,
) -> Result<Response, Problem> {
    download_csv(&room, Some(team), "rounds", rounds_csv).await
}

/// Every visit to a team's shop, by the second
#[utoipa::path(get, path = "/api/desk/debrief/teams/{team}/visits.csv", params(("team" = u32, Path)),
    responses((status = 200, content_type = "text/csv")))]
async fn desk_team_visits(
    Facilitator { room, .. }: Facilitator,
    InPath(team): InPath<u32>,
) -> Result<Response, Problem> {
    download_csv(&room, Some(team), "visits", visits_csv).await
}

fn news(room: &Room, view: View) -> Json<News> {
    Json(room.read(|session| room.debrief().news(view, session)))
}

pub(super) fn unreadable(error: &world::scenario::ScenarioError) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("A scenario cannot be read any longer: {error}"))
}

/// The rounds of one team or of all.
type Rounds<'a> = Vec<(&'a TeamRound, &'a RecordKept)>;

fn rounds_csv(rounds: &Rounds<'_>) -> String {
    csv::rounds(rounds.iter().map(|(round, _)| *round))
}

fn visits_csv(rounds: &Rounds<'_>) -> String {
    csv::visits(rounds.iter().map(|(round, kept)| (round.team, round.number, &kept.record)))
}

async fn download_csv(
    room: &Room,
    team: Option<u32>,
    name: &'static str,
    write: fn(&Rounds<'_>) -> String,
) -> Result<Response, Problem> {
    let text = with_rounds(room, team, move |rounds| Ok(write(rounds))).await?;
    Ok(download("text/csv; charset=utf-8", &format!("{name}.csv"), text))
}

async fn all(room: &Room, team: Option<u32>) -> Result<Response, Problem> {
    let name = match team {
        Some(team) => room.read(|session| session.team(team).map(|team| stem(team.number, &team.name)))?,
        None => "all-teams".to_owned(),
    };
    // Without names it belongs to no team.
    let said = room.read(|session| team.is_none().then(|| session.feedback.clone()));
    let files = move |rounds: &Rounds<'_>| -> Result<Vec<File>, Problem> {
        let mut tables = vec![("rounds.csv", rounds_csv(rounds)), ("visits.csv", visits_csv(rounds))];
        if let Some(said) = said {
            let json = serde_json::to_string_pretty(&said).expect("answers are plain values");
            tables.extend([("feedback.csv", csv::feedback(&said)), ("feedback.json", json)]);
        }
        let mut files: Vec<File> =
            tables.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
        for (round, kept) in rounds {
            let stem = format!("{}-round-{}", stem(round.team, &round.name), round.number);
            files.push((format!("{stem}.json"), kept.record.to_json().into_bytes()));
            files.push((format!("{stem}-review.md"), reviewed(kept, &known(round))?.into_bytes()));
        }
        Ok(files)
    };
    with_rounds(room, team, move |rounds| archive(&name, files(rounds)?)).await
}

/// What is made of the rounds of one team, or of all, beside the threads that serve.
async fn with_rounds<Made: Send + 'static>(
    room: &Room,
    team: Option<u32>,
    make: impl FnOnce(&Rounds<'_>) -> Result<Made, Problem> + Send + 'static,
) -> Result<Made, Problem> {
    let room = room.clone();
    let work = move || {
        let session = room.read(Session::clone);
        if let Some(team) = team {
            session.team(team)?;
        }
        let records = room.debrief().records(&room, &session);
        let report = recorded(&session, &records).map_err(|error| unreadable(&error))?;
        let wanted = report.rounds.iter().filter(|round| team.is_none_or(|team| round.team == team));
        let kept = |round: &TeamRound| records.get(&(round.team, round.number)).map(Arc::as_ref);
        make(&wanted.filter_map(|round| Some((round, kept(round)?))).collect())
    };
    Blocking::Pool.run(work).await
}

fn record(room: &Room, team: u32, round: usize) -> Result<Response, Problem> {
    let (kept, stem) = kept(room, team, round)?;
    Ok(download("application/json", &format!("{stem}.json"), kept.record.to_json()))
}

fn review(room: &Room, team: u32, round: usize) -> Result<Response, Problem> {
    let (kept, stem) = kept(room, team, round)?;
    let session = room.read(Session::clone);
    let records = room.debrief().records(room, &session);
    let report = recorded(&session, &records).map_err(|error| unreadable(&error))?;
    let found = report.rounds.iter().find(|one| (one.team, one.number) == (team, round));
    let known = found.map(known).unwrap_or_default();
    let text = reviewed(&kept, &known)?;
    Ok(download("text/markdown; charset=utf-8", &format!("{stem}-review.md"), text))
}

fn reviewed(kept: &RecordKept, known: &Known) -> Result<String, Problem> {
    ::debrief::incident::markdown_of_team(&kept.record, known)
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

/// What the review of a round says beside its record.
fn known(round: &TeamRound) -> Known {
    let factor = |claimed: &FactClaimed| match claimed.fact {
        Fact::Factor(factor) => Some(factor),
        _ => None,
    };
    let done = round.tried.iter().filter(|tried| tried.done_s.is_some()).enumerate();
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

/// The record of a round, and what its files are called.
fn kept(room: &Room, team: u32, round: usize) -> Result<(Arc<RecordKept>, String), Problem> {
    let session = room.read(Session::clone);
    let name = stem(team, &session.team(team)?.name);
    let records = room.debrief().records(room, &session);
    let kept = records.get(&(team, round)).cloned();
    let kept = kept.ok_or_else(|| not_found("There is no record of this round yet."))?;
    Ok((kept, format!("{name}-round-{round}")))
}

/// Whether the answers are open to everybody.
pub(super) fn opened(room: &Room) -> Result<(), Problem> {
    if room.read(|session| session.phase == Phase::Debrief) { Ok(()) } else { Err(conflict(CLOSED)) }
}
