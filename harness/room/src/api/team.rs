//! What a team does: guesses, adds hypotheses, acts and explains. A change answers with what it made.

use std::sync::Arc;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use chassis::Problem;
use http::StatusCode;
use incident::EventKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{Body, DONE, Done, InPath};
use crate::{
    access::Member,
    catalogue::{Catalogue, Kind},
    claims::{About, Claim, claim_locates, locates, scored},
    played::{Expected, Guess, Hypothesis, Moment, Outlook, Played, Submitted},
    role_views::{MoreView, ProposalView, more_view, proposal_view, repairs},
    room::Room,
    session::{conflict, not_found},
    team_world::TeamWorld,
    texts,
    views::{
        AskedView, ClaimView, PendingView, QuestionView, TeamView, asked_view, claim_view, question, remedy,
        team_view, wall_s,
    },
};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(view))
        .routes(routes!(catalogue))
        .routes(routes!(guess))
        .routes(routes!(add_hypothesis))
        .routes(routes!(strike_hypothesis))
        .routes(routes!(use_remedy, break_off_remedy))
        .routes(routes!(hand_over))
        .routes(routes!(add_claim))
        .routes(routes!(change_claim, remove_claim))
        .routes(routes!(explain))
        .routes(routes!(answer_question))
        .routes(routes!(answer_outside))
        .routes(routes!(argue))
        .routes(routes!(ready))
}

type Created<T> = Result<(StatusCode, Json<T>), Problem>;

/// The team's state
#[utoipa::path(get, path = "/api/team", responses((status = 200, body = TeamView)))]
async fn view(member: Member) -> Result<Json<TeamView>, Problem> {
    let view = team_view(&member.room, member.team, member.lines().as_ref());
    let own = |view| TeamView { you: member.alias.clone(), seat: member.who.seat(), ..view };
    view.map(own).map(Json).ok_or_else(|| not_found("There is no such team."))
}

/// What guesses and explanations are matched with
///
/// Triggers and factors are empty at first. Each of the two lists opens to a team once it has a claim about that part in its own words, with
/// evidence pinned to it.
#[utoipa::path(get, path = "/api/team/catalogue", responses((status = 200, body = Catalogue)))]
async fn catalogue(member: Member) -> Json<Catalogue> {
    Json(member.room.read(|session| {
        Catalogue::open_to(&session.played(member.team).map_or_else(Vec::new, Played::explanation))
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Guessing {
    /// What kind of cause; null: no idea.
    kind: Option<Kind>,
    /// How sure, in percent; left out where there is no idea to be sure of.
    #[schema(maximum = 100)]
    confidence: Option<u8>,
}

/// Guesses the kind of cause before any evidence is seen; opens the evidence
#[utoipa::path(post, path = "/api/team/guess", request_body = Guessing, responses((status = 200, body = Guess)))]
async fn guess(
    member: Member,
    Body(Guessing { kind, confidence }): Body<Guessing>,
) -> Result<Json<Guess>, Problem> {
    if confidence.is_some_and(|confidence| confidence > 100) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "Confidence goes from 0 to 100 percent."));
    }
    // Nobody is sure of nothing.
    let guess = Guess { kind, confidence: confidence.filter(|_| kind.is_some()), by: member.alias.clone() };
    member.work(|played, _| played.guess(guess.clone()))?;
    Ok(Json(guess))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    /// 1 to 500 characters.
    pub(super) text: String,
}

/// Adds a hypothesis
#[utoipa::path(post, path = "/api/team/hypotheses", request_body = Text, responses((status = 201, body = Hypothesis)))]
async fn add_hypothesis(member: Member, Body(Text { text }): Body<Text>) -> Created<Hypothesis> {
    let text = texts::text("text", &text)?;
    let truth = member.team_world()?.truth.clone();
    let locates = locates(&text, &truth);
    let made = member.work(|played, now| {
        played.located |= locates;
        played.add_hypothesis(text.clone(), now, &member.alias)
    })?;
    member.note(EventKind::Hypothesis { text, locates });
    Ok((StatusCode::CREATED, Json(made)))
}

/// Strikes a hypothesis, or takes that back
#[utoipa::path(post, path = "/api/team/hypotheses/{id}/strike", params(("id" = String, Path)),
    responses((status = 200, body = Hypothesis)))]
