//! What the facilitator does: starts and ends rounds, gives hints, messages and telemetry, and reads the answers.

use axum::Json;
use chassis::Problem;
use http::StatusCode;
use incident::{ContributingFactor, Level};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use world::scenario::{draw, scenario};

use super::{
    debrief::unreadable,
    request::{Body, DONE, Done, InPath, InQuery},
    team::Text,
};
use crate::{
    access::{AtDesk, Facilitator},
    catalogue::truth_at,
    desk_views::{DeskView, desk_view},
    forward::Tee,
    invitations::Rights,
    limits::TEXT_CHARACTERS_MAX,
    plan::MINUTES_RANGE,
    played::Moment,
    room::Room,
    session::conflict,
    texts,
    views::story_time,
    voices::{MessageKind, UPDATE_WITHIN_S, Voice, WITHIN_S_RANGE},
};

/// What every team reads when the facilitator breaks a round off.
const BROKEN_OFF: &str = "The facilitator has broken this round off. Every shop is well again.";

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(view))
        .routes(routes!(process))
        .routes(routes!(start, hold))
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
#[utoipa::path(get, path = "/api/desk", responses((status = 200, body = DeskView)))]
async fn view(Facilitator { room, name, rights, .. }: Facilitator) -> Json<DeskView> {
    Json(DeskView { you: name, rights, ..desk_view(&room) })
}

#[derive(Debug, Serialize, ToSchema)]
struct Process {
    /// Worlds that are open: one for each team from a round's start to the next.
    worlds: usize,
    /// What the program works on at once: connections, customers, services.
    tasks: usize,
    /// What the evidence of all worlds holds, as its stores count it; each has a limit of its own.
    evidence_bytes: usize,
}

/// What the room's program holds right now, for who watches whether it grows
#[utoipa::path(get, path = "/api/desk/process", responses((status = 200, body = Process)))]
async fn process(Facilitator { room, .. }: Facilitator) -> Json<Process> {
    let worlds = room.team_worlds();
    Json(Process {
        worlds: worlds.len(),
        tasks: Handle::current().metrics().num_alive_tasks(),
        evidence_bytes: worlds.values().map(|world| world.evidence.usage().bytes).sum(),
    })
}

/// How soon something is to happen.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Soon {
    /// After so many seconds, which every page counts down; at once without it.
    after_s: Option<f64>,
}

/// The longest that is counted down, in seconds.
const COUNTED_S: (f64, f64) = (1.0, 600.0);

/// Begins the next round, at once or after a countdown
#[utoipa::path(post, path = "/api/desk/start", params(Soon))]
async fn start(Facilitator { room, .. }: Facilitator, InQuery(Soon { after_s }): InQuery<Soon>) -> Done {
    if let Some(seconds) = after_s {
        within("after_s", seconds, COUNTED_S)?;
        room.start_in(seconds)?;
        return DONE;
    }
    room.start().await.map(|()| StatusCode::NO_CONTENT)
}

/// Stops the countdown to the next round
#[utoipa::path(delete, path = "/api/desk/start")]
async fn hold(Facilitator { room, .. }: Facilitator) -> Done {
    if room.countdown().take().is_none() {
        return Err(conflict("Nothing is counted down."));
    }
    room.show_all();
    DONE
}

/// Pauses the round: clocks and customers stop
#[utoipa::path(post, path = "/api/desk/pause")]
async fn pause(Facilitator { room, .. }: Facilitator) -> Done {
    room.pause(true).await.map(|()| StatusCode::NO_CONTENT)
}

