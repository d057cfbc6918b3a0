//! The facilitator's view of a session, which shows everything. Teaches that one table and one row of controls are enough to lead a room.

use experiment::rating::{Rating, rated};
use incident::{Level, OperatingModel};
use serde::Serialize;
use utoipa::ToSchema;
use world::scenario::Scenario;

use crate::{
    catalogue::LIBRARY,
    claims::{About, score_of},
    invitations::{Invitation, Rights},
    played::{Expectation, Guess, Played},
    roles::Role,
    room::Room,
    session::{Assigned, Mark, Phase, Purpose, Round, Session, Team},
    team_world::{Figures, Shown, State},
    ticket::Ticket,
    views::{
        AskedView, ClockView, QuestionView, RoundView, SeatView, question, questions, round_view, story_time,
    },
    voices::{PREPARED, Prepared, Updates},
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
    #[serde(flatten)]
    pub prepared: Prepared,
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
    /// What it was worth as it was submitted, from 0 to 1.
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

fn known(scenario: &str) -> Option<&'static Scenario> {
    LIBRARY.iter().find(|known| known.name == scenario)
}

fn scenario_view(scenario: &Scenario) -> ScenarioView {
    ScenarioView {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        control: scenario.control,
        teaches: teaches(&scenario.name),
        rating: rated(scenario).rating,
        difficulty: difficulty(scenario),
    }
}

/// The prepared messages, each with the teams that it suits.
fn messages(session: &Session) -> Vec<MessageView> {
    let symptom = |team: u32| Some((team, known(&session.assigned(team)?.scenario)?.symptom));
    let symptoms: Vec<_> = session.teams.iter().filter_map(|team| symptom(team.number)).collect();
    let view = |one: &Prepared| MessageView {
        prepared: *one,
        teams: symptoms.iter().filter(|(_, symptom)| one.suits(*symptom)).map(|(team, _)| *team).collect(),
    };
    PREPARED.iter().map(view).collect()
}

