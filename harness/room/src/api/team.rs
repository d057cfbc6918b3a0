//! A team's actions: guessing, adding hypotheses, acting and explaining. The response to a change holds what it made. A person who rehearses alone
//! also leads the round: a route of their own offers a facilitator's begin, pause, hints and end.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use chassis::Problem;
use http::StatusCode;
use incident::EventKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::{Answer, Created, Done, Json, Path, created, done};
use crate::{
    access::Member,
    catalogue::{Catalogue, Kind},
    claims::{About, Claim, claim_locates, locates, scored},
    played::{Expected, Guess, Hypothesis, Moment, Outlook, Played, Submitted},
    roles::{MoreView, ProposalView, more_view, proposal_view, repairs},
    session::{Purpose, conflict, forbidden, not_found, wrong},
    team_world::TeamWorld,
    texts,
    views::{
        AskedView, ClaimView, PendingView, QuestionView, TeamView, asked_view, claim_view, question,
        remedies, remedy, team_view, wall_s,
    },
};

/// The team's state
#[utoipa::path(get, path = "/api/team", responses((status = 200, body = TeamView)))]
pub(super) async fn view(member: Member) -> Answer<TeamView> {
    let view = team_view(&member.room, member.team, member.lines().as_ref());
    let own = |view| TeamView { you: member.alias.clone(), seat: member.who.seat(), ..view };
    view.map(own).map(Json).ok_or_else(|| not_found("There is no such team."))
}

