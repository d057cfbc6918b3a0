//! What a team sees of a session. Teaches that a page shows one value, made in one place: what is not in it cannot be shown by mistake.

use diagnosis::{
    operating::Line,
    remedies::{COST_MINUTES, kind},
};
use incident::{Level, OperatingModel, Remedy, Service, Story};
use serde::Serialize;
use utoipa::ToSchema;
use world::play::STARTS_STORY_S;

use crate::{
    claims::{About, Claim, Pin, lacks},
    clock_views::{ClockView, clock_view},
    ended::Ended,
    evidence_kind::EvidenceKind,
    limits::{ENTRIES_MAX, NOTES_BYTES_MAX, PIN_CHARACTERS_MAX, TEXT_CHARACTERS_MAX},
    lines::Lines,
    played::{
        Expectation, Expected, Guess, Hypothesis, LogLine, Moment, Outlook, Played, Question, Submitted,
    },
    rate_limits,
    role_views::{MoreView, ProposalView, RolesView, more_view, proposal_view, roles_view},
    room::Room,
    rounds::QUESTION,
    session::{Phase, Purpose, Round, Session},
    team_world::{Figures, State, TeamWorld},
    ticket_views::{LinesView, TicketView, is_told, lines_view, ticket_view},
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
    /// How much there may be of what you make, and how much there is.
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

/// The seats of a team, in the order in which they were taken.
pub fn seat_views(session: &Session, number: u32) -> Vec<SeatView> {
    let seats = session.seats.iter().filter(|seat| seat.team == Some(number));
    seats.map(|seat| SeatView { id: seat.id, alias: seat.alias.clone(), waiting: seat.waiting }).collect()
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
    /// When it begins and ends, by the story's clock.
    pub from_story: String,
    pub to_story: String,
    /// Its place among the rounds that count, or among the practice rounds, from 1; and how many of those there are.
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
#[schema(as = Claim)]
pub struct ClaimView {
    /// `c` and a number.
    pub id: String,
    pub about: About,
    pub words: String,
    /// Ids of pins.
    pub pins: Vec<String>,
    /// What it is matched with; null: not yet, and it counts for nothing.
    pub choice: Option<String>,
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
    /// Until when an update is due.
    pub due_story: Option<String>,
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

/// How much there may be. A part that is full refuses what is new, and loses nothing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LimitsView {
    /// Characters of a text.
    pub text_characters: usize,
    /// Characters that a pin keeps of what it shows.
    pub pin_characters: usize,
    /// Pins, claims and hypotheses: of each at most so many in a round.
    pub entries: usize,
    /// Bytes of JSON that all notes of a round may take, and that they take now.
    pub notes_bytes: usize,
    pub notes_bytes_used: usize,
    /// Requests and changes a second that one person or program may make for long.
    pub requests_per_second: u32,
    pub changes_per_second: u32,
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

/// What can be done, in the order in which it is shown.
pub fn remedies() -> Vec<(String, Option<Remedy>)> {
    let services = Service::ALL.iter().copied();
    let mut all: Vec<(String, Option<Remedy>)> = Vec::new();
    for service in services.clone().rev() {
        all.push((format!("restart-{service}"), Some(Remedy::Restart { service })));
    }
    all.push(("flush-cache".to_owned(), Some(Remedy::FlushCache)));
    all.push(("roll-back".to_owned(), None));
    for service in services.clone().rev() {
        all.push((format!("roll-back-release-{service}"), Some(Remedy::RollBackRelease { service })));
    }
    for service in services.rev() {
        all.push((format!("add-capacity-{service}"), Some(Remedy::AddCapacity { service })));
    }
    all.push(("repair-network".to_owned(), Some(Remedy::RepairNetwork)));
    all.push(("replace-disk".to_owned(), Some(Remedy::ReplaceDisk)));
    all
}

/// The remedy of this name, on this asset.
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

/// A round for a team, or for everybody.
pub fn round_view(
    session: &Session,
    played: Option<&Played>,
    now: Moment,
    ends_in_s: f64,
) -> Option<RoundView> {
    let (round, place) = (session.round()?, session.current?);
    let ends_in_s = if session.is_under_way() { ends_in_s } else { 0.0 };
    let (from_story, to_story) = story_of(round);
    let like = |rounds: &[Round]| rounds.iter().filter(|other| other.practice == round.practice).count();
    Some(RoundView {
        from_story,
        to_story,
        number: like(&session.plan[..=place]),
        of: like(&session.plan),
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

/// When a round begins and ends, by the story's clock.
pub fn story_of(round: &Round) -> (String, String) {
    (story_time(STARTS_STORY_S), story_time(STARTS_STORY_S + round.minutes * 60.0 * round.speed))
}

pub(crate) fn wall_s(due_story_s: f64, now: Moment, round: &Round) -> f64 {
    ((due_story_s - now.story_s) / round.speed).max(0.0)
}

/// What a world shows of itself, or its record once it is gone.
#[derive(Default)]
struct Shown {
    clock: Option<ClockView>,
    figures: Figures,
    called: bool,
    /// How many hints there are; none where no shop runs.
    ladder: Option<usize>,
}

impl Shown {
    fn of(room: &Room, team: u32) -> Self {
        if let Some(team_world) = room.team_world(team) {
            return Self {
                clock: Some(clock_view(&team_world)),
                figures: team_world.figures().clone(),
                called: team_world.is_called(),
                ladder: Some(team_world.scenario.hints.len()),
            };
        }
        let ended = room.ended().get(&team).cloned();
        ended.map_or_else(Self::default, |Ended { clock, figures, is_called, .. }| Self {
            clock: Some(clock),
            figures,
            called: is_called,
            ladder: None,
        })
    }
}

/// What somebody sees who works at these lines; all of the team's state where it plays no lines. Who it is stays open: see `you` and `seat`.
pub fn team_view(room: &Room, number: u32, at: Option<&Lines>) -> Option<TeamView> {
    let Shown { clock, figures, called, ladder } = Shown::of(room, number);
    let starts_in_s = room.starts_in_s();
    room.read(|session| {
        let team = session.team(number).ok()?;
        let played = session.played(number);
        let now = figures.now;
        let nothing = Vec::new;
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
        let pending =
            played.and_then(|played| played.pending.as_ref()).filter(|_| works).zip(session.round());
        let left = |(hints, played): (usize, &Played)| hints.saturating_sub(played.hints);
        let did = |one: &&Expectation| {
            playing.is_none_or(|((_, ticket), at)| at.contains(&ticket.line_at(one.begun_story_s)))
        };
        Some(TeamView {
            team: Named { number, name: team.name.clone() },
            you: String::new(),
            seat: None,
            purpose: session.purpose,
            hints_left: ladder.filter(|_| session.purpose == Purpose::Solo).zip(played).map(left),
            members: session.members(number),
            waiting: seat_views(session, number).into_iter().filter(|seat| seat.waiting).collect(),
            phase: session.phase,
            round: round_view(session, played, now, figures.ends_in_s),
            loss_usd: is_open.then_some(figures.loss_usd),
            availability: availability_view(&figures),
            state: figures.state,
            updated_unix_s: clock.as_ref().map_or(0.0, |clock| clock.arrived_unix_s + now.at_s),
            clock,
            called: called && is_open,
            log: played
                .map_or_else(nothing, |played| played.log.iter().filter(told).map(line_view).collect()),
            starts_in_s,
            more_rounds: session.next_round().is_some(),
            next_minutes: session.next_round().map(|next| session.plan[next].minutes),
            ready: session.ready.contains(&number),
            may_look,
            tabs: kinds.iter().filter_map(|kind| kind.tab()).collect(),
            guess: played.filter(|_| is_open).and_then(|played| played.guess.clone()),
            lines: at.map(|at| lines_view(session, number, at)),
            ticket: playing.map(|((played, ticket), at)| ticket_view(ticket, played, at)),
            remedies: played.filter(|_| works).map_or_else(Vec::new, |played| remedy_views(played.line())),
            pending: pending.map(|(pending, round)| PendingView {
                words: pending.remedy.to_string(),
                by: pending.by.clone(),
                in_s: wall_s(pending.due_story_s, now, round),
            }),
            assets: TeamWorld::assets(),
            can_inspect: kinds.contains(&EvidenceKind::AssetText),
            can_history: kinds.contains(&EvidenceKind::AssetHistory),
            hypotheses: played.map_or_else(Vec::new, |played| {
                played.hypotheses.iter().filter(|one| knows(&one.id)).cloned().collect()
            }),
            pins: played.map_or_else(Vec::new, |played| {
                played.pins.iter().filter(|pin| knows(&pin.id)).cloned().collect()
            }),
            claims: played.map_or_else(Vec::new, |played| {
                let known = played.claims.iter().filter(|claim| knows(&claim.id));
                known.map(|claim| claim_view(claim, &played.pins)).collect()
            }),
            expectations: played.map_or_else(Vec::new, |played| {
                played.expectations.iter().filter(did).map(expectation_view).collect()
            }),
            questions: played.map_or_else(Vec::new, |played| questions(played, session.round(), now)),
            roles: has_roles.then(|| roles_view(session, number, played)),
            proposals: played
                .map_or_else(Vec::new, |played| played.proposals.iter().map(proposal_view).collect()),
            more: played.filter(|_| is_open).and_then(|played| more_view(played, session.round())),
            limits: limits(played),
            explained: played.filter(|_| is_open).and_then(|played| played.explained.clone()),
            question: played.filter(|played| played.asked).map(question),
            shop: ladder.filter(|_| is_open).map_or_else(String::new, |_| format!("/s/{}/", team.shop_key)),
            token: if at.is_some() { String::new() } else { team.token.clone() },
            revealed: session.phase == Phase::Debrief,
        })
    })
}

fn availability_view(figures: &Figures) -> AvailabilityView {
    AvailabilityView {
        now: figures.availability,
        history: figures.history.clone(),
        must_hold_s: figures.must_hold_s,
    }
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
    let Claim { id, about, words, pins: on, choice } = claim.clone();
    ClaimView { id, about, words, pins: on, choice, lacks: lacks(claim, pins) }
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

/// A question from outside as it is shown.
pub(crate) fn asked_view(one: &Question, round: &Round, now: Moment) -> AskedView {
    let is_open = one.answered_story_s.is_none();
    AskedView {
        id: one.id.clone(),
        voice: one.voice,
        story: story_time(one.asked_story_s),
        due_story: one.due_story_s.map(story_time),
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

fn limits(played: Option<&Played>) -> LimitsView {
    LimitsView {
        text_characters: TEXT_CHARACTERS_MAX,
        pin_characters: PIN_CHARACTERS_MAX,
        entries: ENTRIES_MAX,
        notes_bytes: NOTES_BYTES_MAX,
        notes_bytes_used: played.map_or(0, Played::notes_bytes),
        requests_per_second: rate_limits::REQUESTS.0,
        changes_per_second: rate_limits::CHANGES.0,
    }
}

pub(crate) fn question(played: &Played) -> QuestionView {
    QuestionView { text: QUESTION, answer: played.answer.clone() }
}
