//! What a team sees of a session. Teaches that a page shows one value, made in one place: what is not in it cannot be shown by mistake.

use diagnosis::{
    operating::Line,
    remedies::{COST_MINUTES, kind},
};
use incident::{Level, OperatingModel, Remedy, Service, Story};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    claims::{Claim, Pin},
    evidence_kind::{EvidenceKind, open_at},
    room::Room,
    rounds::QUESTION,
    session::{Guess, Hypothesis, Moment, Phase, Played, Round, Session, Submitted},
    team_world::{Figures, State, TeamWorld},
};

#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a page shows or does not")]
pub struct TeamView {
    pub team: Named,
    pub you: String,
    pub members: Vec<String>,
    /// Latecomers whom somebody of the team may let in.
    pub waiting: Vec<SeatView>,
    pub phase: Phase,
    /// The round that is under way, or was last.
    pub round: Option<RoundView>,
    pub clock: Option<ClockView>,
    /// Trade lost so far, in dollars.
    pub loss_usd: f64,
    pub availability: AvailabilityView,
    pub state: State,
    /// When these figures were computed, in seconds since 1970.
    pub updated_unix_s: f64,
    /// Whether somebody has complained, or an alert went off.
    pub called: bool,
    /// What happened, as far as the team was told.
    pub log: Vec<LineView>,
    /// The kinds of evidence that are granted. They open with the guess.
    pub tabs: Vec<&'static str>,
    pub guess: Option<Guess>,
    pub remedies: Vec<RemedyView>,
    pub pending: Option<PendingView>,
    pub assets: Vec<String>,
    /// Whether an asset's text may be read.
    pub can_inspect: bool,
    /// Whether its history may be read.
    pub can_history: bool,
    pub hypotheses: Vec<Hypothesis>,
    pub pins: Vec<Pin>,
    pub claims: Vec<Claim>,
    pub explained: Option<Submitted>,
    /// What they are asked after they have restored early.
    pub question: Option<QuestionView>,
    pub shop: String,
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
    /// Its place; the practice round is 0.
    pub number: usize,
    pub of: usize,
    /// Whether it counts for nothing.
    pub practice: bool,
    /// Who restores service.
    #[schema(value_type = String)]
    pub operating_model: OperatingModel,
    #[schema(value_type = Option<String>)]
    pub level: Option<Level>,
    /// Story minutes a minute.
    pub speed: f64,
    /// Wall-clock seconds until it is over.
    pub ends_in_s: f64,
    pub line: Option<&'static str>,
    /// Wall-clock seconds until the next line takes over.
    pub handover_in_s: Option<f64>,
}

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

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AvailabilityView {
    /// The share of visits served or degraded lately.
    pub now: Option<f64>,
    /// The same for each two seconds, oldest first.
    pub history: Vec<Option<f64>>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LineView {
    pub story: String,
    /// The shop's own second.
    pub shop_s: f64,
    pub kind: String,
    pub text: String,
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
    let round = session.round()?;
    Some(RoundView {
        number: session.current.unwrap_or_default(),
        of: session.plan.iter().filter(|round| !round.practice).count(),
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

fn wall_s(due_story_s: f64, now: Moment, round: &Round) -> f64 {
    ((due_story_s - now.story_s) / round.speed).max(0.0)
}

pub fn clock_view(team_world: &TeamWorld) -> ClockView {
    let now = team_world.now();
    let record = team_world.world.record();
    let set = record.events().iter().filter_map(|event| match event.kind {
        incident::EventKind::Clock { speed, paused } => {
            Some(ChangeView { at_s: event.at_s, story_s: event.story_s, speed, paused })
        }
        _ => None,
    });
    let changes = set.collect();
    drop(record);
    ClockView {
        story: story_time(now.story_s),
        story_s: now.story_s,
        shop_s: now.at_s,
        arrived_unix_s: team_world.arrived_unix_s(),
        changes,
    }
}

pub fn team_view(room: &Room, number: u32, you: &str) -> Option<TeamView> {
    let team_world = room.team_world(number);
    let clock = team_world.as_deref().map(clock_view);
    let figures =
        team_world.as_ref().map_or_else(Figures::default, |team_world| team_world.figures().clone());
    let called = team_world.as_ref().is_some_and(|team_world| team_world.is_called());
    room.read(|session| {
        let team = session.team(number).ok()?;
        let played = session.played(number);
        let now = figures.now;
        let nothing = Vec::new;
        let level = played.map_or(Level::Dark, |played| played.level);
        let may_look = played.is_some_and(|played| played.guess.is_some());
        let line = |line: &crate::session::LogLine| LineView {
            story: story_time(line.when.story_s),
            shop_s: line.when.at_s,
            kind: line.kind.clone(),
            text: line.text.clone(),
            by: line.by.clone(),
        };
        let pending = played.and_then(|played| played.pending.as_ref()).zip(session.round());
        Some(TeamView {
            team: Named { number, name: team.name.clone() },
            you: you.to_owned(),
            members: session.members(number),
            waiting: seat_views(session, number).into_iter().filter(|seat| seat.waiting).collect(),
            phase: session.phase,
            round: round_view(session, played, now, figures.ends_in_s),
            loss_usd: figures.loss_usd,
            availability: AvailabilityView { now: figures.availability, history: figures.history },
            state: figures.state,
            updated_unix_s: clock.as_ref().map_or(0.0, |clock| clock.arrived_unix_s + now.at_s),
            clock,
            called,
            log: played.map_or_else(nothing, |played| played.log.iter().map(line).collect()),
            tabs: played.map_or_else(Vec::new, |_| open_at(level).filter_map(EvidenceKind::tab).collect()),
            guess: played.and_then(|played| played.guess.clone()),
            remedies: played.map_or_else(Vec::new, |played| remedy_views(played.line())),
            pending: pending.map(|(pending, round)| PendingView {
                words: pending.remedy.to_string(),
                by: pending.by.clone(),
                in_s: wall_s(pending.due_story_s, now, round),
            }),
            assets: TeamWorld::assets(),
            can_inspect: may_look && EvidenceKind::AssetText.is_open_at(level),
            can_history: may_look && EvidenceKind::AssetHistory.is_open_at(level),
            hypotheses: played.map_or_else(Vec::new, |played| played.hypotheses.clone()),
            pins: played.map_or_else(Vec::new, |played| played.pins.clone()),
            claims: played.map_or_else(Vec::new, |played| played.claims.clone()),
            explained: played.and_then(|played| played.explained.clone()),
            question: played.filter(|played| played.asked).map(question),
            shop: format!("/s/{}/", team.shop_key),
            token: team.token.clone(),
            revealed: session.phase == Phase::Debrief,
        })
    })
}

pub(crate) fn question(played: &Played) -> QuestionView {
    QuestionView { text: QUESTION, answer: played.answer.clone() }
}
