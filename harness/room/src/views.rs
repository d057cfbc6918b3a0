//! A team's view of a session. Teaches to build everything that a page shows as one value, in one place: what is not in it cannot be shown by
//! mistake.

use diagnosis::{
    operating::Line,
    remedies::{COST_MINUTES, kind},
};
use incident::{EventKind, Level, OperatingModel, Recorder, Remedy, Service, Story};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    claims::{Claim, Pin, lacks},
    evidence_kind::EvidenceKind,
    limits::TEXT_CHARACTERS_MAX,
    lines::Lines,
    played::{
        Expectation, Expected, Guess, Hypothesis, LogLine, Moment, Outlook, Played, Question, Submitted,
    },
    roles::{MoreView, ProposalView, RolesView, more_view, proposal_view, roles_view},
    room::Room,
    rounds::QUESTION,
    session::{Phase, Purpose, Round, Seat, Session},
    team_world::{Figures, State, TeamWorld},
    ticket::{LinesView, TicketView, is_told, lines_view, ticket_view},
    voices::Voice,
};

#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a page shows or does not")]
pub struct TeamView {
    pub team: Named,
    pub you: String,
    /// What the session is for: a class, a rehearsal alone, or an example in which nothing changes.
    pub purpose: Purpose,
    /// In a rehearsal: how many hints are left.
    pub hints_left: Option<usize>,
    /// Your seat; null for a program.
    pub seat: Option<u32>,
    pub members: Vec<String>,
    /// Latecomers whom somebody of the team may let in.
    pub waiting: Vec<SeatView>,
    pub phase: Phase,
    /// The round that is under way, or was last.
    pub round: Option<RoundView>,
    pub clock: Option<ClockView>,
    /// Trade lost so far, in dollars; null while your line waits for its first ticket.
    pub loss_usd: Option<f64>,
    pub availability: AvailabilityView,
    pub state: State,
    /// When these figures were computed, in seconds since 1970.
    pub updated_unix_s: f64,
    /// Whether somebody has complained, or an alert went off.
    pub called: bool,
    /// What happened, as far as the team was told.
    pub log: Vec<LineView>,
    /// Seconds until the next round begins, while they are counted down.
    pub starts_in_s: Option<f64>,
    /// Whether another round is planned after this one.
    pub more_rounds: bool,
    /// How long that is planned to be, in minutes.
    pub next_minutes: Option<f64>,
    /// Whether your team has said that it is ready for the next round.
    pub ready: bool,
    /// Whether the evidence is open: after the guess.
    pub may_look: bool,
    /// The kinds of evidence that are granted. They open with the guess.
    pub tabs: Vec<&'static str>,
    pub guess: Option<Guess>,
    /// Who works at which line of support, if the team plays lines: in this round, or between rounds in the next. Then the state holds what
    /// your lines know and see: before they have had the ticket, nothing of the incident.
    pub lines: Option<LinesView>,
    /// The ticket of this round.
    pub ticket: Option<TicketView>,
    pub remedies: Vec<RemedyView>,
    pub pending: Option<PendingView>,
    pub assets: Vec<String>,
    /// Whether an asset's text may be read at the level that you have; like all evidence, after the guess.
    pub can_inspect: bool,
    /// The same for its history.
    pub can_history: bool,
    pub hypotheses: Vec<Hypothesis>,
    pub pins: Vec<Pin>,
    pub claims: Vec<ClaimView>,
    /// What was expected of each remedy, and what came.
    pub expectations: Vec<ExpectationView>,
    /// What was asked from outside, to be answered.
    pub questions: Vec<AskedView>,
    /// Who holds which role; null where the team plays lines of support, and roles rest.
    pub roles: Option<RolesView>,
    /// Remedies that were proposed to the commander.
    pub proposals: Vec<ProposalView>,
    /// Something more for a team that has restored and handed in.
    pub more: Option<MoreView>,
    pub limits: LimitsView,
    pub explained: Option<Submitted>,
    /// What they are asked after they have restored early.
    pub question: Option<QuestionView>,
    /// The shop's address; empty while your line waits, and where no shop runs.
    pub shop: String,
    /// The token of the team's programs; empty where the team plays lines, as it belongs to none.
    pub token: String,
    /// Whether the answers are open.
    pub revealed: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SeatView {
    pub id: u32,
    pub alias: String,
    /// Whether they wait to be let in.
    pub waiting: bool,
}

/// The clocks of a team's shop, as pages count on from them: a page that knows when a clock was set needs no tick from the server.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// The time of the story, as on a clock.
    pub story: String,
    /// The same in seconds since 08:00.
    pub story_s: f64,
    /// The shop's own seconds since its customers arrived.
    pub shop_s: f64,
    /// When they arrived, in seconds since 1970.
    pub arrived_unix_s: f64,
    pub changes: Vec<ChangeView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// The shop's second from which it holds.
    pub at_s: f64,
    pub story_s: f64,
    /// Story seconds a second.
    pub speed: f64,
    /// Whether it is paused.
    pub paused: bool,
}

