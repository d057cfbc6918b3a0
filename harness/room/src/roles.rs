//! Roles in an incident, for teams that want them: commander, deputy, scribe and communications. Teaches that a decision needs somebody to make it,
//! and that command passes from one person to another in words that both have heard.
//!
//! **Who.** People take free roles themselves; nobody has to. One person may hold several, but nobody is commander and deputy at once. Others may
//! take the role of somebody who has gone silent (`AWAY_FROM`), and the deputy may take command at any time. **What it means.** In a team with a
//! commander, the other members propose remedies ([`Proposal`]), and the commander or the deputy gives the go: so the team does one thing at a
//! time, and knows who decided. The scribe writes the team's decisions into its log. The holder of communications sees the questions from outside;
//! anybody may answer in their place. **Command** is handed over by an offer, which says what the next commander has to know, and by accepting it.
//! The round keeps the time of each. While a team plays lines of support, the ticket decides who acts, and roles have no effect.

use std::{collections::BTreeSet, time::Duration};

use chassis::Problem;
use debrief::session::{CHOICES, Choice};
use http::StatusCode;
use incident::Remedy;
pub use report::session::{Command, Decided, Proposal};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::{
    catalogue::id_of,
    limits::{COMMANDS_MAX, full},
    played::{Expected, Moment, Pending, Played},
    rate_limits::Who,
    session::{Phase, Round, Seat, Session, conflict, not_found},
    state::Change,
    views::{SeatView, story_time},
    work::room_for,
};

/// Somebody who is silent for this long counts as away. An open page counts as heard every second while the clock runs.
const AWAY_FROM: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Decides.
    Commander,
    /// Stands by the commander, and decides in their place.
    Deputy,
    /// Writes down what is decided, and when.
    Scribe,
    /// Tells those outside.
    Communications,
}

pub type Roles = BTreeSet<Role>;

impl Role {
    pub const ALL: [Self; 4] = [Self::Commander, Self::Deputy, Self::Scribe, Self::Communications];

    pub fn name(self) -> &'static str {
        match self {
            Self::Commander => "commander",
            Self::Deputy => "deputy",
            Self::Scribe => "scribe",
            Self::Communications => "communications",
        }
    }
}

impl Session {
    /// Whether somebody has gone silent. The room hears from open pages only while the clock runs, so nobody counts as away at other times.
    pub fn is_away(&self, seat: &Seat, now: Instant) -> bool {
        let is_silent = seat.last_heard.is_none_or(|heard| now.duration_since(heard) >= AWAY_FROM);
        self.phase == Phase::Running && is_silent
    }

    pub fn holder(&self, team: u32, role: Role) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.team == Some(team) && seat.roles.contains(&role))
    }

    /// The commander whose go somebody needs; none if they may act themselves.
    pub fn whose_go(&self, team: u32, who: Who) -> Option<&Seat> {
        let plays_lines = self.played(team).is_some_and(|played| played.ticket.is_some());
        let is_own = |seat: &Seat| matches!(who, Who::Seat(id) if id == seat.id);
        let decides = |role: Role| self.holder(team, role).is_some_and(is_own);
        let is_decider = decides(Role::Commander) || decides(Role::Deputy);
        self.holder(team, Role::Commander).filter(|_| !plays_lines && !is_decider)
    }

    fn own_seat(&self, team: u32, id: u32) -> Result<&Seat, Problem> {
        let found = self.seated(team).find(|seat| seat.id == id);
        found.ok_or_else(|| not_found("There is no such person in your team."))
    }

    /// Gives a role to one seat of a team, and takes it from any other.
    fn give(&mut self, team: u32, id: u32, role: Role) {
        for seat in self.seats.iter_mut().filter(|seat| seat.team == Some(team)) {
            seat.roles.remove(&role);
            if seat.id == id {
                seat.roles.insert(role);
                if role == Role::Commander {
                    seat.roles.remove(&Role::Deputy);
                }
            }
        }
    }
}