async fn strike_hypothesis(member: Member, InPath(id): InPath<String>) -> Result<Json<Hypothesis>, Problem> {
    member.work(|played, _| played.strike(&id)).map(Json)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Using {
    /// The id of a remedy of the team's state.
    remedy: String,
    /// For a remedy that needs one.
    asset: Option<String>,
    /// What you expect customers to meet half a minute after it; shown beside what they met.
    expects: Option<Outlook>,
    /// Why, in your own words: 1 to 500 characters.
    because: Option<String>,
}

/// What somebody expects, with reasons.
pub(super) fn expected(outlook: Option<Outlook>, because: Option<&str>) -> Result<Option<Expected>, Problem> {
    let words = because.map(|because| texts::text("because", because)).transpose()?;
    match (outlook, words) {
        (None, Some(_)) => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Say what you expect in 'expects': back, better, same or worse; 'because' says why.",
        )
        .with("parameter", "expects")),
        (outlook, words) => Ok(outlook.map(|outlook| Expected { outlook, words })),
    }
}

/// Uses a remedy; it takes its time, and there is one at a time
///
/// Say first what you expect. Half a minute after it is done, `expectations` in the team's state says what came. In a team with a commander
/// others propose it: 202, and it begins when the commander or the deputy gives the go.
#[utoipa::path(post, path = "/api/team/remedies", request_body = Using,
    responses((status = 200, body = PendingView), (status = 202, body = ProposalView)))]
async fn use_remedy(
    member: Member,
    Body(Using { remedy: id, asset, expects, because }): Body<Using>,
) -> Result<Response, Problem> {
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
        return Err(wrong("There is no such remedy; 'remedies' of the team's state lists them.", "remedy"));
    }
    let remedy = remedy(&id, asset.as_deref()).ok_or_else(|| wrong("Name the asset.", "asset"))?;
    let expected = expected(expects, because.as_deref())?;
    if member.room.read(|session| session.whose_go(member.team, member.who).is_some()) {
        let proposed = member.work(|played, now| played.propose(remedy, expected, now, &member.alias))?;
        return Ok((StatusCode::ACCEPTED, Json(proposal_view(&proposed))).into_response());
    }
    let before = member.team_world()?.figures().availability;
    let begun = member.work(|played, now| {
        let begun = played.begin(remedy, expected, (now, before), &member.alias)?;
        Ok((begun, now))
    });
    let (begun, now) = begun?;
    let in_s = member
        .room
        .read(|session| session.round().map_or(0.0, |round| wall_s(begun.due_story_s, now, round)));
    Ok(Json(PendingView { words: begun.remedy.to_string(), by: begun.by, in_s }).into_response())
}

/// Breaks off the remedy that is under way, before it has done anything
#[utoipa::path(delete, path = "/api/team/remedies")]
async fn break_off_remedy(member: Member) -> Done {
    let is_acting = member.team_world()?.is_acting();
    member.work(|played, now| played.break_off(is_acting, now, &member.alias))?;
    DONE
}

#[derive(Debug, Serialize, ToSchema)]
struct HandedOver {
    /// Wall-clock seconds until the next line takes over.
    in_s: f64,
}

