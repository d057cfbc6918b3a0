//! What the facilitator does: plans, begins, helps, breaks off, and tells.

use axum::{Json, extract::State};
use chassis::Problem;
use http::StatusCode;
use incident::{ContributingFactor, EventKind, Level};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use world::{hands::truth, scenario::scenario};

use super::{
    request::{At, Body, Refusal},
    team::Text,
};
use crate::{
    access::Facilitator,
    desk_views::{DeskView, desk_view},
    forward::Tee,
    limits::{MARKS_MAX, TEXT_CHARACTERS_MAX, full},
    plan::MINUTES_RANGE,
    room::Room,
    session::{Mark, Phase, conflict},
    texts,
    views::story_time,
};

/// What every team reads when the facilitator breaks a round off.
const BROKEN_OFF: &str = "The facilitator has broken this round off. Every shop is well again.";

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(view))
        .routes(routes!(start))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(extend))
        .routes(routes!(end))
        .routes(routes!(abort))
        .routes(routes!(reveal))
        .routes(routes!(hint))
        .routes(routes!(hints))
        .routes(routes!(message))
        .routes(routes!(mark))
        .routes(routes!(level))
        .routes(routes!(answer))
        .routes(routes!(rename))
        .routes(routes!(forward))
}

/// The facilitator's state
#[utoipa::path(get, path = "/api/desk", tag = "desk", security(("facilitator" = [])),
    responses((status = 200, body = DeskView), Refusal))]
async fn view(State(room): State<Room>, _: Facilitator) -> Json<DeskView> {
    Json(desk_view(&room))
}

/// Begins the next round
#[utoipa::path(post, path = "/api/desk/start", tag = "desk", security(("facilitator" = [])),
    responses((status = 204), Refusal))]
async fn start(State(room): State<Room>, _: Facilitator) -> Result<StatusCode, Problem> {
    room.start().await.map(|()| StatusCode::NO_CONTENT)
}

/// Lets clocks and customers stand still
#[utoipa::path(post, path = "/api/desk/pause", tag = "desk", security(("facilitator" = [])),
    responses((status = 204), Refusal))]
async fn pause(State(room): State<Room>, _: Facilitator) -> Result<StatusCode, Problem> {
    room.pause(true).await.map(|()| StatusCode::NO_CONTENT)
}

/// Lets them go on
#[utoipa::path(post, path = "/api/desk/resume", tag = "desk", security(("facilitator" = [])),
    responses((status = 204), Refusal))]
async fn resume(State(room): State<Room>, _: Facilitator) -> Result<StatusCode, Problem> {
    room.pause(false).await.map(|()| StatusCode::NO_CONTENT)
}

/// How much longer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Extending {
    /// Minutes, above 0.
    minutes: f64,
}

/// Makes the round longer
#[utoipa::path(post, path = "/api/desk/extend", tag = "desk", security(("facilitator" = [])), request_body = Extending,
    responses((status = 204), Refusal))]
async fn extend(
    State(room): State<Room>,
    _: Facilitator,
    Body(Extending { minutes }): Body<Extending>,
) -> Result<StatusCode, Problem> {
    within("minutes", minutes, (0.1, MINUTES_RANGE.1))?;
    {
        let mut session = room.session();
        let is_running = matches!(session.phase, Phase::Running | Phase::Paused);
        let current =
            session.current.filter(|_| is_running).ok_or_else(|| conflict("No round is under way."))?;
        let round = &mut session.plan[current];
        round.minutes = (round.minutes + minutes).min(MINUTES_RANGE.1);
    }
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the round
#[utoipa::path(post, path = "/api/desk/end", tag = "desk", security(("facilitator" = [])),
    responses((status = 204), Refusal))]
async fn end(State(room): State<Room>, _: Facilitator) -> Result<StatusCode, Problem> {
    room.end(None).await.map(|()| StatusCode::NO_CONTENT)
}

/// Breaks the round off, and puts every shop back as it was at first
#[utoipa::path(post, path = "/api/desk/abort", tag = "desk", security(("facilitator" = [])),
    responses((status = 204), Refusal))]
async fn abort(State(room): State<Room>, _: Facilitator) -> Result<StatusCode, Problem> {
    room.end(Some(BROKEN_OFF)).await.map(|()| StatusCode::NO_CONTENT)
}

/// Opens the answers to everybody
#[utoipa::path(post, path = "/api/desk/reveal", tag = "desk", security(("facilitator" = [])),
    responses((status = 204), Refusal))]
