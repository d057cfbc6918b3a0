//! Seats: who takes one, who still waits for it, and who loses it. Teaches that a list which strangers may make longer needs three answers:
//! what one of them may take, what becomes of what nobody uses, and who may take it away.
//!
//! **Joining again.** The same browser has one seat: the old one is given up for the new one. **Joining late.** While a round is under way,
//! a team that has people already lets others in itself, or the facilitator does; until then a seat sees nothing. **What nobody uses.** A
//! seat that was never used gives way after half a minute, and one that was not used for long after ten, but only when another is needed.

use std::time::Duration;

use chassis::Problem;
use tokio::time::Instant;

use crate::{
    access::{is_same, token},
    allowance::Client,
    limits::{DESKS_MAX, SEATS_PER_CLIENT_MAX, SEATS_PER_TEAM_MAX},
    session::{Phase, Seat, Session, conflict, not_found},
};

/// How long a seat that nobody has used yet is kept for whoever took it: a page that opens after joining asks at once.
const UNUSED_KEPT: Duration = Duration::from_secs(30);

/// How long a seat is kept for somebody who was here: a phone that sleeps while its owner talks.
const SILENT_KEPT: Duration = Duration::from_secs(600);

/// Somebody who wants a seat.
#[derive(Debug)]
pub struct Newcomer<'a> {
    /// The team.
    pub team: u32,
    /// How to be called.
    pub alias: String,
    /// Where from.
    pub client: Client,
    /// What the same browser shows of an older seat.
    pub shown: Option<&'a str>,
}

/// A seat that was taken.
#[derive(Debug)]
pub struct Taken {
    /// The seat.
    pub seat: Seat,
    /// Seats that were given up for it, by number.
    pub gone: Vec<u32>,
}

impl Seat {
    /// Notes that whoever sits here was heard.
    pub fn hear(&mut self, now: Instant) {
        (self.heard, self.used) = (Some(now), true);
    }

    fn gives_way(&self, now: Instant) -> bool {
        let kept = if self.used { SILENT_KEPT } else { UNUSED_KEPT };
        self.heard.is_some_and(|heard| now.duration_since(heard) >= kept)
    }
}

impl Session {
    /// Seats somebody at a team.
    ///
    /// # Errors
    ///
    /// When there is no such team, joining is closed, or no seat is left.
    pub fn take_seat(&mut self, newcomer: Newcomer<'_>, now: Instant) -> Result<Taken, Problem> {
        let Newcomer { team, alias, client, shown } = newcomer;
        self.team(team)?;
        let own =
            |seat: &&Seat| seat.team.is_some() && shown.is_some_and(|shown| is_same(&seat.token, shown));
        let old = self.seats.iter().find(own).map(|seat| (seat.id, seat.team == Some(team), seat.waiting));
        let (old_id, stays) = (old.map(|(id, ..)| id), old.is_some_and(|(_, stays, _)| stays));
        if self.joining_closed && !stays {
            return Err(conflict("The facilitator has closed joining."));
        }
        let mut gone = Vec::from_iter(old_id);
        let others = |seat: &&Seat| seat.team == Some(team) && Some(seat.id) != old_id;
        let near: Vec<&Seat> =
            self.seats.iter().filter(others).filter(|seat| seat.client == Some(client)).collect();
        if near.len() >= SEATS_PER_CLIENT_MAX {
            let one = near.iter().find(|seat| seat.gives_way(now)).ok_or_else(|| {
                let from = "from your device, or others that share its address, are all in use";
                conflict(format!(
                    "The {SEATS_PER_CLIENT_MAX} seats of this team {from}. The facilitator can free some."
                ))
            })?;
            gone.push(one.id);
        } else if self.seats.iter().filter(others).count() >= SEATS_PER_TEAM_MAX {
            let one = self.seats.iter().filter(others).find(|seat| seat.gives_way(now));
            let one = one.ok_or_else(|| {
                conflict(format!("The team is full: {SEATS_PER_TEAM_MAX} seats are in use."))
            })?;
            gone.push(one.id);
        }
        let is_under_way = matches!(self.phase, Phase::Running | Phase::Paused);
        let has_people =
            self.seats.iter().filter(others).any(|seat| !seat.waiting && !gone.contains(&seat.id));
        let was_let_in = old.is_some_and(|(_, stays, waiting)| stays && !waiting);
        let waiting = is_under_way && has_people && !was_let_in;
        self.seats.retain(|seat| !gone.contains(&seat.id));
        let seat = self.new_seat(Some(team), alias, now);
        let seat = Seat { waiting, client: Some(client), ..seat };
        self.seats.push(seat.clone());
        Ok(Taken { seat, gone })
    }

