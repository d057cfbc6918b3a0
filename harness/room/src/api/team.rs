//! What a team does: guesses, adds hypotheses, acts and explains.

use std::sync::Arc;

use axum::Json;
use chassis::Problem;
use diagnosis::explanation::agreement;
use http::StatusCode;
use incident::EventKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use world::hands::truth;

use super::request::{Body, DONE, Done, InPath};
use crate::{
    access::Member,
    claims::{self, About, Catalogue},
    room::Room,
    session::{Guess, Moment, Played, conflict, not_found},
    team_world::TeamWorld,
    texts,
    views::{TeamView, remedy, team_view},
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

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Made {
    pub(super) id: u32,
}

/// The team's state
#[utoipa::path(get, path = "/api/team", responses((status = 200, body = TeamView)))]
async fn view(member: Member) -> Result<Json<TeamView>, Problem> {
    let view = team_view(&member.room, member.team, &member.alias);
    view.map(Json).ok_or_else(|| not_found("There is no such team."))
}

/// What explanations are mapped to
#[utoipa::path(get, path = "/api/team/catalogue", responses((status = 200, body = Catalogue)))]
async fn catalogue(_: Member) -> Json<Catalogue> {
    Json(Catalogue::new())
}

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
#[utoipa::path(post, path = "/api/team/guess", request_body = Guessing)]
async fn guess(member: Member, Body(Guessing { cause, confidence }): Body<Guessing>) -> Done {
    let cause = cause.map(|cause| claims::chosen(About::Cause, &cause, &[])).transpose()?;
    if confidence > 100 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "Confidence goes from 0 to 100 percent."));
    }
    let guess = Guess { cause, confidence, by: member.alias.clone() };
    member.work(|played, _| played.guess(guess))?;
    DONE
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    /// 1 to 500 characters.
    pub(super) text: String,
}

/// Adds a hypothesis
#[utoipa::path(post, path = "/api/team/hypotheses", request_body = Text, responses((status = 201, body = Made)))]
async fn add_hypothesis(
    member: Member,
    Body(Text { text }): Body<Text>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let text = texts::text("text", &text)?;
    let by = &member.alias;
    let id = member.work(|played, now| played.add_hypothesis(text.clone(), now, by))?;
    member.note(EventKind::Hypothesis { text, locates: false });
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Strikes a hypothesis, or takes that back
#[utoipa::path(post, path = "/api/team/hypotheses/{id}/strike", params(("id" = u32, Path)))]
async fn strike_hypothesis(member: Member, InPath(id): InPath<u32>) -> Done {
    member.work(|played, _| played.strike(id))?;
    DONE
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Using {
    remedy: String,
    asset: Option<String>,
}

/// Uses a remedy; it takes its time, and there is one at a time
#[utoipa::path(post, path = "/api/team/remedies", request_body = Using)]
async fn use_remedy(member: Member, Body(Using { remedy: id, asset }): Body<Using>) -> Done {
    let wrong = |detail: &str, parameter: &str| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", parameter)
    };
    if let Some(asset) = &asset
        && !TeamWorld::assets().contains(asset)
    {
        return Err(wrong("The shop has no such asset.", "asset"));
    }
    let is_known = crate::views::remedies().iter().any(|(known, _)| *known == id);
    if !is_known {
        return Err(wrong("There is no such remedy.", "remedy"));
    }
    let remedy = remedy(&id, asset.as_deref()).ok_or_else(|| wrong("Name the asset.", "asset"))?;
    member.work(|played, now| played.begin(remedy, now, &member.alias))?;
    DONE
}

/// Hands over to the next line of support, which takes its time
#[utoipa::path(post, path = "/api/team/handover")]
async fn hand_over(member: Member) -> Done {
    member.work(|played, now| played.hand_over(now, &member.alias))?;
    DONE
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Claiming {
    about: About,
    /// In own words: 1 to 500 characters.
    words: String,
    pins: Vec<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClaimChange {
    /// In own words: 1 to 500 characters.
    words: String,
    pins: Vec<u32>,
    choice: Option<String>,
}

/// Adds a part of an explanation
#[utoipa::path(post, path = "/api/team/claims", request_body = Claiming, responses((status = 201, body = Made)))]
async fn add_claim(
    member: Member,
    Body(Claiming { about, words, pins }): Body<Claiming>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let words = texts::text("words", &words)?;
    let id = member.work(|played, _| played.add_claim(about, words, &pins))?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Changes a part of an explanation
#[utoipa::path(put, path = "/api/team/claims/{id}", request_body = ClaimChange, params(("id" = u32, Path)))]
async fn change_claim(
    member: Member,
    InPath(id): InPath<u32>,
    Body(ClaimChange { words, pins, choice }): Body<ClaimChange>,
) -> Done {
    let words = texts::text("words", &words)?;
    let path = member
        .work(|played, _| played.change_claim(id, words, &pins, choice.as_deref(), &TeamWorld::assets()))?;
    if let Some(claim) = path
        && let Some(team_world) = member.room.team_world(member.team)
    {
        let locates = claims::answer(std::slice::from_ref(&claim)).path
            == truth(&team_world.scenario, &team_world.drawn).path;
        member.note(EventKind::Hypothesis { text: claim.words, locates });
    }
    DONE
}

/// Takes a part of an explanation away
#[utoipa::path(delete, path = "/api/team/claims/{id}", params(("id" = u32, Path)))]
async fn remove_claim(member: Member, InPath(id): InPath<u32>) -> Done {
    member.work(|played, _| played.remove_claim(id))?;
    DONE
}

/// Submits the explanation as it stands; the last one counts
#[utoipa::path(post, path = "/api/team/explanation")]
async fn explain(member: Member) -> Done {
    let team_world = member.team_world()?;
    let answer = member.work(|played, now| played.explain(now, &member.alias))?;
    let score = agreement(&answer, &truth(&team_world.scenario, &team_world.drawn));
    let score = Some((score * 1e3).round() / 1e3);
    team_world.world.note(EventKind::Explained { explanation: answer.explanation(), score });
    DONE
}

/// Answers the question that is asked after an early restoration
#[utoipa::path(post, path = "/api/team/answer", request_body = Text)]
async fn answer_question(member: Member, Body(Text { text }): Body<Text>) -> Done {
    let text = texts::text("text", &text)?;
    member.work(|played, _| played.answer_question(text))?;
    DONE
}

impl Member {
    /// Does something in the team's round, at the time of its world. What is refused changes nothing.
    pub(super) fn work<T>(
        &self,
        work: impl FnOnce(&mut Played, Moment) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let now = self.team_world()?.now();
        self.room.change(|session| session.work(self.team, |played| work(played, now)))
    }

    pub(super) fn team_world(&self) -> Result<Arc<TeamWorld>, Problem> {
        self.room.team_world(self.team).ok_or_else(|| conflict("No round has begun."))
    }

    fn note(&self, kind: EventKind) {
        if let Some(team_world) = self.room.team_world(self.team) {
            team_world.world.note(kind);
        }
    }
}
