//! What the facilitator does: starts and ends rounds, gives hints, messages and telemetry, and reads the answers.

use chassis::Problem;
use incident::{ContributingFactor, Level};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use utoipa::{IntoParams, ToSchema};
use world::scenario::draw;

use super::{
    debrief::unreadable,
    request::{Answer, DONE, Done, Json, Path, Query, done, within},
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
    session::{conflict, wrong},
    texts,
    views::story_time,
    voices::{MessageKind, UPDATE_WITHIN_S, Voice, WITHIN_S_RANGE},
};

/// What every team reads when the facilitator breaks a round off.
const BROKEN_OFF: &str = "The facilitator has broken this round off. Every shop is well again.";

/// The facilitator's state
#[utoipa::path(get, path = "/api/desk", responses((status = 200, body = DeskView)))]
pub(super) async fn view(AtDesk { room, name, rights, .. }: AtDesk) -> Json<DeskView> {
    Json(DeskView { you: name, rights, ..desk_view(&room) })
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Process {
    /// Worlds that are open: one for each team from a round's start to the next.
    worlds: usize,
    /// What the program works on at once: connections, customers, services.
    tasks: usize,
    /// What the evidence of all worlds holds, as its stores count it; each has a limit of its own.
    evidence_bytes: usize,
}

/// What the room's program holds right now, for who watches whether it grows
#[utoipa::path(get, path = "/api/desk/process", responses((status = 200, body = Process)))]
pub(super) async fn process(Facilitator(room): Facilitator) -> Json<Process> {
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
pub(super) struct Soon {
    /// After so many seconds, which every page counts down; at once without it.
    after_s: Option<f64>,
}

/// The shortest and the longest countdown, in seconds.
const COUNTED_S: (f64, f64) = (1.0, 600.0);

/// Begins the next round, at once or after a countdown
#[utoipa::path(post, path = "/api/desk/start", params(Soon))]
pub(super) async fn start(Facilitator(room): Facilitator, Query(Soon { after_s }): Query<Soon>) -> Done {
    let Some(seconds) = after_s else { return room.start().await.map(done) };
    within("after_s", seconds, COUNTED_S)?;
    room.start_in(seconds).map(done)
}

/// Stops the countdown to the next round
#[utoipa::path(delete, path = "/api/desk/start")]
pub(super) async fn hold(Facilitator(room): Facilitator) -> Done {
    if room.countdown().take().is_none() {
        return Err(conflict("Nothing is counted down."));
    }
    room.show_all();
    DONE
}

/// Pauses the round: clocks and customers stop
#[utoipa::path(post, path = "/api/desk/pause")]
pub(super) async fn pause(Facilitator(room): Facilitator) -> Done {
    room.pause(true).await.map(done)
}

/// Resumes the round
#[utoipa::path(post, path = "/api/desk/resume")]
pub(super) async fn resume(Facilitator(room): Facilitator) -> Done {
    room.pause(false).await.map(done)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Extending {
    /// Minutes, above 0.
    minutes: f64,
}

/// Makes the round longer
#[utoipa::path(post, path = "/api/desk/extend")]
pub(super) async fn extend(Facilitator(room): Facilitator, Json(by): Json<Extending>) -> Done {
    within("minutes", by.minutes, (0.1, MINUTES_RANGE.1))?;
    room.change(|session| session.extend(by.minutes)).map(done)
}

/// Ends the round, at once or after a time that every page shows
#[utoipa::path(post, path = "/api/desk/end", params(Soon))]
pub(super) async fn end(Facilitator(room): Facilitator, Query(Soon { after_s }): Query<Soon>) -> Done {
    let Some(seconds) = after_s else { return room.end(None).await.map(done) };
    within("after_s", seconds, COUNTED_S)?;
    let first = room.team_worlds().values().next().map(|team_world| team_world.now());
    room.change(|session| session.end_in(seconds / 60.0, first.unwrap_or_default())).map(done)
}

/// Breaks the round off, and puts every shop back as it was at first
#[utoipa::path(post, path = "/api/desk/abort")]
pub(super) async fn abort(Facilitator(room): Facilitator) -> Done {
    room.end(Some(BROKEN_OFF)).await.map(done)
}

/// Opens the answers to everybody
#[utoipa::path(post, path = "/api/desk/reveal")]
pub(super) async fn reveal(Facilitator(room): Facilitator) -> Done {
    room.reveal().map(done)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ToTeam {
    /// The team; null for all.
    team: Option<u32>,
}

/// Gives the next hint of the ladder
#[utoipa::path(post, path = "/api/desk/hint")]
pub(super) async fn hint(Facilitator(room): Facilitator, Json(ToTeam { team }): Json<ToTeam>) -> Done {
    let mut is_given = false;
    for (team, _) in teams(&room, team)? {
        is_given |= room.give_hint(team)?;
    }
    if is_given { DONE } else { Err(conflict("There is no further hint.")) }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Hints {
    given: usize,
    /// All of them, in order.
    ladder: Vec<String>,
}

/// The hints for what a team plays
#[utoipa::path(get, path = "/api/desk/hints/{team}", responses((status = 200, body = Hints)))]
pub(super) async fn hints(Facilitator(room): Facilitator, Path(team): Path<u32>) -> Answer<Hints> {
    let ladder = room.ladder(team)?;
    let given = room.read(|session| session.played(team).map_or(0, |played| played.hints));
    Ok(Json(Hints { given, ladder }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
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
#[utoipa::path(post, path = "/api/desk/message")]
pub(super) async fn message(
    Facilitator(room): Facilitator,
    Json(Message { team, text, voice, kind, within_s }): Json<Message>,
) -> Done {
    let text = texts::text("text", &text)?;
    let within_s = within_s.or((kind == MessageKind::Update).then_some(UPDATE_WITHIN_S));
    if let Some(within_s) = within_s {
        within("within_s", within_s, WITHIN_S_RANGE)?;
        if kind != MessageKind::Update {
            let detail =
                "Only a status update is due within a time: say 'kind': 'update', or leave 'within_s' out.";
            return Err(wrong("within_s", detail));
        }
    }
    let teams = teams(&room, team)?;
    room.change(|session| match kind {
        MessageKind::Message => session.message(&teams, (voice, &text)),
        MessageKind::Question | MessageKind::Update => {
            session.ask_from_outside(&teams, (voice, &text), within_s)
        }
    })
    .map(done)
}

/// Marks this moment, to talk about it; a note-taker may, too
#[utoipa::path(post, path = "/api/desk/mark")]
pub(super) async fn mark(AtDesk { room, name, rights, .. }: AtDesk, Json(Text { text }): Json<Text>) -> Done {
    let text = texts::text("text", &text)?;
    let by = (rights == Rights::NoteTaker).then_some(name);
    let story = room.team_worlds().values().next().map(|team_world| story_time(team_world.now().story_s));
    room.change(|session| session.mark(story.unwrap_or_default(), text, by)).map(done)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ToLevel {
    /// The team; null for all.
    team: Option<u32>,
    /// `dark`, `logs`, `metrics`, `traces` or `changes`.
    level: String,
}

/// Raises the telemetry level, from now on; it is never lowered
#[utoipa::path(post, path = "/api/desk/level")]
pub(super) async fn level(Facilitator(room): Facilitator, Json(to): Json<ToLevel>) -> Done {
    let level: Level = to.level.parse().map_err(|error| wrong("level", format!("{error}.")))?;
    let mut teams = teams(&room, to.team)?.into_iter();
    teams.try_for_each(|(team, now)| room.raise_level(team, level, now)).map(done)
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Truth {
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
pub(super) struct Factor {
    name: &'static str,
    words: &'static str,
}

/// The truth about what a team plays
#[utoipa::path(get, path = "/api/desk/answer/{team}", responses((status = 200, body = Truth)))]
pub(super) async fn answer(Facilitator(room): Facilitator, Path(team): Path<u32>) -> Answer<Truth> {
    let assigned = room.read(|session| {
        session.team(team)?;
        session.assigned(team).cloned().ok_or_else(|| conflict("No round has begun."))
    })?;
    let scenario = assigned.scenario().map_err(|error| unreadable(&error))?;
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
pub(super) struct Renaming {
    /// 1 to 24 characters.
    name: String,
}

/// Renames a team
#[utoipa::path(put, path = "/api/desk/teams/{team}")]
pub(super) async fn rename(
    Facilitator(room): Facilitator,
    Path(team): Path<u32>,
    Json(Renaming { name }): Json<Renaming>,
) -> Done {
    let name = texts::name("name", &name)?;
    room.change(|session| session.rename(team, name)).map(done)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Forwarding {
    /// The base of its addresses for OTLP over HTTP, such as `http://192.168.1.20:4318`; null for none.
    endpoint: Option<String>,
}

/// Sends a team's telemetry also to a backend of its own
#[utoipa::path(post, path = "/api/desk/teams/{team}/forward")]
pub(super) async fn forward(
    Facilitator(room): Facilitator,
    Path(team): Path<u32>,
    Json(Forwarding { endpoint }): Json<Forwarding>,
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
    room.change(|session| session.forward(team, endpoint)).map(done)
}

/// This team, or all teams, each with the current moment of its world.
fn teams(room: &Room, team: Option<u32>) -> Result<Vec<(u32, Moment)>, Problem> {
    let numbers: Vec<u32> = room.read(|session| match team {
        Some(team) => session.team(team).map(|team| vec![team.number]),
        None => Ok(session.teams.iter().map(|team| team.number).collect()),
    })?;
    let now = |team| room.team_world(team).map(|team_world| team_world.now()).unwrap_or_default();
    Ok(numbers.into_iter().map(|team| (team, now(team))).collect())
}