impl SeatView {
    pub(crate) fn of(seat: &Seat) -> Self {
        Self { id: seat.id, alias: seat.alias.clone(), waiting: seat.waiting }
    }
}

/// A team by its number and its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Named {
    /// From 1.
    pub number: u32,
    pub name: String,
}

/// A round as everybody may know it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RoundView {
    /// Its place among the rounds that count, from 1, and how many of those there are. A practice round has 0.
    pub number: usize,
    pub of: usize,
    /// Its place in the whole plan, from 0: the debrief's addresses take it.
    pub place: usize,
    /// Whether it is a practice round, which counts for nothing.
    pub practice: bool,
    /// Who restores service.
    #[schema(value_type = String)]
    pub operating_model: OperatingModel,
    #[schema(value_type = Option<String>)]
    pub level: Option<Level>,
    /// Story minutes a minute.
    pub speed: f64,
    /// Wall-clock seconds until it is over; 0 once it is.
    pub ends_in_s: f64,
    pub line: Option<&'static str>,
    /// Wall-clock seconds until the next line takes over.
    pub handover_in_s: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AvailabilityView {
    /// The share of visits served or degraded lately.
    pub now: Option<f64>,
    /// The same for each two seconds, oldest first.
    pub history: Vec<Option<f64>>,
    /// While the state is `lost` and customers are served again: for how many seconds more that must hold to count as restored.
    pub must_hold_s: Option<u32>,
}

/// A part of the explanation, and whether its evidence shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClaimView {
    #[serde(flatten)]
    pub claim: Claim,
    /// What the pins do not show, and what would; null if they show it. Until then it is said, not shown, and scores a quarter. It tells
    /// nothing about whether the claim is right.
    pub lacks: Option<String>,
}

/// What was expected of a remedy, and what customers met.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Expectation)]
pub struct ExpectationView {
    pub remedy: String,
    pub by: String,
    /// When it was begun.
    pub story: String,
    /// Null: nobody said.
    pub expected: Option<Expected>,
    /// The share of visits served when it was begun.
    pub before: Option<f64>,
    /// When it was done; null: not yet, or not at all.
    pub done_story: Option<String>,
    /// The share served some time after it was done.
    pub after: Option<f64>,
    /// What came; null: not known yet.
    pub came: Option<Outlook>,
    /// Whether that was expected; null if nobody said, or nothing is known.
    pub as_expected: Option<bool>,
}

/// A question from outside. One that is due asks for a status update.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AskedView {
    /// `q` and a number.
    pub id: String,
    pub voice: Voice,
    /// When it was asked.
    pub story: String,
    /// Wall-clock seconds until then, below 0 once it is late; null where nothing is due, or any longer.
    pub due_in_s: Option<f64>,
    /// Whether the answer came late; null where none was due in time, or it is not there yet.
    pub late: Option<bool>,
    pub text: String,
    pub answer: Option<String>,
    pub by: Option<String>,
    /// Wall-clock seconds from the question to the answer; null while it is open.
    pub took_s: Option<f64>,
}

