//! What a team and the facilitator see of a session. Teaches that a page shows one value, made in one place: whatever is not in it,
//! nobody can show by mistake.

use diagnosis::{
    explanation::agreement,
    operating::Line,
    remedies::{COST_MINUTES, kind},
};
use incident::{Level, OperatingModel, Remedy, Service, Story};
use serde::Serialize;
use utoipa::ToSchema;
use world::hands::truth;

use crate::{
    claims::{About, Claim, Pin, answer, cause},
    floor::{Floor, State, waiting},
    room::Room,
    rounds::QUESTION,
    session::{Guess, Hypothesis, Mark, Moment, Phase, Played, Round, Session, Submitted},
};

/// What a team's pages show.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a page shows or does not")]
pub struct TeamView {
    /// The team.
    pub team: Named,
    /// How whoever looks is called.
    pub you: String,
    /// Who is here.
    pub members: Vec<String>,
    /// Where the session is.
    pub phase: Phase,
    /// The round that is under way, or was last.
    pub round: Option<RoundView>,
    /// Both clocks.
    pub clock: Option<ClockView>,
    /// Trade lost so far, in dollars.
    pub loss_usd: f64,
    /// What customers met.
    pub availability: AvailabilityView,
    /// How the customers fare.
    pub state: State,
    /// When these figures were reckoned, in seconds since 1970.
    pub updated_unix_s: f64,
    /// Whether somebody has complained, or an alert went off.
    pub called: bool,
    /// What happened, as far as the team was told.
    pub log: Vec<LineView>,
    /// The kinds of evidence that are granted; none before there is a guess.
    pub tabs: Vec<&'static str>,
    /// What they thought before they saw anything.
    pub guess: Option<Guess>,
    /// What can be done.
    pub remedies: Vec<RemedyView>,
    /// What somebody is doing.
    pub pending: Option<PendingView>,
    /// The shop's assets.
    pub assets: Vec<String>,
    /// Whether an asset's text may be read.
    pub can_inspect: bool,
    /// Whether its history may.
    pub can_history: bool,
    /// What they think.
    pub hypotheses: Vec<Hypothesis>,
    /// Evidence that they kept.
    pub pins: Vec<Pin>,
    /// Their explanation.
    pub claims: Vec<Claim>,
    /// When they submitted it last.
    pub explained: Option<Submitted>,
    /// What they are asked after they have restored early.
    pub question: Option<QuestionView>,
    /// Where their shop is.
    pub shop: String,
    /// What their programs show.
    pub token: String,
    /// Whether the answers are open.
    pub revealed: bool,
}

/// A team by its number and its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Named {
    /// From 1.
    pub number: u32,
    /// How it is called.
    pub name: String,
}

/// A round as everybody may know it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RoundView {
    /// Its place; the practice round is 0.
    pub number: usize,
    /// How many scored rounds there are.
    pub of: usize,
    /// Whether it counts for nothing.
    pub practice: bool,
    /// Who restores service.
    #[schema(value_type = String)]
    pub operating_model: OperatingModel,
    /// The team's telemetry level.
    #[schema(value_type = Option<String>)]
    pub level: Option<Level>,
    /// Story minutes a minute.
    pub speed: f64,
    /// Wall-clock seconds until it is over.
    pub ends_in_s: f64,
    /// The line of support that the team is.
    pub line: Option<&'static str>,
    /// Wall-clock seconds until the next line takes over.
    pub handover_in_s: Option<f64>,
}

/// Both clocks.
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
    /// How the story's clock was set.
    pub changes: Vec<ChangeView>,
}

/// One setting of the story's clock.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// The shop's second from which it holds.
    pub at_s: f64,
    /// What the story's clock showed then.
    pub story_s: f64,
    /// Story seconds a second.
    pub speed: f64,
    /// Whether it stands still.
    pub paused: bool,
}

/// What customers met.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AvailabilityView {
    /// The share of visits served or degraded lately.
    pub now: Option<f64>,
    /// The same for each two seconds, oldest first.
    pub history: Vec<Option<f64>>,
}

