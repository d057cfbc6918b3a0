//! Seats: how people take one, wait for one, and lose one. Teaches that a list which strangers can make longer needs three rules: how many entries
//! one of them may take, what happens to unused entries, and who may remove them.
//!
//! **Joining again.** A browser has one seat: joining again replaces it. **Joining late.** While a round is under way, somebody who joins a team
//! that has people waits until the team or the facilitator lets them in. Until then they see nothing. **Unused seats.** A seat gives way only when
//! a seat is needed: a never used one after half a minute, a used one after ten silent minutes.

use std::time::Duration;

use chassis::Problem;
use tokio::time::Instant;

use crate::{
    access::{code, is_same, token},
    changes::count_people,
    invitations::Invitation,
    limits::{DESKS_MAX, SEATS_PER_CLIENT_MAX, SEATS_PER_TEAM_MAX},
    rate_limits::Client,
    session::{Seat, Session, conflict, not_found},
    state::Change,
};

/// How long a never used seat is kept: a page that opens after joining sends a request at once.
const UNUSED_KEPT: Duration = Duration::from_secs(30);

/// How long a used seat is kept while it is silent: a phone sleeps while its owner talks.
const SILENT_KEPT: Duration = Duration::from_secs(600);

/// Somebody who wants a seat.
#[derive(Debug)]
pub struct Newcomer<'a> {
    pub team: u32,
    pub alias: String,
    pub client: Client,
    /// The token of an older seat of the same browser, if there is one.
    pub shown: Option<&'a str>,
}

#[derive(Debug)]
pub struct Taken {
    pub seat: Seat,
    /// The numbers of the seats that it replaces.
    pub gone: Vec<u32>,
}

impl Seat {
    pub(crate) fn hear(&mut self, now: Instant) {
        (self.last_heard, self.used) = (Some(now), true);
    }

    fn gives_way(&self, now: Instant) -> bool {
        let kept = if self.used { SILENT_KEPT } else { UNUSED_KEPT };
        self.last_heard.is_some_and(|heard| now.duration_since(heard) >= kept)
    }
}