pub fn desk_view(room: &Room) -> DeskView {
    let worlds = room.team_worlds().clone();
    let shown = if worlds.is_empty() {
        room.ended().clone()
    } else {
        worlds.iter().map(|(team, team_world)| (*team, team_world.shown())).collect()
    };
    let (clock, figures) =
        shown.values().next().map(|shown| (shown.clock.clone(), shown.figures.clone())).unzip();
    let figures: Figures = figures.unwrap_or_default();
    let reached = room.reached().into_iter();
    let starts_in_s = room.starts_in_s();
    room.read(|session| {
        let assigned = |(team, assigned): (u32, &Assigned)| AssignedView {
            team,
            scenario: assigned.scenario.clone(),
            title: known(&assigned.scenario).map(|known| known.title.clone()).unwrap_or_default(),
            level: assigned.level,
        };
        let plan = |(number, round): (usize, &Round)| PlanView {
            number,
            practice: round.practice,
            state: state_of(session, number),
            operating_model: round.operating_model,
            speed: round.speed,
            minutes: round.minutes,
            updates: round.updates,
            teams: (1..).zip(&round.assigned).map(assigned).collect(),
        };
        let invitation = |one: &Invitation| InvitationView {
            id: one.id,
            name: one.name.clone(),
            rights: one.rights,
            signed_in: session.seats.iter().any(|seat| seat.invitation == Some(one.id)),
        };
        let row = |team: &Team| team_row(session, team.number, shown.get(&team.number));
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
            teams: session.teams.iter().map(row).collect(),
            scenarios: LIBRARY.iter().map(scenario_view).collect(),
            levels: Level::ALL.iter().map(|level| level.name()).collect(),
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

fn team_row(session: &Session, number: u32, shown: Option<&Shown>) -> TeamRow {
    let figures = shown.map(|shown| shown.figures.clone()).unwrap_or_default();
    let team = session.team(number).expect("a row is made of a team");
    let (played, nothing) = (session.played(number), Played::default());
    let did = played.unwrap_or(&nothing);
    let seats = session.seats.iter().filter(|seat| seat.team == Some(number));
    let guess = |guess: &Guess| GuessView {
        words: guess.kind.map_or("no idea yet", |kind| kind.words()).to_owned(),
        confidence: guess.confidence,
    };
    TeamRow {
        number,
        name: team.name.clone(),
        members: session.members(number),
        seats: seats.map(SeatView::of).collect(),
        scenario: session.assigned(number).map(|assigned| assigned.scenario.clone()),
        level: played.map(|played| played.level),
        state: figures.state,
        availability: figures.availability,
        history: figures.history,
        loss_usd: figures.loss_usd,
        guess: did.guess.as_ref().map(guess),
        hypothesis: hypothesis(did),
        remedies: remedy_lines(did),
        must_hold_s: figures.must_hold_s,
        ready: session.ready.contains(&number),
        looks: did.looked(),
        explained: did.explained.is_some(),
        score: did.explained.as_ref().map(|_| score_of(&did.points)),
        hints_given: did.hints,
        question: did.asked.then(|| question(did)),
        questions: questions(did, session.round(), figures.now),
        ticket: did.ticket.as_ref().map(|ticket| ticket_words(session, number, ticket)),
        roles: roles_words(session, number).filter(|_| did.ticket.is_none()),
        forward: team.forward.clone(),
    }
}

/// The holders of roles, such as "commander Ada, scribe Cy".
fn roles_words(session: &Session, team: u32) -> Option<String> {
    let held = |role: Role| Some(format!("{} {}", role.name(), session.holder(team, role)?.alias));
    let all: Vec<String> = Role::ALL.into_iter().filter_map(held).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Where the ticket is and who works at which line, such as "L2's queue since 08:31; L1 Ada, L2 Bo, L3 Bo".
fn ticket_words(session: &Session, team: u32, ticket: &Ticket) -> String {
    let since =
        ticket.passes.last().map(|pass| pass.acknowledged.as_ref().map_or(pass.story_s, |(at_s, _)| *at_s));
    let since = since.map_or_else(String::new, |at_s| format!(" since {}", story_time(at_s)));
    let queue = if ticket.is_queued() { "'s queue" } else { "" };
    let who = session.seated(team).flat_map(|seat| seat.lines.iter().map(|line| (line.name(), &seat.alias)));
    let mut who: Vec<String> = who.map(|(line, alias)| format!("{line} {alias}")).collect();
    who.sort();
    format!("{}{queue}{since}; {}", ticket.line().name(), who.join(", "))
}

/// One line for each remedy: when it began, and its status.
fn remedy_lines(played: &Played) -> Vec<String> {
    let pending_s = played.pending.as_ref().map_or(f64::NEG_INFINITY, |pending| pending.begun_story_s);
    let line = |one: &Expectation| {
        let stands = match (one.came, one.done) {
            (Some(came), _) => came.words(),
            (None, Some(_)) => "done",
            (None, None) if pending_s >= one.begun_story_s => "under way",
            (None, None) => "not done",
        };
        format!("{} {}: {stands}", story_time(one.begun_story_s), one.remedy)
    };
    played.expectations.iter().map(line).collect()
}

/// A team's latest hypothesis that is not struck out, or else the cause that it claims.
fn hypothesis(played: &Played) -> Option<String> {
    let stands = played.hypotheses.iter().rev().find(|hypothesis| !hypothesis.struck);
    let claimed = played.claims.iter().rev().find(|claim| claim.about == About::Cause);
    stands.map(|hypothesis| hypothesis.text.clone()).or(claimed.map(|claim| claim.words.clone()))
}

/// The syllabus: what each scenario teaches, for a facilitator who plans a class.
const SYLLABUS: &str = include_str!("../../../docs/syllabus.md");

/// The heading above the table of scenarios in the syllabus.
const EVENINGS: &str = "## Which scenario for which evening";

/// What a scenario teaches, such as `to look between services`; none if no row of the table names the scenario.
fn teaches(scenario: &str) -> Option<&'static str> {
    let (_, table) = SYLLABUS.split_once(EVENINGS)?;
    let name = format!("`{scenario}`");
    let mut rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    rows.find(|(_, scenarios)| scenarios.contains(&name)).map(|(teaches, _)| teaches)
}

/// The difficulty in sentences: what the model responder needed, how many remedies it takes, and how many factors contributed.
fn difficulty(scenario: &Scenario) -> String {
    let rated = rated(scenario);
    let remedies = match scenario.remedies.right.iter().map(Vec::len).min() {
        None | Some(0) => format!("{rated} Nothing in the shop ends it."),
        Some(1) => format!("{rated} One remedy ends it."),
        Some(steps) => format!("{rated} It takes {steps} remedies, in the right order."),
    };
    match scenario.truth.factors.len() {
        0 => remedies,
        1 => format!("{remedies} One thing contributed."),
        factors => format!("{remedies} {factors} things contributed."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debrief::sample::Sample;
    use world::scenario::library;

    #[test]
    fn the_desk_shows_the_score_of_what_was_handed_in() {
        let Sample { mut session, .. } = Sample::new();
        let score = |session: &Session| team_row(session, 1, None).score;
        let handed_in = score(&session).unwrap();
        assert!(handed_in > 0.0);
        let played = session.played_mut(1).unwrap();
        played.claims.clear();
        played.pins.clear();
        assert_eq!(score(&session), Some(handed_in), "claims that change afterwards count for nothing");
        assert_eq!(team_row(&session, 2, None).score, None, "this team handed in nothing");
    }

    #[test]
    fn every_scenario_says_what_it_teaches() {
        let silent: Vec<String> = library()
            .into_iter()
            .map(|scenario| scenario.name)
            .filter(|name| teaches(name).is_none())
            .collect();
        assert!(silent.is_empty(), "add a row to the syllabus for {silent:?}");
        assert_eq!(teaches("surge"), Some("to count before they search"));
    }

    #[test]
    fn a_scenario_says_how_hard_it_is() {
        let story = library().into_iter().find(|scenario| scenario.name == "special-character");
        let says = story.as_ref().map(difficulty).unwrap_or_default();
        assert!(
            says.starts_with("Medium: ") && says.contains("It takes 2 remedies, in the right order. "),
            "{says}"
        );
    }
}
