//! Checks whether a room can have written the session that was read from a file. Teaches that types describe single values, but not whether values
//! fit each other: either this check finds a current round that is not in the plan, or a class does, in the middle of its work.

use std::collections::BTreeSet;

use chassis::token::usable;
use incident::record::SECONDS_MAX;

use crate::{
    limits::CREDENTIAL_BYTES_MAX,
    plan::ROUNDS_MAX,
    played::{Moment, Played},
    room::TEAMS_MAX,
    session::{Assigned, Phase, Round, Session, Team},
};

impl Session {
    /// # Errors
    ///
    /// What does not fit, as a clause: `it has 0 teams`.
    pub fn check(&self) -> Result<(), String> {
        let Self { teams, plan, seats, .. } = self;
        let numbers = teams.iter().map(|team| team.number);
        ensure(
            !teams.is_empty() && teams.len() <= TEAMS_MAX as usize,
            format!("it has {} teams", teams.len()),
        )?;
        ensure(
            numbers.zip(1..).all(|(number, expected)| number == expected),
            "its teams are not numbered from 1",
        )?;
        ensure(plan.len() <= ROUNDS_MAX, format!("it has {} rounds", plan.len()))?;
        for (number, round) in plan.iter().enumerate() {
            round.check(teams.len()).map_err(|why| format!("in round {number} {why}"))?;
        }
        let credentials = [&self.code, &self.facilitator_token].into_iter();
        let credentials = credentials.chain(teams.iter().flat_map(|team| [&team.token, &team.shop_key]));
        for credential in credentials.chain(seats.iter().map(|seat| &seat.token)) {
            let is_one = usable(credential).is_ok_and(|usable| usable.len() <= CREDENTIAL_BYTES_MAX);
            ensure(is_one, "a token is invalid")?;
        }
        // The key is part of addresses.
        let is_plain = |team: &Team| team.shop_key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        ensure(teams.iter().all(is_plain), "a shop's key is invalid")?;
        let is_there = |seat: &Option<u32>| seat.is_none_or(|number| self.team(number).is_ok());
        ensure(
            seats.iter().all(|seat| is_there(&seat.team)),
            "a seat belongs to a team that does not exist",
        )?;
        self.check_current()?;
        teams.iter().try_for_each(|team| {
            let mut rounds = BTreeSet::new();
            let is_new =
                team.played.iter().all(|played| played.round < plan.len() && rounds.insert(played.round));
            ensure(is_new, format!("team {} has played a round that is not planned, or twice", team.number))?;
            team.played.iter().try_for_each(Played::check)
        })
    }

    fn check_current(&self) -> Result<(), String> {
        let Some(current) = self.current else {
            return ensure(self.phase == Phase::Lobby, "no round has begun, and it is beyond the first");
        };
        ensure(current < self.plan.len(), format!("round {current} is not planned"))?;
        let plays = |team: &Team| team.played.iter().any(|played| played.round == current);
        ensure(self.teams.iter().all(plays), format!("not every team plays round {current}"))
    }
}

impl Round {
    fn check(&self, teams: usize) -> Result<(), String> {
        let Self { assigned, speed, minutes, updates, .. } = self;
        ensure(assigned.len() == teams, format!("{} of {teams} teams have something to do", assigned.len()))?;
        // A name from the library, or the name of a file with its text: a path alone would make the room read any file.
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_there = |assigned: &Assigned| assigned.text.is_some() || is_name(&assigned.scenario);
        ensure(assigned.iter().all(is_there), "a scenario's name is invalid")?;
        let updates = updates.iter().flat_map(|updates| [updates.first_minutes, updates.every_minutes]);
        for figure in [*speed, *minutes].into_iter().chain(updates) {
            ensure(
                figure > 0.0 && figure < f64::from(SECONDS_MAX),
                format!("{figure} is neither a time nor a speed"),
            )?;
        }
        Ok(())
    }
}

impl Played {
    fn check(&self) -> Result<(), String> {
        let Moment { at_s, story_s } = self.now;
        let most_s = f64::from(SECONDS_MAX);
        ensure(
            (0.0..most_s).contains(&at_s) && (-most_s..most_s).contains(&story_s),
            format!("its clocks have come to {at_s} and {story_s} seconds"),
        )
    }
}

fn ensure(holds: bool, why: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why.into()) }
}