/// A line of the log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LineView {
    /// The time of the story.
    pub story: String,
    /// The shop's own second.
    pub shop_s: f64,
    /// Which kind.
    pub kind: String,
    /// What it says.
    pub text: String,
    /// Who did it.
    pub by: Option<String>,
}

/// A remedy that can be chosen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RemedyView {
    /// Its name.
    pub id: String,
    /// What it does.
    pub words: String,
    /// Whether an asset must be named.
    pub needs_asset: bool,
    /// Whether this team's line may.
    pub allowed: bool,
    /// The line that may.
    pub line: &'static str,
    /// How long it takes, in story minutes. Assumed.
    pub takes_story_minutes: f64,
}

/// A remedy that somebody is at.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PendingView {
    /// What it does.
    pub words: String,
    /// Who does it.
    pub by: String,
    /// Wall-clock seconds until it is done.
    pub in_s: f64,
}

/// A question, and what they answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuestionView {
    /// The question.
    pub text: &'static str,
    /// The answer.
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

/// What a level grants of evidence.
pub fn tabs(level: Level) -> Vec<&'static str> {
    let least = [
        (Level::Dark, "health"),
        (Level::Dark, "logs"),
        (Level::Metrics, "metrics"),
        (Level::Traces, "traces"),
        (Level::Changes, "changes"),
    ];
    least.into_iter().filter(|(least, _)| level >= *least).map(|(_, tab)| tab).collect()
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

/// Both clocks of a world.
pub fn clock_view(floor: &Floor) -> ClockView {
    let now = floor.now();
    let record = floor.world.record();
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
        arrived_unix_s: floor.arrived_unix_s(),
        changes,
    }
}

/// What a team sees.
pub fn team_view(room: &Room, number: u32, you: &str) -> Option<TeamView> {
    let floor = room.floor(number);
    let clock = floor.as_deref().map(clock_view);
    let figures = floor.as_ref().map_or_else(waiting, |floor| floor.figures().clone());
    let called = floor.as_ref().is_some_and(|floor| floor.is_called());
    let session = room.session();
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
        phase: session.phase,
        round: round_view(&session, played, now, figures.ends_in_s),
        loss_usd: figures.loss_usd,
        availability: AvailabilityView { now: figures.availability, history: figures.history },
        state: figures.state,
        updated_unix_s: clock.as_ref().map_or(0.0, |clock| clock.arrived_unix_s + now.at_s),
        clock,
        called,
        log: played.map_or_else(nothing, |played| played.log.iter().map(line).collect()),
        tabs: if may_look { tabs(level) } else { Vec::new() },
        guess: played.and_then(|played| played.guess.clone()),
        remedies: played.map_or_else(Vec::new, |played| remedy_views(played.line())),
        pending: pending.map(|(pending, round)| PendingView {
            words: pending.remedy.to_string(),
            by: pending.by.clone(),
            in_s: wall_s(pending.due_story_s, now, round),
        }),
        assets: Floor::assets(),
        can_inspect: may_look && level >= Level::Logs,
        can_history: may_look && level >= Level::Changes,
        hypotheses: played.map_or_else(Vec::new, |played| played.hypotheses.clone()),
        pins: played.map_or_else(Vec::new, |played| played.pins.clone()),
        claims: played.map_or_else(Vec::new, |played| played.claims.clone()),
        explained: played.and_then(|played| played.explained.clone()),
        question: played.filter(|played| played.asked).map(question),
        shop: format!("/s/{}/", team.shop_key),
        token: team.token.clone(),
        revealed: session.phase == Phase::Debrief,
    })
}

fn question(played: &Played) -> QuestionView {
    QuestionView { text: QUESTION, answer: played.answer.clone() }
}