/// Resumes the round
#[utoipa::path(post, path = "/api/desk/resume")]
async fn resume(Facilitator { room, .. }: Facilitator) -> Done {
    room.pause(false).await.map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Extending {
    /// Minutes, above 0.
    minutes: f64,
}

/// Makes the round longer
#[utoipa::path(post, path = "/api/desk/extend", request_body = Extending)]
async fn extend(Facilitator { room, .. }: Facilitator, Body(Extending { minutes }): Body<Extending>) -> Done {
    within("minutes", minutes, (0.1, MINUTES_RANGE.1))?;
    room.change(|session| session.extend(minutes))?;
    DONE
}

/// Ends the round, at once or after a time that every page shows
#[utoipa::path(post, path = "/api/desk/end", params(Soon))]
async fn end(Facilitator { room, .. }: Facilitator, InQuery(Soon { after_s }): InQuery<Soon>) -> Done {
    if let Some(seconds) = after_s {
        within("after_s", seconds, COUNTED_S)?;
        let first = room.team_worlds().values().next().map(|team_world| team_world.now());
        room.change(|session| session.end_in(seconds / 60.0, first.unwrap_or_default()))?;
        return DONE;
    }
    room.end(None).await.map(|()| StatusCode::NO_CONTENT)
}

/// Breaks the round off, and puts every shop back as it was at first
#[utoipa::path(post, path = "/api/desk/abort")]
async fn abort(Facilitator { room, .. }: Facilitator) -> Done {
    room.end(Some(BROKEN_OFF)).await.map(|()| StatusCode::NO_CONTENT)
}

/// Opens the answers to everybody
#[utoipa::path(post, path = "/api/desk/reveal")]
async fn reveal(Facilitator { room, .. }: Facilitator) -> Done {
    room.reveal().map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToTeam {
    /// The team; null for all.
    team: Option<u32>,
}

/// Gives the next hint of the ladder
#[utoipa::path(post, path = "/api/desk/hint", request_body = ToTeam)]
async fn hint(Facilitator { room, .. }: Facilitator, Body(ToTeam { team }): Body<ToTeam>) -> Done {
    let mut given = 0;
    for (team, _) in teams(&room, team)? {
        given += usize::from(room.give_hint(team)?);
    }
    if given == 0 {
        return Err(conflict("There is no further hint."));
    }
    DONE
}

#[derive(Debug, Serialize, ToSchema)]
struct Hints {
    given: usize,
    /// All of them, in order.
    ladder: Vec<String>,
}

/// The hints for what a team plays
#[utoipa::path(get, path = "/api/desk/hints/{team}", params(("team" = u32, Path)), responses((status = 200, body = Hints)))]
async fn hints(
    Facilitator { room, .. }: Facilitator,
    InPath(team): InPath<u32>,
) -> Result<Json<Hints>, Problem> {
    let ladder = room.ladder(team)?;
    let given = room.read(|session| session.played(team).map_or(0, |played| played.hints));
    Ok(Json(Hints { given, ladder }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Message {
    /// The team; null for all.
    team: Option<u32>,
    /// 1 to 500 characters.
    text: String,
    /// Who speaks; the facilitator unless you say.
    #[serde(default)]
    voice: Voice,
    /// Whether teams are to answer it: what they answer is timed, kept, and stands in the debrief. An update has to be written in time.
    #[serde(default)]
    kind: MessageKind,
    /// For an update: within so many seconds, from 30 to 900; 90 unless you say.
    within_s: Option<f64>,
}

/// Sends a message in somebody's voice, asks a question, or asks for a status update
#[utoipa::path(post, path = "/api/desk/message", request_body = Message)]
async fn message(
    Facilitator { room, .. }: Facilitator,
    Body(Message { team, text, voice, kind, within_s }): Body<Message>,
) -> Done {
    let text = texts::text("text", &text)?;
    let within_s = within_s.or((kind == MessageKind::Update).then_some(UPDATE_WITHIN_S));
    if let Some(within_s) = within_s {
        within("within_s", within_s, WITHIN_S_RANGE)?;
        if kind != MessageKind::Update {
            let detail =
                "Only a status update is due within a time: say 'kind': 'update', or leave 'within_s' out.";
            return Err(wrong("within_s", detail.to_owned()));
        }
    }
    let teams = teams(&room, team)?;
    room.change(|session| match kind {
        MessageKind::Message => session.message(&teams, (voice, &text)),
        MessageKind::Question | MessageKind::Update => {
            session.ask_from_outside(&teams, (voice, &text), within_s)
        }
    })?;
    DONE
}

/// Marks this moment, to talk about it; a note-taker may, too
#[utoipa::path(post, path = "/api/desk/mark", request_body = Text)]
async fn mark(
    AtDesk(Facilitator { room, name, rights, .. }): AtDesk,
    Body(Text { text }): Body<Text>,
) -> Done {
    let text = texts::text("text", &text)?;
    let by = (rights == Rights::NoteTaker).then_some(name);
    let story = room.team_worlds().values().next().map(|team_world| story_time(team_world.now().story_s));
    room.change(|session| session.mark(story.unwrap_or_default(), text, by))?;
    DONE
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToLevel {
    /// The team; null for all.
    team: Option<u32>,
    /// `dark`, `logs`, `metrics`, `traces` or `changes`.
    level: String,
}

/// Raises the telemetry level, from now on; it is never lowered
#[utoipa::path(post, path = "/api/desk/level", request_body = ToLevel)]
async fn level(Facilitator { room, .. }: Facilitator, Body(ToLevel { team, level }): Body<ToLevel>) -> Done {
    let level: Level = level.parse().map_err(|error| wrong("level", format!("{error}.")))?;
    for (team, now) in teams(&room, team)? {
        room.raise_level(team, level, now)?;
    }
    DONE
}

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

#[derive(Debug, Serialize, ToSchema)]
struct Factor {
    name: &'static str,
    words: &'static str,
}

/// The truth about what a team plays
#[utoipa::path(get, path = "/api/desk/answer/{team}", params(("team" = u32, Path)), responses((status = 200, body = Truth)))]
async fn answer(
    Facilitator { room, .. }: Facilitator,
    InPath(team): InPath<u32>,
) -> Result<Json<Truth>, Problem> {
    let assigned = room.read(|session| {
        session.team(team)?;
        session.assigned(team).cloned().ok_or_else(|| conflict("No round has begun."))
    })?;
    let scenario = scenario(&assigned.scenario).map_err(|error| unreadable(&error))?;
    let drawn = draw(&scenario, assigned.seed);
    let truth = truth_at(assigned.level, &scenario, &drawn);
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

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Renaming {
    /// 1 to 24 characters.
    name: String,
}

/// Renames a team
#[utoipa::path(put, path = "/api/desk/teams/{team}", params(("team" = u32, Path)), request_body = Renaming)]
async fn rename(
    Facilitator { room, .. }: Facilitator,
    InPath(team): InPath<u32>,
    Body(Renaming { name }): Body<Renaming>,
) -> Done {
    let name = texts::name("name", &name)?;
    room.change(|session| session.rename(team, name))?;
    DONE
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forwarding {
    /// The base of its addresses for OTLP over HTTP, such as `http://192.168.1.20:4318`; null for none.
    endpoint: Option<String>,
}

/// Sends a team's telemetry also to a backend of its own
#[utoipa::path(post, path = "/api/desk/teams/{team}/forward", params(("team" = u32, Path)), request_body = Forwarding)]
async fn forward(
    Facilitator { room, .. }: Facilitator,
    InPath(team): InPath<u32>,
    Body(Forwarding { endpoint }): Body<Forwarding>,
) -> Done {
    room.read(|session| session.team(team).map(drop))?;
    if endpoint.as_ref().is_some_and(|endpoint| endpoint.chars().count() > TEXT_CHARACTERS_MAX) {
        return Err(wrong("endpoint", format!("An address has at most {TEXT_CHARACTERS_MAX} characters.")));
    }
    let wrong = |error: std::io::Error| wrong("endpoint", format!("{error}."));
    match room.team_world(team) {
        Some(team_world) => team_world.tee.forward(endpoint.as_deref()).map_err(wrong)?,
        None => Tee::check(endpoint.as_deref()).map_err(wrong)?,
    }
    room.change(|session| session.forward(team, endpoint))?;
    DONE
}

/// The team, or all, and when it is in their worlds.
fn teams(room: &Room, team: Option<u32>) -> Result<Vec<(u32, Moment)>, Problem> {
    let numbers: Vec<u32> = room.read(|session| match team {
        Some(team) => session.team(team).map(|team| vec![team.number]),
        None => Ok(session.teams.iter().map(|team| team.number).collect()),
    })?;
    let now = |team| room.team_world(team).map(|team_world| team_world.now()).unwrap_or_default();
    Ok(numbers.into_iter().map(|team| (team, now(team))).collect())
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