impl Change<'_> {
    /// Seats somebody at a team; refused if joining is closed or no seat is left.
    pub fn join(&mut self, newcomer: Newcomer<'_>, now: Instant) -> Result<Taken, Problem> {
        let gone = self.given_up_for(&newcomer, now)?;
        let Newcomer { team, alias, client, shown } = newcomer;
        let old = self.old_seat(shown);
        let stays = old.is_some_and(|seat| seat.team == Some(team));
        let mut others = self.seats.iter().filter(|seat| seat.team == Some(team) && !gone.contains(&seat.id));
        let has_people = others.any(|seat| !seat.waiting);
        let was_let_in = stays && old.is_some_and(|seat| !seat.waiting);
        let waiting = self.is_under_way() && has_people && !was_let_in;
        let left = old.and_then(|seat| seat.team);
        // Somebody who joins again keeps the actions that they noted, and gives feedback only once.
        let (actions, has_said) =
            old.map_or_else(Default::default, |seat| (seat.actions.clone(), seat.has_said));
        let new = self.new_seat(Some(team), alias, now);
        let seat = Seat { waiting, client: Some(client), actions, has_said, ..new };
        if let Some(left) = left {
            self.for_team(left);
        }
        let seats = &mut self.for_team(team).seats;
        seats.retain(|seat| !gone.contains(&seat.id));
        seats.push(seat.clone());
        count_people(self.for_team(team), team);
        Ok(Taken { seat, gone })
    }

    /// The numbers of the seats that a newcomer's seat replaces. Refuses the newcomer if joining is closed or no seat is left.
    pub fn given_up_for(&self, newcomer: &Newcomer<'_>, now: Instant) -> Result<Vec<u32>, Problem> {
        let Newcomer { team, client, shown, .. } = *newcomer;
        self.team(team)?;
        let old = self.old_seat(shown);
        let (old_id, stays) = (old.map(|seat| seat.id), old.is_some_and(|seat| seat.team == Some(team)));
        if self.joining_closed && !stays {
            return Err(conflict("The facilitator has closed joining."));
        }
        let others: Vec<&Seat> =
            self.seats.iter().filter(|seat| seat.team == Some(team) && Some(seat.id) != old_id).collect();
        let near: Vec<&Seat> = others.iter().copied().filter(|seat| seat.client == Some(client)).collect();
        let (crowded, refused) = if near.len() >= SEATS_PER_CLIENT_MAX {
            let from = "from your device, or others that share its address, are all in use";
            (
                near,
                format!(
                    "The {SEATS_PER_CLIENT_MAX} seats of this team {from}. The facilitator can free some."
                ),
            )
        } else if others.len() >= SEATS_PER_TEAM_MAX {
            (others, format!("The team is full: {SEATS_PER_TEAM_MAX} seats are in use."))
        } else {
            return Ok(Vec::from_iter(old_id));
        };
        let one = crowded.iter().find(|seat| seat.gives_way(now)).ok_or_else(|| conflict(refused))?;
        Ok(old_id.into_iter().chain([one.id]).collect())
    }

    /// The seat that a browser has already.
    fn old_seat(&self, shown: Option<&str>) -> Option<&Seat> {
        let own =
            |seat: &&Seat| seat.team.is_some() && shown.is_some_and(|shown| is_same(&seat.token, shown));
        self.seats.iter().find(own)
    }

    /// Seats the facilitator, or an invited person. If they have too many browsers, the oldest gives way.
    pub fn sign_in(&mut self, invitation: Option<&Invitation>, now: Instant) -> Taken {
        let (name, id) = invitation.map_or(("facilitator", None), |one| (one.name.as_str(), Some(one.id)));
        let is_theirs = |seat: &&Seat| seat.team.is_none() && seat.invitation == id;
        let desks = self.seats.iter().filter(is_theirs).map(|seat| seat.id);
        let gone: Vec<u32> = desks.clone().take((desks.count() + 1).saturating_sub(DESKS_MAX)).collect();
        let seat = Seat { invitation: id, ..self.new_seat(None, name.to_owned(), now) };
        let seats = &mut self.for_desk().seats;
        seats.retain(|seat| !gone.contains(&seat.id));
        seats.push(seat.clone());
        Taken { seat, gone }
    }

    fn new_seat(&self, team: Option<u32>, alias: String, now: Instant) -> Seat {
        let id = self.seats.iter().map(|seat| seat.id).max().unwrap_or_default() + 1;
        Seat { id, team, alias, token: token(), last_heard: Some(now), ..Seat::default() }
    }

    /// Removes the seats of these tokens, and returns them.
    pub(crate) fn leave(&mut self, shown: &[String]) -> Vec<Seat> {
        let is_shown = |seat: &Seat| shown.iter().any(|shown| is_same(&seat.token, shown));
        let gone: Vec<Seat> = self.seats.iter().filter(|seat| is_shown(seat)).cloned().collect();
        for seat in &gone {
            let session = if let Some(team) = seat.team { self.for_team(team) } else { self.for_desk() };
            session.seats.retain(|other| other.id != seat.id);
            seat.team.into_iter().for_each(|team| count_people(session, team));
        }
        gone
    }

    pub(crate) fn hear(&mut self, id: u32, now: Instant) {
        if let Some(seat) = self.for_next_tick().seats.iter_mut().find(|seat| seat.id == id) {
            seat.hear(now);
        }
    }

    /// Lets a waiting person in. `of` is the team that does so; none for the facilitator. Returns the person's team.
    pub(crate) fn let_in(&mut self, id: u32, of: Option<u32>) -> Result<u32, Problem> {
        let waits = |seat: &&Seat| seat.id == id && seat.waiting && of.is_none_or(|of| seat.team == Some(of));
        let team = self.seats.iter().find(waits).and_then(|seat| seat.team);
        let team = team.ok_or_else(|| not_found("Nobody waits there."))?;
        let seats = self.for_team(team).seats.iter_mut();
        seats.filter(|seat| seat.id == id).for_each(|seat| seat.waiting = false);
        count_people(self.for_team(team), team);
        Ok(team)
    }

    /// Removes a seat; a team (`of`) removes only seats that still wait. The holder of any other seat knew the team's token, so it is renewed.
    /// Returns the seat's team.
    pub(crate) fn take_away(&mut self, id: u32, of: Option<u32>) -> Result<u32, Problem> {
        let is_meant = |seat: &Seat| match of {
            Some(of) => seat.team == Some(of) && seat.waiting,
            None => seat.team.is_some(),
        };
        let seat = self.seats.iter().find(|seat| seat.id == id && is_meant(seat));
        let seat = seat.ok_or_else(|| not_found("There is no such seat."))?;
        let (team, waiting) = (seat.team.unwrap_or_default(), seat.waiting);
        if !waiting {
            self.renew_token(team)?;
        }
        self.for_team(team).seats.retain(|seat| seat.id != id);
        count_people(self.for_team(team), team);
        Ok(team)
    }

    /// Gives a team a new token; programs with the old one are refused.
    pub(crate) fn renew_token(&mut self, team: u32) -> Result<(), Problem> {
        self.team(team)?;
        self.for_team(team).team_mut(team)?.token = token();
        Ok(())
    }

    pub(crate) fn open_joining(&mut self, is_open: bool) {
        self.for_desk().joining_closed = !is_open;
    }

    /// Makes a new code to join with. People who have joined stay.
    pub(crate) fn renew_code(&mut self) {
        self.for_desk().code = code();
    }
}

