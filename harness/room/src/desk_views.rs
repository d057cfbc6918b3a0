//! What the facilitator sees of a session: everything. Teaches that one table and one row of controls are enough to lead a room.

use std::sync::Arc;

use experiment::rating::{Rating, rated};
use incident::{Level, OperatingModel};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    catalogue::LIBRARY,
    claims::{About, scored},
    clock_views::{ClockView, clock_view},
    ended::Ended,
    invitations::{Invitation, Rights},
    played::{Expectation, Guess, Played},
    roles::Role,
    room::Room,
    session::{Mark, Phase, Purpose, Round, Session},
    syllabus::{difficulty, teaches},
    team_world::{State, TeamWorld},
    ticket::Ticket,
    views::{
        AskedView, QuestionView, RoundView, SeatView, question, questions, round_view, seat_views, story_of,
        story_time,
    },
    voices::{MessageKind, PREPARED, Prepared, Updates, Voice},
};

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeskView {
    pub you: String,
    /// What you may do.
    pub rights: Rights,
    /// Others who are invited to the desk.
    pub invitations: Vec<InvitationView>,
    pub phase: Phase,
    /// What the session is for: in an example nothing changes.
    pub purpose: Purpose,
    pub code: String,
    /// Whether people may join.
    pub joining_open: bool,
    pub bind: String,
    pub port: u16,
    pub addresses: Vec<crate::join::Reachable>,
    pub reached_from: Vec<ReachedView>,
    /// The round that is under way, or was last.
    pub round: Option<RoundView>,
    /// The clocks of the first team's world: all run alike.
    pub clock: Option<ClockView>,
    pub plan: Vec<PlanView>,
    pub teams: Vec<TeamRow>,
    pub scenarios: Vec<ScenarioView>,
    pub levels: Vec<&'static str>,
    pub operating_models: Vec<&'static str>,
    /// When every round begins, by the story's clock.
    pub story_starts: String,
    /// Seconds until the next round begins, while they are counted down.
    pub starts_in_s: Option<f64>,
    /// Prepared messages.
    pub messages: Vec<MessageView>,
    pub marks: Vec<Mark>,
    /// Whether the answers are open to everybody.
    pub revealed: bool,
    /// Why nothing is saved at the moment; null while saving works.
    pub not_kept: Option<String>,
}

/// Somebody who is invited to the desk.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView {
    pub id: u32,
    pub name: String,
    pub rights: Rights,
    /// Whether they are signed in anywhere.
    pub signed_in: bool,
}

/// A device that has reached the room.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReachedView {
    pub address: String,
    pub seconds_ago: u64,
}