/// What the facilitator sees.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeskView {
    /// Where the session is.
    pub phase: Phase,
    /// What people type to join.
    pub code: String,
    /// The address that the room listens at.
    pub bind: String,
    /// Its port.
    pub port: u16,
    /// Where people can reach it.
    pub addresses: Vec<crate::join::Reachable>,
    /// Devices that have reached it.
    pub reached_from: Vec<ReachedView>,
    /// The round that is under way, or was last.
    pub round: Option<RoundView>,
    /// The clocks of the first team's world: all run alike.
    pub clock: Option<ClockView>,
    /// The rounds.
    pub plan: Vec<PlanView>,
    /// The teams.
    pub teams: Vec<TeamRow>,
    /// What can be played.
    pub scenarios: Vec<ScenarioView>,
    /// The telemetry levels.
    pub levels: Vec<&'static str>,
    /// The operating models.
    pub operating_models: Vec<&'static str>,
    /// Prepared messages.
    pub messages: Vec<MessageView>,
    /// Moments to talk about.
    pub marks: Vec<Mark>,
    /// Whether the answers are open to everybody.
    pub revealed: bool,
}

/// A device that has reached the room.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReachedView {
    /// Its address.
    pub address: String,
    /// How long ago.
    pub seconds_ago: u64,
}

/// A round as the facilitator plans it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanView {
    /// Its place.
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
    /// What each team gets.
    pub teams: Vec<AssignedView>,
}

/// What one team gets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AssignedView {
    /// The team.
    pub team: u32,
    /// The scenario.
    pub scenario: String,
    /// What it is about, without giving anything away.
    pub title: String,
    /// The telemetry level.
    #[schema(value_type = String)]
    pub level: Level,
}

/// A scenario that can be chosen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScenarioView {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// Whether nothing in the shop can be mended.
    pub control: bool,
}

/// A prepared message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// Its name.
    pub id: &'static str,
    /// What it says.
    pub text: &'static str,
}

/// One team at a glance.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TeamRow {
    /// From 1.
    pub number: u32,
    /// How it is called.
    pub name: String,
    /// Who is here.
    pub members: Vec<String>,
    /// What it plays.
    pub scenario: Option<String>,
    /// At which level now.
    #[schema(value_type = Option<String>)]
    pub level: Option<Level>,
    /// How its customers fare.
    pub state: State,
    /// The share of visits served or degraded lately.
    pub availability: Option<f64>,
    /// The same for each two seconds.
    pub history: Vec<Option<f64>>,
    /// Trade lost, in dollars.
    pub loss_usd: f64,
    /// What it thought before it saw anything.
    pub guess: Option<GuessView>,
    /// What it thinks now.
    pub hypothesis: Option<String>,
    /// What it did.
    pub remedies: Vec<String>,
    /// How often it looked.
    pub looks: usize,
    /// Whether it has submitted an explanation.
    pub explained: bool,
    /// What that is worth, from 0 to 1.
    pub score: Option<f64>,
    /// Hints that it was given.
    pub hints_given: usize,
    /// What it was asked, and answered.
    pub question: Option<QuestionView>,
    /// Where its telemetry goes besides.
    pub forward: Option<String>,
}

/// A guess in words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GuessView {
    /// The words.
    pub words: String,
    /// How sure, in percent.
    pub confidence: u8,
}

/// What a facilitator says often.
pub const MESSAGES: [(&str, &str); 6] = [
    ("estimate", "The director asks: when will the shop be back? An estimate, please."),
    ("complaints", "Complaints are rising; the help desk asks what to tell customers."),
    ("press", "A journalist has called. Marketing asks what is going on."),
    ("status", "A short status, please: what do you know, what do you think, what do you do next?"),
    ("explain", "Half of the time is over. Write down what you can explain already, and pin the evidence."),
    ("minutes", "A few minutes are left. Submit your explanation as it stands."),
];