impl Session {
    /// After a restart: numbers the seats without a number, and counts every seat as heard just now.
    pub(crate) fn seats_again(&mut self, now: Instant) {
        let mut next = self.seats.iter().map(|seat| seat.id).max().unwrap_or_default() + 1;
        for seat in &mut self.seats {
            seat.hear(now);
            if seat.id == 0 {
                (seat.id, next) = (next, next + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::Ipv4Addr};

    use super::*;

    fn client(last: u8) -> Client {
        Client::new(Ipv4Addr::new(10, 0, 0, last).into())
    }

    fn join(session: &mut Session, team: u32, from: u8, shown: Option<&str>) -> Result<Taken, Problem> {
        let newcomer = Newcomer { team, alias: "Kim".to_owned(), client: client(from), shown };
        Change::of(session).join(newcomer, Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_seat_that_nobody_uses_gives_way_when_another_is_needed() {
        let mut session = Session::new(1, 2, &BTreeSet::new());
        let taken: Vec<Seat> =
            (0..SEATS_PER_CLIENT_MAX).map(|_| join(&mut session, 1, 9, None).unwrap().seat).collect();
        assert!(join(&mut session, 1, 9, None).is_err(), "no client takes more than its share");
        assert!(
            join(&mut session, 1, 8, None).is_ok_and(|taken| taken.gone.is_empty()),
            "others have theirs"
        );
        session.seats.iter_mut().find(|seat| seat.id == taken[0].id).unwrap().hear(Instant::now());
        tokio::time::advance(UNUSED_KEPT).await;
        // The first was used; the second is the oldest that was not.
        assert_eq!(join(&mut session, 1, 9, None).unwrap().gone, [taken[1].id]);
        session.seats.iter_mut().for_each(|seat| seat.hear(Instant::now()));
        tokio::time::advance(SILENT_KEPT.checked_sub(Duration::from_secs(1)).unwrap()).await;
        assert!(join(&mut session, 1, 9, None).is_err());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(join(&mut session, 1, 9, None).unwrap().gone, [taken[0].id]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_team_makes_room_only_by_what_nobody_uses() {
        let mut session = Session::new(1, 2, &BTreeSet::new());
        for place in 0..SEATS_PER_TEAM_MAX {
            join(&mut session, 1, u8::try_from(place).unwrap(), None).unwrap();
        }
        session.seats.iter_mut().for_each(|seat| seat.hear(Instant::now()));
        assert!(join(&mut session, 1, 99, None).unwrap_err().detail().contains("full"));
        tokio::time::advance(SILENT_KEPT).await;
        assert_eq!(join(&mut session, 1, 99, None).unwrap().gone.len(), 1);
        assert_eq!(session.seats.iter().filter(|seat| seat.team == Some(1)).count(), SEATS_PER_TEAM_MAX);
    }

    #[tokio::test]
    async fn seats_that_were_kept_have_numbers_again_and_the_desk_remembers_its_newest() {
        let mut session = Session::new(1, 2, &BTreeSet::new());
        for _ in 0..3 {
            join(&mut session, 1, 1, None).unwrap();
        }
        session.seats.iter_mut().for_each(|seat| seat.id = 0);
        session.seats_again(Instant::now());
        assert_eq!(session.seats.iter().map(|seat| seat.id).collect::<Vec<_>>(), [1, 2, 3]);
        let first = Change::of(&mut session).sign_in(None, Instant::now()).seat.id;
        let last =
            (0..DESKS_MAX).map(|_| Change::of(&mut session).sign_in(None, Instant::now())).last().unwrap();
        assert_eq!(last.gone, [first]);
        assert_eq!(session.seats.iter().filter(|seat| seat.team.is_none()).count(), DESKS_MAX);
    }
}
