//! Finding something in a session: a team, what it does, the round. Teaches that whoever looks for what is not there is told
//! so in words.

use chassis::Problem;

use crate::session::{Assigned, Phase, Played, Round, Session, Team, conflict, no_team};

impl Session {
    /// The team of this number.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn team(&self, number: u32) -> Result<&Team, Problem> {
        self.teams.iter().find(|team| team.number == number).ok_or_else(|| no_team(number))
    }

    /// The team of this number, to be changed.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn team_mut(&mut self, number: u32) -> Result<&mut Team, Problem> {
        self.teams.iter_mut().find(|team| team.number == number).ok_or_else(|| no_team(number))
    }

    /// What a team does in the round that is under way, or did in the last.
    pub fn played(&self, number: u32) -> Option<&Played> {
        let current = self.current?;
        self.team(number).ok()?.played.iter().find(|played| played.round == current)
    }

    /// The same, to be changed.
    ///
    /// # Errors
    ///
    /// When no round is under way.
    pub fn playing(&mut self, number: u32) -> Result<&mut Played, Problem> {
        if !matches!(self.phase, Phase::Running | Phase::Paused) {
            return Err(conflict("No round is under way."));
        }
        self.played_mut(number)
    }

    /// The same, whether the round is under way or not.
    ///
    /// # Errors
    ///
    /// When no round has begun.
    pub fn played_mut(&mut self, number: u32) -> Result<&mut Played, Problem> {
        let current = self.current.ok_or_else(|| conflict("No round has begun."))?;
        let team = self.team_mut(number)?;
        let played = team.played.iter_mut().find(|played| played.round == current);
        played.ok_or_else(|| conflict("This team does not play this round."))
    }

    /// The round that is under way, or was last.
    pub fn round(&self) -> Option<&Round> {
        self.plan.get(self.current?)
    }

    /// What a team was given in the current round.
    pub fn assigned(&self, number: u32) -> Option<&Assigned> {
        self.round()?.assigned.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The place of the round that comes next.
    pub fn next_round(&self) -> Option<usize> {
        let next = self.current.map_or(0, |current| current + 1);
        (next < self.plan.len()).then_some(next)
    }
}
