//! What a team does: guesses, thinks, acts, and explains.

use axum::{Json, extract::State};
use chassis::Problem;
use diagnosis::{
    explanation::agreement,
    operating::{HANDOVER, Line},
    remedies::{COST_MINUTES, kind},
};
use http::StatusCode;
use incident::EventKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use world::hands::truth;

use super::request::{At, Body, Refusal};
use crate::{
    access::Member,
    claims::{self, About, Catalogue, Claim},
    floor::Floor,
    limits::{ENTRIES_MAX, PATHS_NOTED_MAX, full},
    room::Room,
    session::{Guess, Hypothesis, Pending, Phase, Played, Submitted, conflict, not_found},
    texts,
    views::{TeamView, remedy, story_time, team_view},
};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(view))
        .routes(routes!(catalogue))
        .routes(routes!(guess))
        .routes(routes!(add_hypothesis))
        .routes(routes!(strike_hypothesis))
        .routes(routes!(use_remedy))
        .routes(routes!(hand_over))
        .routes(routes!(add_claim))
        .routes(routes!(change_claim, remove_claim))
        .routes(routes!(explain))
        .routes(routes!(answer_question))
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Made {
    /// Its number.
    pub(super) id: u32,
}

/// The team's state
#[utoipa::path(get, path = "/api/team", tag = "team", security(("team" = [])),
    responses((status = 200, body = TeamView), Refusal))]
async fn view(State(room): State<Room>, member: Member) -> Result<Json<TeamView>, Problem> {
    let view = team_view(&room, member.team, &member.alias);
    view.map(Json).ok_or_else(|| not_found("There is no such team."))
}

/// What explanations are mapped to
#[utoipa::path(get, path = "/api/team/catalogue", tag = "team", security(("team" = [])),
    responses((status = 200, body = Catalogue), Refusal))]
async fn catalogue(_: Member) -> Json<Catalogue> {
    Json(Catalogue::new())
}

/// A guess before the evidence.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Guessing {
    /// A cause of the catalogue; none: no idea.
    cause: Option<String>,
    /// How sure, in percent.
    #[schema(maximum = 100)]
    confidence: u8,
}

/// Guesses the cause before any evidence is seen; opens the evidence
#[utoipa::path(post, path = "/api/team/guess", tag = "team", security(("team" = [])), request_body = Guessing,
    responses((status = 204), Refusal))]
async fn guess(
    State(room): State<Room>,
    member: Member,
    Body(Guessing { cause, confidence }): Body<Guessing>,
) -> Result<StatusCode, Problem> {
    let cause = cause.map(|cause| claims::chosen(About::Cause, &cause, &[])).transpose()?;
    if confidence > 100 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "Confidence goes from 0 to 100 percent."));
    }
    change(&room, &member, |played, _| {
        if played.guess.is_some() {
            return Err(conflict("This team has guessed already."));
        }
        played.guess = Some(Guess { cause, confidence, by: member.alias.clone() });
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// A text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    /// 1 to 500 characters.
    pub(super) text: String,
}

/// Adds a hypothesis
#[utoipa::path(post, path = "/api/team/hypotheses", tag = "team", security(("team" = [])), request_body = Text,
    responses((status = 201, body = Made), Refusal))]
async fn add_hypothesis(
    State(room): State<Room>,
    member: Member,
    Body(Text { text }): Body<Text>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let text = texts::text("text", &text)?;
    let id = change(&room, &member, |played, story| {
        room_for(played.hypotheses.len())?;
        let id = played.number();
        let by = member.alias.clone();
        played.hypotheses.push(Hypothesis { id, by, story, text: text.clone(), struck: false });
        Ok(id)
    })?;
    note(&room, &member, EventKind::Hypothesis { text, locates: false });
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Strikes a hypothesis, or takes that back
#[utoipa::path(post, path = "/api/team/hypotheses/{id}/strike", tag = "team", security(("team" = [])),
    params(("id" = u32, Path)), responses((status = 204), Refusal))]
async fn strike_hypothesis(
    State(room): State<Room>,
    member: Member,
    At(id): At<u32>,
) -> Result<StatusCode, Problem> {
    change(&room, &member, |played, _| {
        let found = played.hypotheses.iter_mut().find(|hypothesis| hypothesis.id == id);
        let found = found.ok_or_else(|| not_found("There is no such hypothesis."))?;
        found.struck = !found.struck;
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// A remedy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Using {
    /// Its name, of the team's state.
    remedy: String,
    /// The asset, if it needs one.
    asset: Option<String>,
}

/// Uses a remedy; it takes its time, and there is one at a time
#[utoipa::path(post, path = "/api/team/remedies", tag = "team", security(("team" = [])), request_body = Using,
    responses((status = 204), Refusal))]