/// A round as the facilitator plans it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanView {
    pub number: usize,
    /// Whether it counts for nothing.
    pub practice: bool,
    /// `done`, `running`, `next` or `later`.
    pub state: &'static str,
    /// Who restores service.
    #[schema(value_type = String)]
    pub operating_model: OperatingModel,
    /// Story minutes a minute.
    pub speed: f64,
    /// Minutes without pauses.
    pub minutes: f64,
    /// When the director asks for status updates; null: only by hand.
    pub updates: Option<Updates>,
    /// When it begins and ends, by the story's clock.
    pub from_story: String,
    pub to_story: String,
    pub teams: Vec<AssignedView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AssignedView {
    pub team: u32,
    pub scenario: String,
    /// What it is about, without giving anything away.
    pub title: String,
    #[schema(value_type = String)]
    pub level: Level,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScenarioView {
    pub name: String,
    pub title: String,
    /// Whether nothing in the shop can be repaired.
    pub control: bool,
    /// What it teaches, in the words of the syllabus.
    pub teaches: Option<&'static str>,
    /// How hard it is, by what the model responder needed.
    #[schema(value_type = String)]
    pub rating: Rating,
    /// That in sentences.
    pub difficulty: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageView {
    pub id: &'static str,
    pub voice: Voice,
    pub text: &'static str,
    pub kind: MessageKind,
    /// The teams whose incident it suits; empty before the first round.
    pub teams: Vec<u32>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TeamRow {
    /// From 1.
    pub number: u32,
    pub name: String,
    pub members: Vec<String>,
    /// The seats, of those too who wait to be let in.
    pub seats: Vec<SeatView>,
    pub scenario: Option<String>,
    #[schema(value_type = Option<String>)]
    pub level: Option<Level>,
    pub state: State,
    /// The share of visits served or degraded lately.
    pub availability: Option<f64>,
    /// The same for each two seconds.
    pub history: Vec<Option<f64>>,
    /// Trade lost, in dollars.
    pub loss_usd: f64,
    pub guess: Option<GuessView>,
    pub hypothesis: Option<String>,
    /// Each remedy once: when it was begun, what it is, and how it stands.
    pub remedies: Vec<String>,
    /// While it is lost and customers are served again: for how many seconds more that must hold to count as restored.
    pub must_hold_s: Option<u32>,
    /// Whether it has said that it is ready for the next round.
    pub ready: bool,
    pub looks: usize,
    /// Whether it has submitted an explanation.
    pub explained: bool,
    /// What that is worth, from 0 to 1.
    pub score: Option<f64>,
    pub hints_given: usize,
    pub question: Option<QuestionView>,
    /// What was asked from outside, with answers and times.
    pub questions: Vec<AskedView>,
    /// Who works at which line of support and where the ticket is, in words; null where the team plays no lines.
    pub ticket: Option<String>,
    /// Who holds which role, in words; null where nobody holds any, or roles rest.
    pub roles: Option<String>,
    /// Where its telemetry goes besides.
    pub forward: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GuessView {
    pub words: String,
    /// How sure, in percent; null where there is no idea to be sure of.
    pub confidence: Option<u8>,
}

/// What can be sent with one click, and to which teams.
fn messages(session: &Session) -> Vec<MessageView> {
    let symptom = |team: u32| {
        let assigned = session.assigned(team)?;
        Some(LIBRARY.iter().find(|scenario| scenario.name == assigned.scenario)?.symptom)
    };
    let symptoms: Vec<_> =
        session.teams.iter().filter_map(|team| Some((team.number, symptom(team.number)?))).collect();
    let view = |one: &Prepared| MessageView {
        id: one.id,
        voice: one.voice,
        text: one.text,
        kind: one.kind,
        teams: symptoms.iter().filter(|(_, symptom)| one.suits(*symptom)).map(|(team, _)| *team).collect(),
    };
    PREPARED.iter().map(view).collect()
}

pub fn desk_view(room: &Room) -> DeskView {
    let team_worlds: Vec<_> = room.team_worlds().values().cloned().collect();
    let ended = room.ended().clone();
    let first = ended.values().next().map(|ended| (ended.clock.clone(), ended.figures.clone()));
    let first = match team_worlds.first() {
        Some(team_world) => Some((clock_view(team_world), team_world.figures().clone())),
        None => first,
    };
    let (clock, figures) = first.map_or_else(Default::default, |(clock, figures)| (Some(clock), figures));
    let reached = room.reached().into_iter();
    let starts_in_s = room.starts_in_s();
    room.read(|session| {
        let scenarios = &*LIBRARY;
        let title = |name: &str| {
            let known = scenarios.iter().find(|scenario| scenario.name == name);
            known.map(|scenario| scenario.title.clone()).unwrap_or_default()
        };
        let assigned = |round: &Round| {
            let each = (1_u32..).zip(&round.assigned);
            let view = |(team, assigned): (u32, &crate::session::Assigned)| AssignedView {
                team,
                scenario: assigned.scenario.clone(),
                title: title(&assigned.scenario),
                level: assigned.level,
            };
            each.map(view).collect()
        };
        let plan = |(number, round): (usize, &Round)| PlanView {
            from_story: story_of(round).0,
            to_story: story_of(round).1,
            number,
            practice: round.practice,
            state: state_of(session, number),
            operating_model: round.operating_model,
            speed: round.speed,
            minutes: round.minutes,
            updates: round.updates,
            teams: assigned(round),
        };
        let invitation = |one: &Invitation| InvitationView {
            id: one.id,
            name: one.name.clone(),
            rights: one.rights,
            signed_in: session.seats.iter().any(|seat| seat.invitation == Some(one.id)),
        };
        DeskView {
            you: String::new(),
            rights: Rights::default(),
            invitations: session.invitations.iter().map(invitation).collect(),
            phase: session.phase,
            purpose: session.purpose,
            code: session.code.clone(),
            joining_open: !session.joining_closed,
            bind: room.address().ip().to_string(),
            port: room.address().port(),
            addresses: crate::join::reachable(room.address(), &session.code),
            reached_from: reached
                .map(|(address, seconds_ago)| ReachedView { address: address.to_string(), seconds_ago })
                .collect(),
            round: round_view(session, None, figures.now, figures.ends_in_s),
            clock,
            plan: session.plan.iter().enumerate().map(plan).collect(),
            teams: session
                .teams
                .iter()
                .map(|team| {
                    let team_world = team_worlds.iter().find(|team_world| team_world.team == team.number);
                    team_row(session, team.number, team_world, ended.get(&team.number))
                })
                .collect(),
            scenarios: scenarios
                .iter()
                .map(|scenario| ScenarioView {
                    name: scenario.name.clone(),
                    title: scenario.title.clone(),
                    control: scenario.control,
                    teaches: teaches(&scenario.name),
                    rating: rated(scenario).rating,
                    difficulty: difficulty(scenario),
                })
                .collect(),
            levels: Level::ALL.iter().map(|level| level.name()).collect(),
            operating_models: OperatingModel::ALL.iter().map(|model| model.name()).collect(),
            story_starts: story_time(world::play::STARTS_STORY_S),
            starts_in_s,
            messages: messages(session),
            marks: session.marks.clone(),
            revealed: session.phase == Phase::Debrief,
            not_kept: room.saver().behind(),
        }
    })
}

fn state_of(session: &Session, number: usize) -> &'static str {
    let is_running = session.is_under_way();
    match session.current {
        Some(current) if number == current && is_running => "running",
        Some(current) if number <= current => "done",
        _ if session.next_round() == Some(number) => "next",
        _ => "later",
    }
}

fn team_row(
    session: &Session,
    number: u32,
    team_world: Option<&Arc<TeamWorld>>,
    ended: Option<&Ended>,
) -> TeamRow {
    let figures = team_world.map(|team_world| team_world.figures().clone());
    let figures = figures.or_else(|| ended.map(|ended| ended.figures.clone())).unwrap_or_default();
    let truth = team_world.map(|team_world| &team_world.truth).or(ended.map(|ended| &ended.truth));
    let team = session.team(number).expect("a row is made of a team");
    let played = session.played(number);
    let score = truth.zip(played.filter(|played| played.explained.is_some()));
    let guess = |guess: &Guess| GuessView {
        words: guess.kind.map_or("no idea yet", |kind| kind.words()).to_owned(),
        confidence: guess.confidence,
    };
    TeamRow {
        number,
        name: team.name.clone(),
        members: session.members(number),
        seats: seat_views(session, number),
        scenario: session.assigned(number).map(|assigned| assigned.scenario.clone()),
        level: played.map(|played| played.level),
        state: figures.state,
        availability: figures.availability,
        history: figures.history,
        loss_usd: figures.loss_usd,
        guess: played.and_then(|played| played.guess.as_ref()).map(guess),
        hypothesis: played.and_then(hypothesis),
        remedies: played.map_or_else(Vec::new, |played| {
            played.expectations.iter().map(|one| remedy_line(one, played)).collect()
        }),
        must_hold_s: figures.must_hold_s,
        ready: session.ready.contains(&number),
        looks: played.map_or(0, Played::looked),
        explained: played.is_some_and(|played| played.explained.is_some()),
        score: score
            .map(|(truth, played)| scored(&played.explanation(), &played.pins, truth, played.level).score),
        hints_given: played.map_or(0, |played| played.hints),
        question: played.filter(|played| played.asked).map(question),
        questions: played.map_or_else(Vec::new, |played| questions(played, session.round(), figures.now)),
        ticket: played
            .and_then(|played| played.ticket.as_ref())
            .map(|ticket| ticket_words(session, number, ticket)),
        roles: played
            .is_none_or(|played| played.ticket.is_none())
            .then(|| roles_words(session, number))
            .flatten(),
        forward: team.forward.clone(),
    }
}

/// "commander Ada, scribe Cy".
fn roles_words(session: &Session, team: u32) -> Option<String> {
    let held = |role: Role| Some(format!("{} {}", role.name(), session.holder(team, role)?.alias));
    let all: Vec<String> = Role::ALL.into_iter().filter_map(held).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// "L2's queue since 08:31; L1 Ada, L2 Bo, L3 Bo".
fn ticket_words(session: &Session, team: u32, ticket: &Ticket) -> String {
    let since =
        ticket.passes.last().map(|pass| pass.acknowledged.as_ref().map_or(pass.story_s, |(at_s, _)| *at_s));
    let since = since.map_or_else(String::new, |at_s| format!(" since {}", story_time(at_s)));
    let queue = if ticket.is_queued() { "'s queue" } else { "" };
    let seats = session.seats.iter().filter(|seat| seat.team == Some(team) && !seat.waiting);
    let who = seats.flat_map(|seat| seat.lines.iter().map(|line| (line.name(), &seat.alias)));
    let mut who: Vec<String> = who.map(|(line, alias)| format!("{line} {alias}")).collect();
    who.sort();
    format!("{}{queue}{since}; {}", ticket.line().name(), who.join(", "))
}

/// A remedy in a line: when it was begun, and how it stands.
fn remedy_line(one: &Expectation, played: &Played) -> String {
    let is_pending =
        played.pending.as_ref().is_some_and(|pending| pending.begun_story_s >= one.begun_story_s);
    let stands = match (one.came, one.done) {
        (Some(came), _) => came.words(),
        (None, Some(_)) => "done",
        (None, None) if is_pending => "under way",
        (None, None) => "not done",
    };
    format!("{} {}: {stands}", story_time(one.begun_story_s), one.remedy)
}

/// A team's latest standing hypothesis, or else the cause that it claims.
fn hypothesis(played: &Played) -> Option<String> {
    let stands = played.hypotheses.iter().rev().find(|hypothesis| !hypothesis.struck);
    let claimed = played.claims.iter().rev().find(|claim| claim.about == About::Cause);
    stands.map(|hypothesis| hypothesis.text.clone()).or(claimed.map(|claim| claim.words.clone()))
}
