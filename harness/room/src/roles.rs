//! Roles of an incident, for teams that want them: who commands, who stands by, who writes down, who speaks to those outside. Teaches that a
//! decision needs somebody to make it, and that command passes from one to another in words that both have heard.
//!
//! **Who.** People take free roles themselves; nobody has to. One person may hold several, but nobody is commander and deputy at once. A role
//! of somebody who has gone silent (`AWAY_FROM`) may be taken by others, and the deputy may take command at any time. **What it means.** In
//! a team with a commander, whoever else wants a remedy proposes it ([`Proposal`]), and the commander or the deputy gives the go: so the team
//! does one thing at a time, and knows who decided. The scribe writes what the team decides into its log. Whoever holds communications is
//! shown what is asked from outside; anybody may answer in their place. **Command** is handed over by an offer, with what the next commander
//! has to know, and by accepting it: each is kept with its time. Where a team plays lines of support, the ticket says who acts, and roles rest.

use std::{collections::BTreeSet, time::Duration};

use chassis::Problem;
use http::StatusCode;
use incident::Remedy;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::{
    limits::{COMMANDS_MAX, full},
    played::{Expected, Moment, Pending, Played},
    rate_limits::Who,
    session::{Phase, Seat, Session, conflict, not_found},
    state::Change,
    work::room_for,
};

/// From so long a silence on somebody is away: a page that is open is heard every second while the clock runs.
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

/// Roles that one person holds.
pub type Roles = BTreeSet<Role>;

/// Command that went from one to another, or was offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// None: nobody had it.
    pub from: Option<String>,
    /// None: whoever had it put it down.
    pub to: Option<String>,
    /// The seat that it is offered to.
    pub to_seat: Option<u32>,
    /// What was said with the offer; none: it was taken without one.
    pub words: Option<String>,
    /// In story seconds.
    pub offered_story_s: Option<f64>,
    /// When it was taken or put down, in story seconds; none: the offer was not accepted.
    pub taken_story_s: Option<f64>,
}

/// A remedy that somebody wants, and the commander's go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// `r` and a number.
    pub id: String,
    pub remedy: Remedy,
    pub expected: Option<Expected>,
    pub by: String,
    pub proposed_story_s: f64,
    pub decided: Option<Decided>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    pub is_go: bool,
    pub by: String,
    pub story_s: f64,
}

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
    /// Whether somebody has gone silent. Pages are heard while the clock runs; between rounds nobody is away.
    pub fn is_away(&self, seat: &Seat, now: Instant) -> bool {
        let is_silent = seat.last_heard.is_none_or(|heard| now.duration_since(heard) >= AWAY_FROM);
        self.phase == Phase::Running && is_silent
    }

    /// Who holds a role in a team.
    pub fn holder(&self, team: u32, role: Role) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.team == Some(team) && seat.roles.contains(&role))
    }

    /// The commander whose go somebody needs; none: they may act themselves.
    pub fn whose_go(&self, team: u32, who: Who) -> Option<&Seat> {
        let plays_lines = self.played(team).is_some_and(|played| played.ticket.is_some());
        let decides = |seat: &Seat| {
            let is_own = matches!(who, Who::Seat(id) if id == seat.id);
            is_own && (seat.roles.contains(&Role::Commander) || seat.roles.contains(&Role::Deputy))
        };
        let is_decider = self.seats.iter().any(|seat| seat.team == Some(team) && decides(seat));
        self.holder(team, Role::Commander).filter(|_| !plays_lines && !is_decider)
    }

    fn seated(&self, team: u32, id: u32) -> Result<&Seat, Problem> {
        let found = self.seats.iter().find(|seat| seat.id == id && seat.team == Some(team) && !seat.waiting);
        found.ok_or_else(|| not_found("There is no such person in your team."))
    }

    /// Gives a role to one seat of a team, and takes it from whoever else has it.
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
        let seat = self.seated(team, id)?.clone();
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

    /// Puts a role down; nobody has it then.
    pub(crate) fn put_down_role(
        &mut self,
        team: u32,
        id: u32,
        role: Role,
        now: Moment,
    ) -> Result<(), Problem> {
        let seat = self.seated(team, id)?.clone();
        if !seat.roles.contains(&role) {
            return Err(conflict(format!("You are not {}.", role.name())));
        }
        self.note_role(team, role, (Some(seat.alias.clone()), None), (now, &seat.alias))?;
        for seat in self.for_team(team).seats.iter_mut().filter(|seat| seat.id == id) {
            seat.roles.remove(&role);
        }
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
        let (from, to) = (self.seated(team, from)?.clone(), self.seated(team, to)?.clone());
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
        let alias = self.seated(team, id)?.alias.clone();
        let command = self.work(team, |played| {
            let offered = played.commands.last_mut().filter(|last| last.is_offered_to(id));
            let offered = offered.ok_or_else(|| conflict("Nobody offers you command."))?;
            offered.taken_story_s = Some(now.story_s);
            let offered = offered.clone();
            played.tell(now, "role", format!("{alias} has command"), Some(&alias));
            Ok(offered)
        })?;
        self.for_team(team).give(team, id, Role::Commander);
        Ok(command)
    }

    /// Notes in the round who has a role from now on; nothing between rounds, and where the team plays lines.
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
            played.commands.push(Command::taken(from, to, now.story_s));
        }
        played.tell(now, "role", text, Some(by));
        Ok(())
    }
}

impl Command {
    pub(crate) fn taken(from: Option<String>, to: Option<String>, story_s: f64) -> Self {
        let taken_story_s = Some(story_s);
        Self { from, to, to_seat: None, words: None, offered_story_s: None, taken_story_s }
    }

    /// Whether it waits for this seat to accept it.
    pub fn is_offered_to(&self, seat: u32) -> bool {
        self.to_seat == Some(seat) && self.taken_story_s.is_none()
    }
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

    /// Gives a proposal the go, and it begins; or says that it is not to be done now.
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
        // The deputy need not wait, and is none afterwards.
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
        // Who leaves takes the role along.
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