impl Change<'_> {
    /// Takes a role that is free, or whose holder is away.
    pub(crate) fn take_role(
        &mut self,
        team: u32,
        id: u32,
        role: Role,
        (at, now): (Instant, Moment),
    ) -> Result<(), Problem> {
        let seat = self.own_seat(team, id)?.clone();
        if seat.roles.contains(&role) {
            return Ok(());
        }
        if role == Role::Deputy && seat.roles.contains(&Role::Commander) {
            return Err(conflict("The commander cannot be their own deputy; hand command over first."));
        }
        let before = self.holder(team, role).cloned();
        if let Some(before) = &before {
            let stands_in = role == Role::Commander && seat.roles.contains(&Role::Deputy);
            if !stands_in && !self.is_away(before, at) {
                let (alias, role) = (&before.alias, role.name());
                return Err(conflict(format!(
                    "{alias} is {role}. Ask them to put it down or to hand it over."
                )));
            }
        }
        let from = before.map(|before| before.alias);
        self.note_role(team, role, (from, Some(&seat.alias)), (now, &seat.alias))?;
        self.for_team(team).give(team, id, role);
        Ok(())
    }

    pub(crate) fn put_down_role(
        &mut self,
        team: u32,
        id: u32,
        role: Role,
        now: Moment,
    ) -> Result<(), Problem> {
        let seat = self.own_seat(team, id)?.clone();
        if !seat.roles.contains(&role) {
            return Err(conflict(format!("You are not {}.", role.name())));
        }
        self.note_role(team, role, (Some(seat.alias.clone()), None), (now, &seat.alias))?;
        let seats = self.for_team(team).seats.iter_mut();
        seats.filter(|seat| seat.id == id).for_each(|seat| _ = seat.roles.remove(&role));
        Ok(())
    }

    /// Offers command to somebody else, with what they have to know.
    pub(crate) fn offer_command(
        &mut self,
        team: u32,
        (from, to): (u32, u32),
        words: String,
        now: Moment,
    ) -> Result<Command, Problem> {
        let (from, to) = (self.own_seat(team, from)?.clone(), self.own_seat(team, to)?.clone());
        if !from.roles.contains(&Role::Commander) {
            return Err(conflict("Only the commander hands command over."));
        }
        if from.id == to.id {
            return Err(conflict("You have command already; offer it to somebody else."));
        }
        self.work(team, |played| {
            played.may_command()?;
            let text = format!("{} offers command to {}: {words}", from.alias, to.alias);
            let command = Command {
                from: Some(from.alias.clone()),
                to: Some(to.alias.clone()),
                to_seat: Some(to.id),
                words: Some(words),
                offered_story_s: Some(now.story_s),
                taken_story_s: None,
            };
            played.commands.push(command.clone());
            played.tell(now, "role", text, Some(&from.alias));
            Ok(command)
        })
    }

    /// Accepts the command that was offered last.
    pub(crate) fn accept_command(&mut self, team: u32, id: u32, now: Moment) -> Result<Command, Problem> {
        let alias = self.own_seat(team, id)?.alias.clone();
        let command = self.work(team, |played| {
            let is_open = |last: &&mut Command| last.to_seat == Some(id) && last.taken_story_s.is_none();
            let offered = played.commands.last_mut().filter(is_open);
            let offered = offered.ok_or_else(|| conflict("Nobody offers you command."))?;
            offered.taken_story_s = Some(now.story_s);
            let offered = offered.clone();
            played.tell(now, "role", format!("{alias} has command"), Some(&alias));
            Ok(offered)
        })?;
        self.for_team(team).give(team, id, Role::Commander);
        Ok(command)
    }

    /// Records a new holder of a role in the round. Does nothing between rounds, or while the team plays lines.
    pub(crate) fn note_role(
        &mut self,
        team: u32,
        role: Role,
        (from, to): (Option<String>, Option<&str>),
        (now, by): (Moment, &str),
    ) -> Result<(), Problem> {
        let Ok(played) = self.playing(team) else { return Ok(()) };
        if played.ticket.is_some() {
            return Ok(());
        }
        played.may_command()?;
        played.may_act()?;
        let text = match (&from, to) {
            (None, Some(to)) => format!("{to} is {}", role.name()),
            (Some(from), Some(to)) => format!("{to} is {}, in place of {from}", role.name()),
            (_, None) => format!("{by} is {} no longer", role.name()),
        };
        let played = self.for_team(team).played_mut(team)?;
        if role == Role::Commander {
            let to = to.map(str::to_owned);
            played.commands.push(taken(from, to, now.story_s));
        }
        played.tell(now, "role", text, Some(by));
        Ok(())
    }
}