async fn reveal(State(room): State<Room>, _: Facilitator) -> Result<StatusCode, Problem> {
    room.reveal().map(|()| StatusCode::NO_CONTENT)
}

/// One team, or all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToTeam {
    /// The team; null for all.
    team: Option<u32>,
}

/// Gives the next hint of the ladder
#[utoipa::path(post, path = "/api/desk/hint", tag = "desk", security(("facilitator" = [])), request_body = ToTeam,
    responses((status = 204), Refusal))]
async fn hint(
    State(room): State<Room>,
    _: Facilitator,
    Body(ToTeam { team }): Body<ToTeam>,
) -> Result<StatusCode, Problem> {
    let mut given = 0;
    for team in teams(&room, team)? {
        let ladder = ladder(&room, team)?;
        let hint = {
            let mut session = room.session();
            let played = session.playing(team)?;
            let hint = ladder.get(played.hints).cloned();
            played.hints += usize::from(hint.is_some());
            hint
        };
        if let Some(text) = hint {
            given += 1;
            room.tell(team, "hint", &text, None);
            if let Some(floor) = room.floor(team) {
                floor.world.note(EventKind::Hint { text });
            }
        }
    }
    if given == 0 {
        return Err(conflict("There is no further hint."));
    }
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// A ladder of hints.
#[derive(Debug, Serialize, ToSchema)]
struct Hints {
    /// How many the team was given.
    given: usize,
    /// All of them, in order.
    ladder: Vec<String>,
}

/// The hints for what a team plays
#[utoipa::path(get, path = "/api/desk/hints/{team}", tag = "desk", security(("facilitator" = [])),
    params(("team" = u32, Path)), responses((status = 200, body = Hints), Refusal))]
async fn hints(State(room): State<Room>, _: Facilitator, At(team): At<u32>) -> Result<Json<Hints>, Problem> {
    let ladder = ladder(&room, team)?;
    let given = room.session().played(team).map_or(0, |played| played.hints);
    Ok(Json(Hints { given, ladder }))
}

fn ladder(room: &Room, team: u32) -> Result<Vec<String>, Problem> {
    let session = room.session();
    session.team(team)?;
    let assigned = session.assigned(team).ok_or_else(|| conflict("No round has begun."))?;
    Ok(scenario(&assigned.scenario).map(|scenario| scenario.hints).unwrap_or_default())
}

/// A message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Message {
    /// The team; null for all.
    team: Option<u32>,
    /// 1 to 500 characters.
    text: String,
}

/// Sends a message
#[utoipa::path(post, path = "/api/desk/message", tag = "desk", security(("facilitator" = [])), request_body = Message,
    responses((status = 204), Refusal))]
async fn message(
    State(room): State<Room>,
    _: Facilitator,
    Body(Message { team, text }): Body<Message>,
) -> Result<StatusCode, Problem> {
    let text = texts::text("text", &text)?;
    for team in teams(&room, team)? {
        room.session().played_mut(team)?.may_be_told()?;
        room.tell(team, "message", &text, None);
    }
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Marks this moment, to talk about it
#[utoipa::path(post, path = "/api/desk/mark", tag = "desk", security(("facilitator" = [])), request_body = Text,
    responses((status = 204), Refusal))]
async fn mark(
    State(room): State<Room>,
    _: Facilitator,
    Body(Text { text }): Body<Text>,
) -> Result<StatusCode, Problem> {
    let text = texts::text("text", &text)?;
    let story = room.floors().values().next().map(|floor| story_time(floor.now().story_s));
    {
        let mut session = room.session();
        let round = session.current.ok_or_else(|| conflict("No round has begun."))?;
        if session.marks.len() >= MARKS_MAX {
            return Err(full(format!("{MARKS_MAX} marks are the most.")));
        }
        session.marks.push(Mark { round, story: story.unwrap_or_default(), text });
    }
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// A telemetry level.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToLevel {
    /// The team; null for all.
    team: Option<u32>,
    /// `dark`, `logs`, `metrics`, `traces` or `changes`.
    level: String,
}

/// Raises the telemetry level, from now on; it is never lowered
#[utoipa::path(post, path = "/api/desk/level", tag = "desk", security(("facilitator" = [])), request_body = ToLevel,
    responses((status = 204), Refusal))]