/// How much there may be.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LimitsView {
    /// Characters of a text.
    pub text_characters: usize,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LineView {
    pub story: String,
    /// The shop's own second.
    pub shop_s: f64,
    pub kind: String,
    pub text: String,
    /// Whose words these are, where somebody outside speaks.
    pub voice: Option<Voice>,
    pub by: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RemedyView {
    pub id: String,
    pub words: String,
    /// Whether an asset must be named.
    pub needs_asset: bool,
    /// Whether this team's line of support may use it.
    pub allowed: bool,
    pub line: &'static str,
    /// How long it takes, in story minutes. Assumed.
    pub takes_story_minutes: f64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PendingView {
    pub words: String,
    pub by: String,
    /// Wall-clock seconds until it is done.
    pub in_s: f64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuestionView {
    pub text: &'static str,
    pub answer: Option<String>,
}

/// All remedies by id, in the order in which pages show them. Rolling back has no value here, because it needs an asset.
pub fn remedies() -> Vec<(String, Option<Remedy>)> {
    let each = |words: &str, remedy: fn(Service) -> Remedy| {
        let named = Service::ALL
            .into_iter()
            .rev()
            .map(|service| (format!("{words}-{service}"), Some(remedy(service))));
        named.collect::<Vec<_>>()
    };
    let one = |words: &str, remedy: Option<Remedy>| vec![(words.to_owned(), remedy)];
    [
        each("restart", |service| Remedy::Restart { service }),
        one("flush-cache", Some(Remedy::FlushCache)),
        one("roll-back", None),
        each("roll-back-release", |service| Remedy::RollBackRelease { service }),
        each("add-capacity", |service| Remedy::AddCapacity { service }),
        one("repair-network", Some(Remedy::RepairNetwork)),
        one("replace-disk", Some(Remedy::ReplaceDisk)),
    ]
    .concat()
}

/// The remedy with this id. Only rolling back takes the asset.
pub fn remedy(id: &str, asset: Option<&str>) -> Option<Remedy> {
    let (_, remedy) = remedies().into_iter().find(|(known, _)| known == id)?;
    remedy.or_else(|| Some(Remedy::RollBack { asset: asset?.to_owned() }))
}

fn remedy_views(line: Line) -> Vec<RemedyView> {
    let view = |(id, remedy): (String, Option<Remedy>)| {
        let any = remedy.clone().unwrap_or(Remedy::RollBack { asset: "an asset".to_owned() });
        let of = Line::of_remedy(&any);
        let words = any.to_string();
        let words = words[..1].to_uppercase() + &words[1..];
        RemedyView {
            id,
            words,
            needs_asset: remedy.is_none(),
            allowed: of <= line,
            line: of.name(),
            takes_story_minutes: COST_MINUTES[kind(&any)],
        }
    };
    remedies().into_iter().map(view).collect()
}

/// The time of the story, as on a clock.
pub fn story_time(story_s: f64) -> String {
    Story::default().time_at(story_s).to_string()
}

/// The clocks of a record at a moment.
pub(crate) fn clock_of(record: &Recorder, now: Moment, arrived_unix_s: f64) -> ClockView {
    let set = record.events().iter().filter_map(|event| match event.kind {
        EventKind::Clock { speed, paused } => {
            Some(ChangeView { at_s: event.at_s, story_s: event.story_s, speed, paused })
        }
        _ => None,
    });
    ClockView {
        story: story_time(now.story_s),
        story_s: now.story_s,
        shop_s: now.at_s,
        arrived_unix_s,
        changes: set.collect(),
    }
}

/// The current round as a team sees it; without `played`, as everybody sees it.
pub fn round_view(
    session: &Session,
    played: Option<&Played>,
    now: Moment,
    ends_in_s: f64,
) -> Option<RoundView> {
    let (round, place) = (session.round()?, session.current?);
    let ends_in_s = if session.is_under_way() { ends_in_s } else { 0.0 };
    Some(RoundView {
        number: session.number_of(place),
        of: session.scored_rounds(),
        place,
        practice: round.practice,
        operating_model: round.operating_model,
        level: played.map(|played| played.level),
        speed: round.speed,
        ends_in_s,
        line: played.map(|played| played.line().name()),
        handover_in_s: played
            .and_then(|played| played.handover_story_s)
            .map(|due_s| wall_s(due_s, now, round)),
    })
}

pub(crate) fn wall_s(due_story_s: f64, now: Moment, round: &Round) -> f64 {
    ((due_story_s - now.story_s) / round.speed).max(0.0)
}

/// The team's state as people at these lines see it; all of it if the team plays no lines. The caller fills in `you` and `seat`.
pub fn team_view(room: &Room, number: u32, at: Option<&Lines>) -> Option<TeamView> {
    let shown = room.shown(number);
    let (ladder, called) = shown.as_ref().map_or((None, false), |shown| (shown.hints, shown.is_called));
    let (clock, figures) = shown.map(|shown| (shown.clock, shown.figures)).unzip();
    let figures: Figures = figures.unwrap_or_default();
    let starts_in_s = room.starts_in_s();
    room.read(|session| {
        let (team, nothing) = (session.team(number).ok()?, Played::default());
        let played = session.played(number);
        let did = played.unwrap_or(&nothing);
        let now = figures.now;
        let has_roles = at.is_none() && session.purpose != Purpose::Solo;
        let playing = played.and_then(|played| Some((played, played.ticket.as_ref()?))).zip(at);
        let is_open = played.is_none_or(|played| played.is_open_to(at));
        let works = played.is_some_and(|played| played.may_work(at).is_ok());
        let knows = |id: &str| playing.is_none_or(|((_, ticket), at)| ticket.is_known(at, id));
        let kinds = played.map_or_else(Vec::new, |played| played.sight(at).kinds);
        let may_look = is_open && played.is_some_and(|played| played.guess.is_some());
        let figures = if is_open {
            figures
        } else {
            Figures { now, ends_in_s: figures.ends_in_s, ..Figures::default() }
        };
        let told = |line: &&LogLine| playing.is_none_or(|((_, ticket), at)| is_told(line, ticket, at));
        let pending = did.pending.as_ref().filter(|_| works).zip(session.round());
        let is_own = |one: &&Expectation| {
            playing.is_none_or(|((_, ticket), at)| at.contains(&ticket.line_at(one.begun_story_s)))
        };
        let waiting = session.seats.iter().filter(|seat| seat.team == Some(number) && seat.waiting);
        let claims = did.claims.iter().filter(|claim| knows(&claim.id));
        let hints_left = ladder.map(|hints| hints.saturating_sub(did.hints));
        Some(TeamView {
            team: Named { number, name: team.name.clone() },
            you: String::new(),
            seat: None,
            purpose: session.purpose,
            hints_left: hints_left.filter(|_| session.purpose == Purpose::Solo),
            members: session.members(number),
            waiting: waiting.map(SeatView::of).collect(),
            phase: session.phase,
            round: round_view(session, played, now, figures.ends_in_s),
            loss_usd: is_open.then_some(figures.loss_usd),
            availability: AvailabilityView {
                now: figures.availability,
                history: figures.history,
                must_hold_s: figures.must_hold_s,
            },
            state: figures.state,
            updated_unix_s: clock.as_ref().map_or(0.0, |clock| clock.arrived_unix_s + now.at_s),
            clock,
            called: called && is_open,
            log: did.log.iter().filter(told).map(line_view).collect(),
            starts_in_s,
            more_rounds: session.next_round().is_some(),
            next_minutes: session.next_round().map(|next| session.plan[next].minutes),
            ready: session.ready.contains(&number),
            may_look,
            tabs: kinds.iter().filter_map(|kind| kind.tab()).collect(),
            guess: did.guess.clone().filter(|_| is_open),
            lines: at.map(|at| lines_view(session, number, at)),
            ticket: playing.map(|((played, ticket), at)| ticket_view(ticket, played, at)),
            remedies: if works { remedy_views(did.line()) } else { Vec::new() },
            pending: pending.map(|(pending, round)| PendingView {
                words: pending.remedy.to_string(),
                by: pending.by.clone(),
                in_s: wall_s(pending.due_story_s, now, round),
            }),
            assets: TeamWorld::assets(),
            can_inspect: kinds.contains(&EvidenceKind::AssetText),
            can_history: kinds.contains(&EvidenceKind::AssetHistory),
            hypotheses: did.hypotheses.iter().filter(|one| knows(&one.id)).cloned().collect(),
            pins: did.pins.iter().filter(|pin| knows(&pin.id)).cloned().collect(),
            claims: claims.map(|claim| claim_view(claim, &did.pins)).collect(),
            expectations: did.expectations.iter().filter(is_own).map(expectation_view).collect(),
            questions: questions(did, session.round(), now),
            roles: has_roles.then(|| roles_view(session, number, did)),
            proposals: did.proposals.iter().map(proposal_view).collect(),
            more: more_view(did, session.round()).filter(|_| is_open),
            limits: LimitsView { text_characters: TEXT_CHARACTERS_MAX },
            explained: did.explained.clone().filter(|_| is_open),
            question: did.asked.then(|| question(did)),
            shop: ladder.filter(|_| is_open).map_or_else(String::new, |_| format!("/s/{}/", team.shop_key)),
            token: if at.is_some() { String::new() } else { team.token.clone() },
            revealed: session.phase == Phase::Debrief,
        })
    })
}

fn line_view(line: &LogLine) -> LineView {
    LineView {
        story: story_time(line.when.story_s),
        shop_s: line.when.at_s,
        kind: line.kind.clone(),
        text: line.text.clone(),
        voice: line.voice,
        by: line.by.clone(),
    }
}

/// A claim, and what its pins do not show.
pub fn claim_view(claim: &Claim, pins: &[Pin]) -> ClaimView {
    ClaimView { claim: claim.clone(), lacks: lacks(claim, pins) }
}

fn expectation_view(one: &Expectation) -> ExpectationView {
    ExpectationView {
        remedy: one.remedy.to_string(),
        by: one.by.clone(),
        story: story_time(one.begun_story_s),
        expected: one.expected.clone(),
        before: one.before,
        done_story: one.done.map(|done| story_time(done.story_s)),
        after: one.after,
        came: one.came,
        as_expected: one.expected.as_ref().zip(one.came).map(|(expected, came)| expected.outlook == came),
    }
}

/// The view of a question from outside.
pub(crate) fn asked_view(one: &Question, round: &Round, now: Moment) -> AskedView {
    let is_open = one.answered_story_s.is_none();
    AskedView {
        id: one.id.clone(),
        voice: one.voice,
        story: story_time(one.asked_story_s),
        due_in_s: one.due_story_s.filter(|_| is_open).map(|due_s| (due_s - now.story_s) / round.speed),
        late: one.answered_story_s.zip(one.due_story_s).map(|(at_s, due_s)| at_s > due_s),
        text: one.text.clone(),
        answer: one.answer.clone(),
        by: one.by.clone(),
        took_s: one.answered_story_s.map(|at_s| (at_s - one.asked_story_s) / round.speed),
    }
}

pub(crate) fn questions(played: &Played, round: Option<&Round>, now: Moment) -> Vec<AskedView> {
    let Some(round) = round else { return Vec::new() };
    played.questions.iter().map(|one| asked_view(one, round, now)).collect()
}

pub(crate) fn question(played: &Played) -> QuestionView {
    QuestionView { text: QUESTION, answer: played.answer.clone() }
}