/// Command that somebody took, or put down, without an offer.
pub(crate) fn taken(from: Option<String>, to: Option<String>, story_s: f64) -> Command {
    Command { from, to, taken_story_s: Some(story_s), ..Command::default() }
}

impl Played {
    fn may_command(&self) -> Result<(), Problem> {
        if self.ticket.is_some() {
            return Err(conflict("Your team plays lines of support: who has the ticket decides."));
        }
        if self.commands.len() < COMMANDS_MAX {
            return Ok(());
        }
        Err(full(format!("Command changes hands at most {COMMANDS_MAX} times in a round.")))
    }

    /// Proposes a remedy to the commander.
    pub(crate) fn propose(
        &mut self,
        remedy: Remedy,
        expected: Option<Expected>,
        now: Moment,
        by: &str,
    ) -> Result<Proposal, Problem> {
        self.may_act()?;
        room_for(self.proposals.len())?;
        let open = |one: &Proposal| one.decided.is_none() && one.remedy == remedy;
        if let Some(known) = self.proposals.iter().find(|one| open(one)) {
            return Err(conflict(format!("{} has proposed that already, as {}.", known.by, known.id)));
        }
        let (id, by, proposed_story_s) = (self.number('r'), by.to_owned(), now.story_s);
        self.tell(now, "remedy", format!("proposed: {remedy}"), Some(&by));
        let proposal = Proposal { id, remedy, expected, by, proposed_story_s, decided: None };
        self.proposals.push(proposal.clone());
        Ok(proposal)
    }

    /// Decides a proposal: with `is_go` its remedy begins, otherwise it is not to be done now.
    pub(crate) fn decide(
        &mut self,
        id: &str,
        is_go: bool,
        (now, before): (Moment, Option<f64>),
        by: &str,
    ) -> Result<(Proposal, Option<Pending>), Problem> {
        let proposal = self.proposals.iter_mut().find(|one| one.id == id);
        let proposal = proposal.ok_or_else(|| not_found("There is no such proposal."))?;
        if let Some(Decided { by, .. }) = &proposal.decided {
            return Err(conflict(format!("{by} has decided that already.")));
        }
        proposal.decided = Some(Decided { is_go, by: by.to_owned(), story_s: now.story_s });
        let proposal = proposal.clone();
        let Proposal { remedy, expected, by: proposer, .. } = proposal.clone();
        let said = if is_go { "go" } else { "not now" };
        self.tell(now, "remedy", format!("{said}: {remedy}, as {proposer} proposed"), Some(by));
        if !is_go {
            return Ok((proposal, None));
        }
        let pending = self.begin(remedy, expected, (now, before), &proposer)?;
        Ok((proposal, Some(pending)))
    }
}

pub(crate) fn only_people() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "The team's token holds no role; people take theirs.")
}

/// Who holds which role in a team.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Roles)]
pub struct RolesView {
    pub holders: Vec<HolderView>,
    /// Everybody of the team.
    pub people: Vec<SeatView>,
    /// Command that waits to be accepted.
    pub offer: Option<OfferView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Holder)]
pub struct HolderView {
    pub role: Role,
    pub seat: u32,
    pub alias: String,
    /// Whether they have been silent for so long that others may take the role.
    pub away: bool,
}

/// Command that is or was offered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Offer)]
pub struct OfferView {
    pub from: Option<String>,
    pub to: Option<String>,
    pub to_seat: Option<u32>,
    /// What the next commander has to know.
    pub words: Option<String>,
    /// When it was offered.
    pub story: Option<String>,
}

/// A remedy that was proposed to the commander.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Proposal)]
pub struct ProposalView {
    /// `r` and a number.
    pub id: String,
    pub remedy: String,
    pub by: String,
    /// When it was proposed.
    pub story: String,
    pub expected: Option<Expected>,
    /// Whether it got the go; null: not decided yet.
    pub go: Option<bool>,
    pub decided_by: Option<String>,
}

/// A repair to argue for, or the one that was.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = More)]
pub struct MoreView {
    /// What can be repaired; empty once one was chosen.
    pub repairs: Vec<RepairView>,
    pub chosen: Option<&'static str>,
    /// What was expected of it, and why.
    pub expected: Option<Expected>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Repair)]