/// What guesses and explanations are matched with
///
/// Triggers and factors are empty at first. Each of the two lists opens to a team once it has a claim about that part in its own words, with
/// evidence pinned to it.
#[utoipa::path(get, path = "/api/team/catalogue", responses((status = 200, body = Catalogue)))]
pub(super) async fn catalogue(member: Member) -> Json<Catalogue> {
    Json(member.room.read(|session| {
        Catalogue::open_to(&session.played(member.team).map_or_else(Vec::new, Played::explanation))
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Guessing {
    /// What kind of cause; null: no idea.
    kind: Option<Kind>,
    /// How sure, in percent; left out where there is no idea to be sure of.
    #[schema(maximum = 100)]
    confidence: Option<u8>,
}

/// Guesses the kind of cause before any evidence is seen; opens the evidence
#[utoipa::path(post, path = "/api/team/guess", responses((status = 200, body = Guess)))]
pub(super) async fn guess(
    member: Member,
    Json(Guessing { kind, confidence }): Json<Guessing>,
) -> Answer<Guess> {
    if confidence.is_some_and(|confidence| confidence > 100) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "Confidence goes from 0 to 100 percent."));
    }
    // Without a kind there is nothing to be confident of.
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
#[utoipa::path(post, path = "/api/team/hypotheses", responses((status = 201, body = Hypothesis)))]
pub(super) async fn add_hypothesis(member: Member, Json(Text { text }): Json<Text>) -> Created<Hypothesis> {
    let text = texts::text("text", &text)?;
    let truth = member.team_world()?.truth.clone();
    let locates = locates(&text, &truth);
    let made = member.work(|played, now| {
        played.located |= locates;
        played.add_hypothesis(text.clone(), now, &member.alias)
    })?;
    member.note(EventKind::Hypothesis { text, locates });
    Ok(created(made))
}

/// Strikes a hypothesis, or takes that back
#[utoipa::path(post, path = "/api/team/hypotheses/{id}/strike", responses((status = 200, body = Hypothesis)))]
pub(super) async fn strike_hypothesis(member: Member, Path(id): Path<String>) -> Answer<Hypothesis> {
    member.work(|played, _| played.strike(&id)).map(Json)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Using {
    /// The id of a remedy of the team's state.
    remedy: String,
    /// For a remedy that needs one.
    asset: Option<String>,
    /// What you expect customers to meet half a minute after it; shown beside what they met.
    expects: Option<Outlook>,
    /// Why, in your own words: 1 to 500 characters.
    because: Option<String>,
}

/// An expectation, with its reasons.
pub(super) fn expected(outlook: Option<Outlook>, because: Option<&str>) -> Result<Option<Expected>, Problem> {
    let words = because.map(|because| texts::text("because", because)).transpose()?;
    match (outlook, words) {
        (None, Some(_)) => Err(wrong(
            "expects",
            "Say what you expect in 'expects': back, better, same or worse; 'because' says why.",
        )),
        (outlook, words) => Ok(outlook.map(|outlook| Expected { outlook, words })),
    }
}

/// Uses a remedy; it takes its time, and there is one at a time
///
/// Say first what you expect. Half a minute after it is done, `expectations` in the team's state says what came. In a team with a commander
/// others propose it: 202, and it begins when the commander or the deputy gives the go.
#[utoipa::path(post, path = "/api/team/remedies",
    responses((status = 200, body = PendingView), (status = 202, body = ProposalView)))]
pub(super) async fn use_remedy(
    member: Member,
    Json(Using { remedy: id, asset, expects, because }): Json<Using>,
) -> Result<Response, Problem> {
    if asset.as_ref().is_some_and(|asset| !TeamWorld::assets().contains(asset)) {
        return Err(wrong("asset", "The shop has no such asset."));
    }
    if !remedies().iter().any(|(known, _)| *known == id) {
        return Err(wrong("remedy", "There is no such remedy; 'remedies' of the team's state lists them."));
    }
    let remedy = remedy(&id, asset.as_deref()).ok_or_else(|| wrong("asset", "Name the asset."))?;
    let expected = expected(expects, because.as_deref())?;
    if member.room.read(|session| session.whose_go(member.team, member.who).is_some()) {
        let proposed = member.work(|played, now| played.propose(remedy, expected, now, &member.alias))?;
        return Ok((StatusCode::ACCEPTED, Json(proposal_view(&proposed))).into_response());
    }
    let before = member.team_world()?.figures().availability;
    let begun = member.work(|played, now| played.begin(remedy, expected, (now, before), &member.alias))?;
    let in_s = member.in_s(begun.due_story_s);
    Ok(Json(PendingView { words: begun.remedy.to_string(), by: begun.by, in_s }).into_response())
}

/// Breaks off the remedy that is under way, before it has done anything
#[utoipa::path(delete, path = "/api/team/remedies")]
pub(super) async fn break_off_remedy(member: Member) -> Done {
    let is_acting = member.team_world()?.is_acting();
    member.work(|played, now| played.break_off(is_acting, now, &member.alias)).map(done)
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandedOver {
    /// Wall-clock seconds until the next line takes over.
    in_s: f64,
}

/// Hands over to the next line of support, which takes its time
///
/// For a person alone. Where the team plays lines, `/api/team/ticket/pass` takes its place.
#[utoipa::path(post, path = "/api/team/handover", responses((status = 200, body = HandedOver)))]
pub(super) async fn hand_over(member: Member) -> Answer<HandedOver> {
    let due_s = member.work(|played, now| {
        played.hand_over(now, &member.alias)?;
        Ok(played.handover_story_s.unwrap_or(now.story_s))
    })?;
    Ok(Json(HandedOver { in_s: member.in_s(due_s) }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Claiming {
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
pub(super) struct ClaimChange {
    /// In own words: 1 to 500 characters.
    words: String,
    /// Ids of pins that show it, such as `p3`.
    pins: Vec<String>,
    /// As for a new claim; null: not matched.
    choice: Option<String>,
}

/// Adds a part of an explanation, with its evidence and its choice if you have them
#[utoipa::path(post, path = "/api/team/claims", responses((status = 201, body = ClaimView)))]
pub(super) async fn add_claim(
    member: Member,
    Json(Claiming { about, words, pins, choice }): Json<Claiming>,
) -> Created<ClaimView> {
    let words = texts::text("words", &words)?;
    let assets = TeamWorld::assets();
    member.claim(|played| played.add_claim(about, words, &pins, choice.as_deref(), &assets)).map(created)
}

/// Changes a part of an explanation
#[utoipa::path(put, path = "/api/team/claims/{id}", responses((status = 200, body = ClaimView)))]
pub(super) async fn change_claim(
    member: Member,
    Path(id): Path<String>,
    Json(ClaimChange { words, pins, choice }): Json<ClaimChange>,
) -> Answer<ClaimView> {
    let words = texts::text("words", &words)?;
    let assets = TeamWorld::assets();
    member.claim(|played| played.change_claim(&id, words, &pins, choice.as_deref(), &assets)).map(Json)
}

/// Takes a part of an explanation away
#[utoipa::path(delete, path = "/api/team/claims/{id}")]
pub(super) async fn remove_claim(member: Member, Path(id): Path<String>) -> Done {
    member.work(|played, _| played.remove_claim(&id)).map(done)
}

/// What was submitted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Submission {
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
pub(super) async fn explain(member: Member) -> Answer<Submission> {
    let team_world = member.team_world()?;
    let (score, claims, pins, submitted) = member.work(|played, now| {
        let submitted = played.explain(now, &member.alias)?;
        let claims = played.explanation();
        let score = scored(&claims, &played.pins, &team_world.truth, played.level);
        played.points.clone_from(&score.parts);
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
#[utoipa::path(post, path = "/api/team/answer", responses((status = 200, body = QuestionView)))]
pub(super) async fn answer_question(member: Member, Json(Text { text }): Json<Text>) -> Answer<QuestionView> {
    let text = texts::text("text", &text)?;
    let answered = member.at_any_line(|played, _| {
        played.answer_question(text)?;
        Ok(question(played))
    });
    answered.map(Json)
}

/// Answers a question from outside, or writes a status update; the first answer stands, and is timed
#[utoipa::path(post, path = "/api/team/questions/{id}/answer", responses((status = 200, body = AskedView)))]
pub(super) async fn answer_outside(
    member: Member,
    Path(id): Path<String>,
    Json(Text { text }): Json<Text>,
) -> Answer<AskedView> {
    let text = texts::text("text", &text)?;
    let team_world = member.team_world()?;
    let measured = {
        let figures = team_world.figures();
        (figures.availability, figures.loss_usd)
    };
    let answered =
        member.at_any_line(|played, now| played.answer_outside(&id, text, (now, measured), &member.alias))?;
    let said = answered.answer.as_deref().unwrap_or_default();
    member.note(EventKind::Note { text: format!("asked: {}; answered: {said}", answered.text) });
    let now = team_world.now();
    let shown = member.room.read(|session| session.round().map(|round| asked_view(&answered, round, now)));
    shown.map(Json).ok_or_else(|| conflict("No round is under way."))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguing {
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
#[utoipa::path(post, path = "/api/team/argument", responses((status = 200, body = MoreView)))]
pub(super) async fn argue(
    member: Member,
    Json(Arguing { repair, expects, because }): Json<Arguing>,
) -> Answer<MoreView> {
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
            wrong("repair", "There is no such repair; 'more' of the team's state lists them.")
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
pub(super) struct Readiness {
    ready: bool,
}

/// Says whether the team is ready for the next round
#[utoipa::path(post, path = "/api/team/ready")]
pub(super) async fn ready(member: Member, Json(Readiness { ready }): Json<Readiness>) -> Done {
    member.room.change(|session| session.ready(member.team, ready)).map(done)
}

/// What somebody alone does with their round.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// Begins it, after a short countdown.
    Begin,
    Pause,
    Resume,
    /// Gives the next hint of the ladder.
    Hint,
    /// Ends it; the answers open.
    End,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Leading {
    step: Step,
}

/// The countdown before a rehearsal's round, in seconds.
const COUNTED_S: f64 = 5.0;

/// Leads the round, in a rehearsal alone: there is no facilitator
#[utoipa::path(post, path = "/api/team/lead")]
pub(super) async fn lead(Member { room, team, .. }: Member, Json(Leading { step }): Json<Leading>) -> Done {
    if room.read(|session| session.purpose != Purpose::Solo) {
        return Err(forbidden("The facilitator leads this session; ask them."));
    }
    match step {
        Step::Begin => room.start_in(COUNTED_S),
        Step::Pause => room.pause(true).await,
        Step::Resume => room.pause(false).await,
        Step::Hint if room.give_hint(team)? => Ok(()),
        Step::Hint => Err(conflict("There is no further hint.")),
        Step::End => room.end(None).await,
    }
    .map(done)
}

impl Member {
    /// Changes the team's round, at the time of its world. Refuses members whose line of support does not have the ticket; a refusal changes
    /// nothing.
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

    /// Like [`work`](Self::work), whichever line has the ticket.
    pub(super) fn at_any_line<T>(
        &self,
        work: impl FnOnce(&mut Played, Moment) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let now = self.team_world()?.now();
        self.room.change(|session| session.work(self.team, |played| work(played, now)))
    }

    /// Makes or changes a claim. If it is the team's first to name the right place, the record notes that.
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

    /// Wall-clock seconds from now to a time of the story.
    fn in_s(&self, story_s: f64) -> f64 {
        let now = self.moment();
        self.room.read(|session| session.round().map_or(0.0, |round| wall_s(story_s, now, round)))
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