async fn use_remedy(
    State(room): State<Room>,
    member: Member,
    Body(Using { remedy: id, asset }): Body<Using>,
) -> Result<StatusCode, Problem> {
    let wrong = |detail: &str, parameter: &str| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", parameter)
    };
    if let Some(asset) = &asset
        && !Floor::assets().contains(asset)
    {
        return Err(wrong("The shop has no such asset.", "asset"));
    }
    let is_known = crate::views::remedies().iter().any(|(known, _)| *known == id);
    if !is_known {
        return Err(wrong("There is no such remedy.", "remedy"));
    }
    let remedy = remedy(&id, asset.as_deref()).ok_or_else(|| wrong("Name the asset.", "asset"))?;
    let floor = floor(&room, &member)?;
    let now = floor.now();
    change(&room, &member, |played, _| {
        played.may_act()?;
        let needed = Line::of_remedy(&remedy);
        if needed > played.line() {
            return Err(conflict(format!("Only {} may do that; hand over to them first.", needed.name())));
        }
        if let Some(pending) = &played.pending {
            return Err(conflict(format!(
                "{} is at it: {}. One after the other.",
                pending.by, pending.remedy
            )));
        }
        let minutes = COST_MINUTES[kind(&remedy)];
        let text = format!("begun: {remedy} (takes {minutes} story minutes)");
        played.tell(now, "remedy", text, Some(&member.alias));
        let due_story_s = now.story_s + minutes * 60.0;
        played.pending = Some(Pending { remedy, due_story_s, by: member.alias.clone() });
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hands over to the next line of support, which takes its time
#[utoipa::path(post, path = "/api/team/handover", tag = "team", security(("team" = [])),
    responses((status = 204), Refusal))]
async fn hand_over(State(room): State<Room>, member: Member) -> Result<StatusCode, Problem> {
    let now = floor(&room, &member)?.now();
    change(&room, &member, |played, _| {
        played.may_act()?;
        if played.line() == Line::Third {
            return Err(conflict("There is no further line: L3 is the team that built it."));
        }
        if played.handover_story_s.is_some() {
            return Err(conflict("A handover is under way."));
        }
        played.handover_story_s = Some(now.story_s + HANDOVER.as_secs_f64());
        let minutes = HANDOVER.as_secs() / 60;
        let text = format!("a ticket went to the next line; it takes {minutes} story minutes");
        played.tell(now, "handover", text, Some(&member.alias));
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// A part of an explanation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Claiming {
    /// Which part.
    about: About,
    /// In own words: 1 to 500 characters.
    words: String,
    /// Evidence that was pinned.
    pins: Vec<u32>,
}

/// A changed part of an explanation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClaimChange {
    /// In own words: 1 to 500 characters.
    words: String,
    /// Evidence that was pinned.
    pins: Vec<u32>,
    /// What it is in the catalogue.
    choice: Option<String>,
}

/// Adds a part of an explanation
#[utoipa::path(post, path = "/api/team/claims", tag = "team", security(("team" = [])), request_body = Claiming,
    responses((status = 201, body = Made), Refusal))]
async fn add_claim(
    State(room): State<Room>,
    member: Member,
    Body(Claiming { about, words, pins }): Body<Claiming>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let words = texts::text("words", &words)?;
    let id = change(&room, &member, |played, _| {
        room_for(played.claims.len())?;
        let pins = pinned(played, &pins)?;
        let id = played.number();
        played.claims.push(Claim { id, about, words, pins, choice: None });
        Ok(id)
    })?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Changes a part of an explanation
#[utoipa::path(put, path = "/api/team/claims/{id}", tag = "team", security(("team" = [])), request_body = ClaimChange,
    params(("id" = u32, Path)), responses((status = 204), Refusal))]