    /// Seats the facilitator; the oldest browser gives way when there are too many.
    pub fn take_desk(&mut self, now: Instant) -> Taken {
        let desks: Vec<u32> =
            self.seats.iter().filter(|seat| seat.team.is_none()).map(|seat| seat.id).collect();
        let gone: Vec<u32> =
            desks.iter().copied().take((desks.len() + 1).saturating_sub(DESKS_MAX)).collect();
        self.seats.retain(|seat| !gone.contains(&seat.id));
        let seat = self.new_seat(None, "facilitator".to_owned(), now);
        self.seats.push(seat.clone());
        Taken { seat, gone }
    }

    fn new_seat(&self, team: Option<u32>, alias: String, now: Instant) -> Seat {
        let id = self.seats.iter().map(|seat| seat.id).max().unwrap_or_default() + 1;
        Seat { id, team, alias, token: token(), waiting: false, client: None, heard: Some(now), used: false }
    }

    /// Lets somebody in who waits; `of` says the team that does, if it is not the facilitator.
    ///
    /// # Errors
    ///
    /// When nobody waits there.
    pub fn let_in(&mut self, id: u32, of: Option<u32>) -> Result<u32, Problem> {
        let waits = |seat: &&mut Seat| {
            seat.id == id && seat.waiting && seat.team.is_some() && of.is_none_or(|of| seat.team == Some(of))
        };
        let seat = self.seats.iter_mut().find(waits).ok_or_else(|| not_found("Nobody waits there."))?;
        seat.waiting = false;
        Ok(seat.team.unwrap_or_default())
    }

    /// Takes a seat away; a team takes it only from who still waits. Whoever sat there knows the team's token, so that it is made anew.
    ///
    /// # Errors
    ///
    /// When there is no such seat.
    pub fn take_away(&mut self, id: u32, of: Option<u32>) -> Result<u32, Problem> {
        let is_meant = |seat: &Seat| match of {
            Some(of) => seat.team == Some(of) && seat.waiting,
            None => seat.team.is_some(),
        };
        let at = self.seats.iter().position(|seat| seat.id == id && is_meant(seat));
        let seat = self.seats.remove(at.ok_or_else(|| not_found("There is no such seat."))?);
        let team = seat.team.unwrap_or_default();
        if !seat.waiting {
            self.team_mut(team)?.token = token();
        }
        Ok(team)
    }

    /// After a restart: every seat has a number, and counts as heard just now.
    pub(crate) fn seats_again(&mut self, now: Instant) {
        let mut next = self.seats.iter().map(|seat| seat.id).max().unwrap_or_default() + 1;
        for seat in &mut self.seats {
            seat.hear(now);
            if seat.id == 0 {
                (seat.id, next) = (next, next + 1);
            }
        }
    }

    /// Who sits at a team, without those who wait.
    pub fn members(&self, number: u32) -> Vec<String> {
        let seats = self.seats.iter().filter(|seat| seat.team == Some(number) && !seat.waiting);
        seats.map(|seat| seat.alias.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::debrief::sample::Sample;

    fn client(last: u8) -> Client {
        Client::new(Ipv4Addr::new(10, 0, 0, last).into())
    }

    fn join(session: &mut Session, team: u32, from: u8, shown: Option<&str>) -> Result<Taken, Problem> {
        let newcomer = Newcomer { team, alias: "Kim".to_owned(), client: client(from), shown };
        session.take_seat(newcomer, Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_seat_that_nobody_uses_gives_way_when_another_is_needed() {
        let mut session = Sample::new().session;
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
        let mut session = Sample::new().session;
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
        let mut session = Sample::new().session;
        for _ in 0..3 {
            join(&mut session, 1, 1, None).unwrap();
        }
        session.seats.iter_mut().for_each(|seat| seat.id = 0);
        session.seats_again(Instant::now());
        assert_eq!(session.seats.iter().map(|seat| seat.id).collect::<Vec<_>>(), [1, 2, 3]);
        let first = session.take_desk(Instant::now()).seat.id;
        let last = (0..DESKS_MAX).map(|_| session.take_desk(Instant::now())).last().unwrap();
        assert_eq!(last.gone, [first]);
        assert_eq!(session.seats.iter().filter(|seat| seat.team.is_none()).count(), DESKS_MAX);
    }
}