async fn level(
    State(room): State<Room>,
    _: Facilitator,
    Body(ToLevel { team, level }): Body<ToLevel>,
) -> Result<StatusCode, Problem> {
    let level: Level = level.parse().map_err(|error| wrong("level", format!("{error}.")))?;
    for team in teams(&room, team)? {
        room.raise_level(team, level)?;
    }
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// The answer, for the facilitator alone.
#[derive(Debug, Serialize, ToSchema)]
struct Truth {
    scenario: String,
    title: String,
    description: String,
    trigger: String,
    asset: Option<String>,
    character: Option<String>,
    path: Vec<String>,
    factors: Vec<Factor>,
    right: Vec<Vec<String>>,
    wrong: Vec<Vec<String>>,
}

/// A contributing factor in words.
#[derive(Debug, Serialize, ToSchema)]
struct Factor {
    name: &'static str,
    words: &'static str,
}

/// The truth about what a team plays
#[utoipa::path(get, path = "/api/desk/answer/{team}", tag = "desk", security(("facilitator" = [])),
    params(("team" = u32, Path)), responses((status = 200, body = Truth), Refusal))]
async fn answer(State(room): State<Room>, _: Facilitator, At(team): At<u32>) -> Result<Json<Truth>, Problem> {
    room.session().team(team)?;
    let floor = room.floor(team).ok_or_else(|| conflict("No round has begun."))?;
    let (scenario, drawn) = (&floor.scenario, &floor.drawn);
    let truth = truth(scenario, drawn);
    let words = |sequences: &[Vec<incident::Remedy>]| {
        let named = sequences
            .iter()
            .filter_map(|sequence| diagnosis::remedies::with_asset(sequence, drawn.published.as_deref()));
        named.map(|sequence| sequence.iter().map(ToString::to_string).collect()).collect()
    };
    let factor = |factor: &ContributingFactor| Factor { name: factor.name(), words: factor.description() };
    Ok(Json(Truth {
        scenario: scenario.name.clone(),
        title: scenario.title.clone(),
        description: scenario.description.clone(),
        trigger: truth.cause,
        asset: truth.asset,
        character: truth.character,
        path: truth.path.iter().map(ToString::to_string).collect(),
        factors: truth.factors.iter().map(factor).collect(),
        right: words(&scenario.remedies.right),
        wrong: words(&scenario.remedies.wrong),
    }))
}

/// A name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Renaming {
    /// 1 to 24 characters.
    name: String,
}

/// Renames a team
#[utoipa::path(put, path = "/api/desk/teams/{team}", tag = "desk", security(("facilitator" = [])),
    params(("team" = u32, Path)), request_body = Renaming, responses((status = 204), Refusal))]
async fn rename(
    State(room): State<Room>,
    _: Facilitator,
    At(team): At<u32>,
    Body(Renaming { name }): Body<Renaming>,
) -> Result<StatusCode, Problem> {
    let name = texts::name("name", &name)?;
    room.session().team_mut(team)?.name = name;
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// A backend.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forwarding {
    /// The base of its addresses for OTLP over HTTP, such as `http://192.168.1.20:4318`; null for none.
    endpoint: Option<String>,
}

/// Sends a team's telemetry also to a backend of its own
#[utoipa::path(post, path = "/api/desk/teams/{team}/forward", tag = "desk", security(("facilitator" = [])),
    params(("team" = u32, Path)), request_body = Forwarding, responses((status = 204), Refusal))]
async fn forward(
    State(room): State<Room>,
    _: Facilitator,
    At(team): At<u32>,
    Body(Forwarding { endpoint }): Body<Forwarding>,
) -> Result<StatusCode, Problem> {
    room.session().team(team)?;
    if endpoint.as_ref().is_some_and(|endpoint| endpoint.chars().count() > TEXT_CHARACTERS_MAX) {
        return Err(wrong("endpoint", format!("An address has at most {TEXT_CHARACTERS_MAX} characters.")));
    }
    let wrong = |error: std::io::Error| wrong("endpoint", format!("{error}."));
    match room.floor(team) {
        Some(floor) => floor.tee.forward(endpoint.as_deref()).map_err(wrong)?,
        None => Tee::check(endpoint.as_deref()).map_err(wrong)?,
    }
    room.session().team_mut(team)?.forward = endpoint;
    room.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// The team, or all.
fn teams(room: &Room, team: Option<u32>) -> Result<Vec<u32>, Problem> {
    let session = room.session();
    match team {
        Some(team) => session.team(team).map(|team| vec![team.number]),
        None => Ok(session.teams.iter().map(|team| team.number).collect()),
    }
}

pub(super) fn within(name: &str, value: f64, (least, most): (f64, f64)) -> Result<(), Problem> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(wrong(name, format!("{name} goes from {least} to {most}.")))
}

pub(super) fn wrong(parameter: &str, detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", parameter)
}