/// Hands over to the next line of support, which takes its time
///
/// For a person alone. Where the team plays lines, `/api/team/ticket/pass` takes its place.
#[utoipa::path(post, path = "/api/team/handover", responses((status = 200, body = HandedOver)))]
async fn hand_over(member: Member) -> Result<Json<HandedOver>, Problem> {
    let (due_s, now) = member.work(|played, now| {
        played.hand_over(now, &member.alias)?;
        Ok((played.handover_story_s.unwrap_or(now.story_s), now))
    })?;
    let in_s = member.room.read(|session| session.round().map_or(0.0, |round| wall_s(due_s, now, round)));
    Ok(Json(HandedOver { in_s }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Claiming {
    about: About,
    /// In own words: 1 to 500 characters.
    words: String,
    /// Ids of pins that show it, such as `p3`.
    pins: Vec<String>,
    /// What it is matched with: the id of a cause or a factor of the catalogue; an asset's id; a character as in U+00E9 or bytes as in
    /// `0x93 0x94`; for the path services in order with commas between them, as in `cache,web-front`. Causes and factors need pins.
    choice: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClaimChange {
    /// In own words: 1 to 500 characters.
    words: String,
    /// Ids of pins that show it, such as `p3`.
    pins: Vec<String>,
    /// As for a new claim; null: not matched.
    choice: Option<String>,
}

/// Adds a part of an explanation, with its evidence and its choice if you have them
#[utoipa::path(post, path = "/api/team/claims", request_body = Claiming, responses((status = 201, body = ClaimView)))]
async fn add_claim(
    member: Member,
    Body(Claiming { about, words, pins, choice }): Body<Claiming>,
) -> Created<ClaimView> {
    let words = texts::text("words", &words)?;
    let assets = TeamWorld::assets();
    let made = member.claim(|played| played.add_claim(about, words, &pins, choice.as_deref(), &assets))?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Changes a part of an explanation
#[utoipa::path(put, path = "/api/team/claims/{id}", request_body = ClaimChange, params(("id" = String, Path)),
    responses((status = 200, body = ClaimView)))]
async fn change_claim(
    member: Member,
    InPath(id): InPath<String>,
    Body(ClaimChange { words, pins, choice }): Body<ClaimChange>,
) -> Result<Json<ClaimView>, Problem> {
    let words = texts::text("words", &words)?;
    let assets = TeamWorld::assets();
    member.claim(|played| played.change_claim(&id, words, &pins, choice.as_deref(), &assets)).map(Json)
}

/// Takes a part of an explanation away
#[utoipa::path(delete, path = "/api/team/claims/{id}", params(("id" = String, Path)))]
async fn remove_claim(member: Member, InPath(id): InPath<String>) -> Done {
    member.work(|played, _| played.remove_claim(&id))?;
    DONE
}

/// What was submitted.
#[derive(Debug, Serialize, ToSchema)]
struct Submission {
    /// The time of the story.
    story: String,
    by: String,
    /// How many claims count: matched with the catalogue, and with evidence.
    counting: usize,
    /// What keeps the others from counting in full, for each claim that has something. It says nothing about what is right.
    warnings: Vec<String>,
}

/// Submits the explanation as it stands; the last one counts
///
/// Claims without a choice or without pins count for nothing; the answer says which those are.
#[utoipa::path(post, path = "/api/team/explanation", responses((status = 200, body = Submission)))]
async fn explain(member: Member) -> Result<Json<Submission>, Problem> {
    let team_world = member.team_world()?;
    let (score, claims, pins, submitted) = member.work(|played, now| {
        let submitted = played.explain(now, &member.alias)?;
        let claims = played.explanation();
        let score = scored(&claims, &played.pins, &team_world.truth, played.level);
        played.points = score.points();
        Ok((score, claims, played.pins.clone(), submitted))
    })?;
    let explanation = score.answer.explanation();
    team_world.world.note(EventKind::Explained { explanation, score: Some(score.score) });
    let warning = |claim: &Claim| {
        let why = match &claim.choice {
            None => Some("It is not matched with the catalogue, so it counts for nothing.".to_owned()),
            Some(_) => claim_view(claim, &pins).lacks,
        };
        why.map(|why| format!("{} \u{201c}{}\u{201d}: {why}", claim.id, claim.words))
    };
    let mut warnings: Vec<String> = claims.iter().filter_map(warning).collect();
    let counting = crate::claims::counting(&claims);
    if !counting.iter().any(|claim| claim.about == About::Factor) {
        warnings.push("No contributing factor counts: without one no explanation is right.".to_owned());
    }
    let Submitted { story, by, .. } = submitted;
    Ok(Json(Submission { story, by, counting: counting.len(), warnings }))
}

/// Answers the question that is asked after an early restoration
#[utoipa::path(post, path = "/api/team/answer", request_body = Text, responses((status = 200, body = QuestionView)))]
async fn answer_question(
    member: Member,
    Body(Text { text }): Body<Text>,
) -> Result<Json<QuestionView>, Problem> {
    let text = texts::text("text", &text)?;
    let answered = member.at_any_line(|played, now| {
        played.answer_question(text, now)?;
        Ok(question(played))
    });
    answered.map(Json)
}

/// Answers a question from outside, or writes a status update; the first answer stands, and is timed
#[utoipa::path(post, path = "/api/team/questions/{id}/answer", request_body = Text, params(("id" = String, Path)),
    responses((status = 200, body = AskedView)))]
async fn answer_outside(
    member: Member,
    InPath(id): InPath<String>,
    Body(Text { text }): Body<Text>,
) -> Result<Json<AskedView>, Problem> {
    let text = texts::text("text", &text)?;
    let measured = {
        let team_world = member.team_world()?;
        let figures = team_world.figures();
        (figures.availability, figures.loss_usd)
    };
    let answered =
        member.at_any_line(|played, now| played.answer_outside(&id, text, (now, measured), &member.alias))?;
    member.note(EventKind::Note {
        text: format!(
            "asked: {}; answered: {}",
            answered.text,
            answered.answer.as_deref().unwrap_or_default()
        ),
    });
    let now = member.team_world()?.now();
    let shown = member.room.read(|session| session.round().map(|round| asked_view(&answered, round, now)));
    shown.map(Json).ok_or_else(|| conflict("No round is under way."))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Arguing {
    /// The id of one of the repairs under `more` of the team's state.
    repair: String,
    /// What you expect of the incident with the repair: `back` if it is prevented, `better` if less is lost.
    expects: Outlook,
    /// Why this one, in your own words: 1 to 500 characters.
    because: String,
}

/// Argues for one repair, once customers are served and the explanation is handed in
///
/// It is the round's one repair. The debrief plays the incident again with it, beside what you wrote.
#[utoipa::path(post, path = "/api/team/argument", request_body = Arguing, responses((status = 200, body = MoreView)))]
async fn argue(
    member: Member,
    Body(Arguing { repair, expects, because }): Body<Arguing>,
) -> Result<Json<MoreView>, Problem> {
    let offered = || repairs().into_iter().find(|(id, _)| *id == repair);
    let because = texts::text("because", &because)?;
    let expected = expected(Some(expects), Some(&because))?;
    let now = member.team_world()?.now();
    let made = member.room.change(|session| {
        let (place, round) = (session.playing(member.team)?.round, session.round().cloned());
        if !session.playing(member.team)?.may_argue(round.as_ref()) {
            return Err(conflict(
                "A repair is argued for in a round that counts, once customers are served again, the explanation is handed in, and it names \
                 a contributing factor with evidence.",
            ));
        }
        let (_, choice) = offered().ok_or_else(|| {
            let detail = "There is no such repair; 'more' of the team's state lists them.";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("parameter", "repair")
        })?;
        let argued = Some((now.story_s, member.alias.clone()));
        let name = choice.fault.name();
        session.spend_repair(member.team, Some(place), name, (expected.as_ref(), argued))?;
        Ok(more_view(session.playing(member.team)?, round.as_ref()))
    })?;
    made.map(Json).ok_or_else(|| conflict("No round is under way."))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Readiness {
    ready: bool,
}

/// Says whether the team is ready for the next round
#[utoipa::path(post, path = "/api/team/ready", request_body = Readiness)]
async fn ready(member: Member, Body(Readiness { ready }): Body<Readiness>) -> Done {
    member.room.change(|session| session.ready(member.team, ready))?;
    DONE
}

impl Member {
    /// Does something in the team's round, at the time of its world, if their line of support has the ticket. What is refused changes nothing.
    pub(super) fn work<T>(
        &self,
        work: impl FnOnce(&mut Played, Moment) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let at = self.lines();
        self.at_any_line(|played, now| {
            played.may_work(at.as_ref())?;
            work(played, now)
        })
    }

    /// The same, whichever line has the ticket.
    pub(super) fn at_any_line<T>(
        &self,
        work: impl FnOnce(&mut Played, Moment) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let now = self.team_world()?.now();
        self.room.change(|session| session.work(self.team, |played| work(played, now)))
    }

    /// Makes or changes a claim. The first that names the right place is noted in the record.
    fn claim(&self, work: impl FnOnce(&mut Played) -> Result<Claim, Problem>) -> Result<ClaimView, Problem> {
        let truth = self.team_world()?.truth.clone();
        let (claim, is_new, pins) = self.work(|played, _| {
            let claim = work(played)?;
            let is_new = !played.located && claim_locates(&claim, &truth, played.level);
            played.located |= is_new;
            Ok((claim, is_new, played.pins.clone()))
        })?;
        if is_new {
            self.note(EventKind::Hypothesis { text: claim.words.clone(), locates: true });
        }
        Ok(claim_view(&claim, &pins))
    }

    pub(super) fn team_world(&self) -> Result<Arc<TeamWorld>, Problem> {
        self.room.team_world(self.team).ok_or_else(|| conflict("No round has begun."))
    }

    pub(super) fn note(&self, kind: EventKind) {
        if let Some(team_world) = self.room.team_world(self.team) {
            team_world.world.note(kind);
        }
    }
}