async fn change_claim(
    State(room): State<Room>,
    member: Member,
    At(id): At<u32>,
    Body(ClaimChange { words, pins, choice }): Body<ClaimChange>,
) -> Result<StatusCode, Problem> {
    let words = texts::text("words", &words)?;
    let path = change(&room, &member, |played, _| {
        let pins = pinned(played, &pins)?;
        let noted = played.paths_noted;
        let claim = played.claims.iter_mut().find(|claim| claim.id == id);
        let claim = claim.ok_or_else(|| not_found("There is no such claim."))?;
        let choice =
            choice.map(|choice| claims::chosen(claim.about, &choice, &Floor::assets())).transpose()?;
        let is_new_path = claim.about == About::Path && choice.is_some() && choice != claim.choice;
        if is_new_path && noted >= PATHS_NOTED_MAX {
            return Err(full(format!("A path is mapped {PATHS_NOTED_MAX} times in a round at most.")));
        }
        (claim.words, claim.pins, claim.choice) = (words, pins, choice);
        let path = is_new_path.then(|| claim.clone());
        played.paths_noted += usize::from(is_new_path);
        Ok(path)
    })?;
    if let Some(claim) = path
        && let Some(floor) = room.floor(member.team)
    {
        let locates =
            claims::answer(std::slice::from_ref(&claim)).path == truth(&floor.scenario, &floor.drawn).path;
        note(&room, &member, EventKind::Hypothesis { text: claim.words, locates });
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a part of an explanation away
#[utoipa::path(delete, path = "/api/team/claims/{id}", tag = "team", security(("team" = [])),
    params(("id" = u32, Path)), responses((status = 204), Refusal))]
async fn remove_claim(
    State(room): State<Room>,
    member: Member,
    At(id): At<u32>,
) -> Result<StatusCode, Problem> {
    change(&room, &member, |played, _| {
        let before = played.claims.len();
        played.claims.retain(|claim| claim.id != id);
        if played.claims.len() < before { Ok(()) } else { Err(not_found("There is no such claim.")) }
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Submits the explanation as it stands; the last one counts
#[utoipa::path(post, path = "/api/team/explanation", tag = "team", security(("team" = [])),
    responses((status = 204), Refusal))]
async fn explain(State(room): State<Room>, member: Member) -> Result<StatusCode, Problem> {
    let floor = floor(&room, &member)?;
    let now = floor.now();
    let answer = change(&room, &member, |played, story| {
        if played.claims.is_empty() {
            return Err(conflict("There is nothing to submit: write down what you can explain."));
        }
        played.may_act()?;
        played.explained = Some(Submitted { story, by: member.alias.clone() });
        played.tell(now, "explained", "explanation submitted", Some(&member.alias));
        Ok(claims::answer(&played.claims))
    })?;
    let score = agreement(&answer, &truth(&floor.scenario, &floor.drawn));
    let score = Some((score * 1e3).round() / 1e3);
    floor.world.note(EventKind::Explained { explanation: answer.explanation(), score });
    Ok(StatusCode::NO_CONTENT)
}

/// Answers the question that is asked after an early restoration
#[utoipa::path(post, path = "/api/team/answer", tag = "team", security(("team" = [])), request_body = Text,
    responses((status = 204), Refusal))]
async fn answer_question(
    State(room): State<Room>,
    member: Member,
    Body(Text { text }): Body<Text>,
) -> Result<StatusCode, Problem> {
    let text = texts::text("text", &text)?;
    change(&room, &member, |played, _| {
        if !played.asked {
            return Err(conflict("Nobody has asked yet."));
        }
        played.answer = Some(text);
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes what a team does in the round that is under way; hands over the time of the story. What is refused, or does not fit, changes
/// nothing.
pub(super) fn change<T>(
    room: &Room,
    member: &Member,
    change: impl FnOnce(&mut Played, String) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let now = floor(room, member)?.now();
    let changed = {
        let mut session = room.session();
        if session.phase == Phase::Paused {
            return Err(conflict("The clock stands still; wait until it goes on."));
        }
        let played = session.playing(member.team)?;
        let before = played.clone();
        let changed = change(played, story_time(now.story_s))
            .and_then(|changed| played.fits_after(&before).map(|()| changed));
        if changed.is_err() {
            *played = before;
        }
        changed?
    };
    room.changed_in(member.team);
    Ok(changed)
}

/// The team's world.
pub(super) fn floor(room: &Room, member: &Member) -> Result<std::sync::Arc<Floor>, Problem> {
    room.floor(member.team).ok_or_else(|| conflict("No round has begun."))
}

fn note(room: &Room, member: &Member, kind: EventKind) {
    if let Some(floor) = room.floor(member.team) {
        floor.world.note(kind);
    }
}

/// Whether one more fits.
pub(super) fn room_for(count: usize) -> Result<(), Problem> {
    if count < ENTRIES_MAX {
        return Ok(());
    }
    Err(full(format!("{ENTRIES_MAX} of a kind are the most in one round.")))
}

/// The pins that somebody names, each once.
fn pinned(played: &Played, pins: &[u32]) -> Result<Vec<u32>, Problem> {
    let mut once: Vec<u32> = Vec::new();
    for pin in pins {
        if !played.pins.iter().any(|known| known.id == *pin) {
            let detail = format!("Pinned evidence {pin} is not there, or no longer.");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", "pins"));
        }
        if !once.contains(pin) {
            once.push(*pin);
        }
    }
    Ok(once)
}