pub struct RepairView {
    pub id: String,
    pub title: &'static str,
    pub means: &'static str,
}

pub(crate) fn roles_view(session: &Session, number: u32, played: &Played) -> RolesView {
    let now = Instant::now();
    let holder = |role: Role| {
        let seat = session.holder(number, role)?;
        Some(HolderView { role, seat: seat.id, alias: seat.alias.clone(), away: session.is_away(seat, now) })
    };
    let offered = played.commands.last().filter(|last| last.taken_story_s.is_none());
    RolesView {
        holders: Role::ALL.into_iter().filter_map(holder).collect(),
        people: session.seated(number).map(SeatView::of).collect(),
        offer: offered.filter(|_| session.is_under_way()).map(offer_view),
    }
}

pub(crate) fn offer_view(command: &Command) -> OfferView {
    OfferView {
        from: command.from.clone(),
        to: command.to.clone(),
        to_seat: command.to_seat,
        words: command.words.clone(),
        story: command.offered_story_s.map(story_time),
    }
}

pub(crate) fn proposal_view(one: &Proposal) -> ProposalView {
    ProposalView {
        id: one.id.clone(),
        remedy: one.remedy.to_string(),
        by: one.by.clone(),
        story: story_time(one.proposed_story_s),
        expected: one.expected.clone(),
        go: one.decided.as_ref().map(|decided| decided.is_go),
        decided_by: one.decided.as_ref().map(|decided| decided.by.clone()),
    }
}

/// The repairs that a team can argue for, with ids that contain no internal name.
pub(crate) fn repairs() -> Vec<(String, Choice)> {
    CHOICES.into_iter().map(|choice| (id_of(choice.fault.description()), choice)).collect()
}