/// What the facilitator sees.
pub fn desk_view(room: &Room) -> DeskView {
    let floors: Vec<_> = room.floors().values().cloned().collect();
    let clock = floors.first().map(|floor| clock_view(floor));
    let figures = floors.first().map_or_else(waiting, |floor| floor.figures().clone());
    let reached = room.reached().into_iter();
    let session = room.session();
    let scenarios = world::scenario::library();
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
        number,
        practice: round.practice,
        state: state_of(&session, number),
        operating_model: round.operating_model,
        speed: round.speed,
        minutes: round.minutes,
        teams: assigned(round),
    };
    DeskView {
        phase: session.phase,
        code: session.code.clone(),
        bind: room.address().ip().to_string(),
        port: room.address().port(),
        addresses: crate::join::reachable(room.address(), &session.code),
        reached_from: reached
            .map(|(address, seconds_ago)| ReachedView { address: address.to_string(), seconds_ago })
            .collect(),
        round: round_view(&session, None, figures.now, figures.ends_in_s),
        clock,
        plan: session.plan.iter().enumerate().map(plan).collect(),
        teams: session
            .teams
            .iter()
            .map(|team| {
                team_row(&session, team.number, floors.iter().find(|floor| floor.team == team.number))
            })
            .collect(),
        scenarios: scenarios
            .iter()
            .map(|scenario| ScenarioView {
                name: scenario.name.clone(),
                title: scenario.title.clone(),
                control: scenario.control,
            })
            .collect(),
        levels: Level::ALL.iter().map(|level| level.name()).collect(),
        operating_models: OperatingModel::ALL.iter().map(|model| model.name()).collect(),
        messages: MESSAGES.iter().map(|(id, text)| MessageView { id, text }).collect(),
        marks: session.marks.clone(),
        revealed: session.phase == Phase::Debrief,
    }
}

fn state_of(session: &Session, number: usize) -> &'static str {
    let is_running = matches!(session.phase, Phase::Running | Phase::Paused);
    match session.current {
        Some(current) if number == current && is_running => "running",
        Some(current) if number <= current => "done",
        _ if session.next_round() == Some(number) => "next",
        _ => "later",
    }
}

fn team_row(session: &Session, number: u32, floor: Option<&std::sync::Arc<Floor>>) -> TeamRow {
    let figures = floor.map_or_else(waiting, |floor| floor.figures().clone());
    let team = session.team(number).expect("a row is made of a team");
    let played = session.played(number);
    let score = floor.zip(played.filter(|played| played.explained.is_some()));
    let guess = |guess: &Guess| GuessView {
        words: guess.cause.as_deref().and_then(cause).unwrap_or_else(|| "no idea yet".to_owned()),
        confidence: guess.confidence,
    };
    TeamRow {
        number,
        name: team.name.clone(),
        members: session.members(number),
        scenario: session.assigned(number).map(|assigned| assigned.scenario.clone()),
        level: played.map(|played| played.level),
        state: figures.state,
        availability: figures.availability,
        history: figures.history,
        loss_usd: figures.loss_usd,
        guess: played.and_then(|played| played.guess.as_ref()).map(guess),
        hypothesis: played.and_then(hypothesis),
        remedies: played.map_or_else(Vec::new, |played| {
            let remedies = played.log.iter().filter(|line| line.kind == "remedy");
            remedies.map(|line| format!("{} {}", story_time(line.when.story_s), line.text)).collect()
        }),
        looks: played.map_or(0, |played| played.looks.len()),
        explained: played.is_some_and(|played| played.explained.is_some()),
        score: score
            .map(|(floor, played)| agreement(&answer(&played.claims), &truth(&floor.scenario, &floor.drawn))),
        hints_given: played.map_or(0, |played| played.hints),
        question: played.filter(|played| played.asked).map(question),
        forward: team.forward.clone(),
    }
}

/// The last thing that a team thinks: a hypothesis that stands, or what it says the cause is.
fn hypothesis(played: &Played) -> Option<String> {
    let stands = played.hypotheses.iter().rev().find(|hypothesis| !hypothesis.struck);
    let claimed = played.claims.iter().rev().find(|claim| claim.about == About::Cause);
    stands.map(|hypothesis| hypothesis.text.clone()).or(claimed.map(|claim| claim.words.clone()))
}