/// The further task for a team that has finished early; none before that.
pub(crate) fn more_view(played: &Played, round: Option<&Round>) -> Option<MoreView> {
    let chosen = played.repair.as_deref().filter(|_| played.argued.is_some());
    let chosen = CHOICES.into_iter().find(|choice| Some(choice.fault.name()) == chosen);
    let offered =
        |(id, choice): (String, Choice)| RepairView { id, title: choice.title, means: choice.means };
    (chosen.is_some() || played.may_argue(round)).then(|| MoreView {
        repairs: if chosen.is_some() { Vec::new() } else { repairs().into_iter().map(offered).collect() },
        chosen: chosen.map(|choice| choice.title),
        expected: played.repair_expected.clone().filter(|_| played.argued.is_some()),
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use incident::Service;

    use super::*;
    use crate::{rate_limits::Client, seats::Newcomer};

    const RESTART: Remedy = Remedy::Restart { service: Service::Cache };

    fn at(at_s: f64) -> Moment {
        Moment { at_s, story_s: at_s * 15.0 }
    }

    /// A team of three in a round that counts, and the numbers of their seats.
    fn three() -> (Session, [u32; 3]) {
        let mut session = Session::new(3, 1, &BTreeSet::new());
        let mut change = Change::of(&mut session);
        let seats = ["Ada", "Bo", "Cy"].map(|alias| {
            let client = Client::new(Ipv4Addr::LOCALHOST.into());
            let newcomer = Newcomer { team: 1, alias: alias.to_owned(), client, shown: None };
            change.join(newcomer, Instant::now()).unwrap().seat.id
        });
        change.begin_round(1);
        (session, seats)
    }

    #[tokio::test(start_paused = true)]
    async fn a_role_is_held_by_one_and_taken_over_from_who_is_away() {
        let (mut session, [ada, bo, cy]) = three();
        let mut change = Change::of(&mut session);
        let now = || (Instant::now(), at(60.0));
        assert!(change.whose_go(1, Who::Seat(bo)).is_none(), "without a commander everybody acts");
        change.take_role(1, ada, Role::Commander, now()).unwrap();
        change.take_role(1, bo, Role::Deputy, now()).unwrap();
        assert_eq!(change.whose_go(1, Who::Seat(cy)).map(|seat| seat.id), Some(ada));
        assert_eq!(change.whose_go(1, Who::Program(1)).map(|seat| seat.id), Some(ada));
        assert!(change.whose_go(1, Who::Seat(bo)).is_none(), "the deputy decides in their place");
        assert!(change.take_role(1, cy, Role::Commander, now()).unwrap_err().detail().contains("Ada"));
        assert!(change.take_role(1, ada, Role::Deputy, now()).is_err());
        assert!(change.put_down_role(1, cy, Role::Scribe, at(61.0)).is_err());
        tokio::time::advance(AWAY_FROM).await;
        change.hear(bo, Instant::now());
        change.take_role(1, cy, Role::Commander, now()).unwrap();
        assert!(change.take_role(1, cy, Role::Deputy, now()).is_err(), "Bo is here");
        // The deputy takes command without waiting, and is deputy no longer.
        change.hear(cy, Instant::now());
        change.take_role(1, bo, Role::Commander, now()).unwrap();
        assert!(change.holder(1, Role::Deputy).is_none());
        let ways = |change: &Change<'_>| -> Vec<(Option<String>, Option<String>)> {
            let commands = &change.played(1).unwrap().commands;
            commands.iter().map(|one| (one.from.clone(), one.to.clone())).collect()
        };
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(
            ways(&change),
            [(None, named("Ada")), (named("Ada"), named("Cy")), (named("Cy"), named("Bo"))]
        );
        // A removed seat gives up its role.
        change.take_away(bo, None).unwrap();
        assert!(change.whose_go(1, Who::Seat(cy)).is_none());
    }

    #[tokio::test]
    async fn command_is_offered_and_accepted_and_an_offer_alone_changes_nothing() {
        let (mut session, [ada, bo, cy]) = three();
        let mut change = Change::of(&mut session);
        change.take_role(1, ada, Role::Commander, (Instant::now(), at(10.0))).unwrap();
        let words = || "The cache hangs; next we roll back.".to_owned();
        assert!(change.offer_command(1, (bo, cy), words(), at(20.0)).is_err());
        assert!(change.offer_command(1, (ada, ada), words(), at(20.0)).is_err());
        change.offer_command(1, (ada, bo), words(), at(20.0)).unwrap();
        assert!(change.accept_command(1, cy, at(21.0)).is_err(), "it was not offered to Cy");
        assert_eq!(change.holder(1, Role::Commander).map(|seat| seat.id), Some(ada));
        // A later offer takes the place of an earlier one.
        change.offer_command(1, (ada, cy), words(), at(30.0)).unwrap();
        assert!(change.accept_command(1, bo, at(31.0)).is_err());
        let taken = change.accept_command(1, cy, at(40.0)).unwrap();
        assert_eq!((taken.offered_story_s, taken.taken_story_s), (Some(450.0), Some(600.0)));
        assert_eq!(change.holder(1, Role::Commander).map(|seat| seat.id), Some(cy));
        assert!(change.accept_command(1, cy, at(41.0)).is_err(), "once");
        for _ in change.played(1).unwrap().commands.len()..COMMANDS_MAX {
            change.offer_command(1, (cy, ada), words(), at(50.0)).unwrap();
        }
        let refused = change.offer_command(1, (cy, ada), words(), at(51.0)).unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn a_proposal_begins_with_the_go_and_is_decided_once() {
        let mut one = Played::new(1, incident::Level::Logs, incident::OperatingModel::YouBuildIt);
        let proposed = one.propose(RESTART, None, at(60.0), "Cy").unwrap();
        assert!(one.pending.is_none() && one.expectations.is_empty());
        assert!(one.propose(RESTART, None, at(61.0), "Bo").unwrap_err().detail().contains("Cy"));
        let (_, none) = one.decide(&proposed.id, false, (at(62.0), None), "Ada").unwrap();
        assert!(none.is_none() && one.decide(&proposed.id, true, (at(63.0), None), "Ada").is_err());
        let again = one.propose(RESTART, None, at(64.0), "Bo").unwrap();
        let (decided, pending) = one.decide(&again.id, true, (at(70.0), Some(0.1)), "Ada").unwrap();
        assert_eq!((pending.unwrap().by.as_str(), decided.decided.unwrap().by.as_str()), ("Bo", "Ada"));
        assert_eq!(one.expectations[0].before, Some(0.1));
    }
}
