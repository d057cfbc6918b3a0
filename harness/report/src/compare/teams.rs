//! The results of the incident room's teams, beside a comparison. Teaches how little single training sessions can prove: the report shows
//! every round of every team by itself, never a mean, and says what may be concluded.

use std::collections::{BTreeMap, BTreeSet};

use incident::Level;
use serde::{Deserialize, Serialize};

use crate::session::{SessionReport, TeamRound};

/// Teams are people or their programs; a session does not tell which.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Teams {
    pub may_be_concluded: String,
    pub sessions: Vec<TeamSession>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct TeamSession {
    /// The session's folder, as the caller named it.
    pub folder: String,
    /// The scored rounds, poorest telemetry first.
    pub rounds: Vec<TeamDot>,
    /// The number of scored rounds in which the team did nothing: nobody sat there.
    pub idle: usize,
    /// Whether every pair of scenario, level and place in the order occurs equally often, without hints or raised levels.
    pub is_balanced: bool,
}

/// One team in one round. Times are seconds of the story after the loss.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct TeamDot {
    pub team: String,
    pub round: usize,
    pub scenario: String,
    pub seed: u64,
    pub level: Level,
    /// Whether the team got more than its level shows: a hint, or a raised level.
    pub is_helped: bool,
    /// When the round was over. `None` if availability was never lost; then all other times are `None` too.
    pub over_s: Option<f64>,
    /// When the team gave the explanation that counts, right or wrong.
    pub explained_s: Option<f64>,
    pub is_right: bool,
    pub restored_s: Option<f64>,
}

impl Teams {
    pub fn new(sessions: Vec<TeamSession>) -> Self {
        let unbalanced = sessions.iter().filter(|session| !session.is_balanced);
        let unbalanced: Vec<&str> = unbalanced.map(|session| session.folder.as_str()).collect();
        let may_be_concluded = match sessions.len() {
            1 => "one session says nothing about telemetry: who sat in a team, and which incident it met when, explain these dots as well"
                .to_owned(),
            count if unbalanced.is_empty() => format!(
                "each of these {count} sessions is balanced for scenario, level and order. Who planned so may pool them; this report does not"
            ),
            _ => format!(
                "nothing about telemetry. In {} a scenario, level or place in the order was met more often than another, or a team was helped",
                unbalanced.join(", ")
            ),
        };
        Self { may_be_concluded, sessions }
    }
}

impl TeamSession {
    pub fn of(folder: String, session: &SessionReport) -> Self {
        let scored = session.rounds.iter().filter(|round| !round.is_practice);
        let (idle, played): (Vec<_>, Vec<_>) = scored.partition(|round| is_idle(round));
        let mut rounds: Vec<TeamDot> = played.into_iter().map(TeamDot::of).collect();
        rounds.sort_by_key(|dot| dot.level);
        Self { folder, is_balanced: is_balanced(&rounds), rounds, idle: idle.len() }
    }
}

impl TeamDot {
    fn of(round: &TeamRound) -> Self {
        let outcome = &round.played.outcome;
        let after = |at_s: Option<f64>| Some(at_s? - outcome.lost_s?);
        Self {
            team: round.name.clone(),
            round: round.number,
            scenario: round.incident.scenario.clone(),
            seed: round.incident.seed,
            level: round.level,
            is_helped: round.is_helped(),
            over_s: after(Some(round.played.visits.watched.1)),
            explained_s: after(outcome.explained_s),
            is_right: round.played.is_right() == Some(true),
            restored_s: after(outcome.restored_s),
        }
    }

    /// Minutes to the explanation and to the restoration, as text.
    pub fn words(&self) -> [String; 2] {
        let minutes = |seconds: f64| format!("{:.0}", seconds / 60.0);
        let explained = match self.explained_s {
            _ if self.over_s.is_none() => "not lost".to_owned(),
            Some(seconds) if self.is_right => minutes(seconds),
            Some(_) => "not right".to_owned(),
            None => "none".to_owned(),
        };
        let restored = if self.over_s.is_some() { "never" } else { "-" };
        [explained, self.restored_s.map_or(restored.to_owned(), minutes)]
    }
}

fn is_idle(round: &TeamRound) -> bool {
    let is_silent = round.guess.is_none() && round.hypotheses == 0 && round.looks == 0;
    is_silent && round.played.outcome.explained_s.is_none() && round.played.remedies().is_empty()
}

/// Whether every pair of scenario, level and place in the order occurs, all equally often, with at least two levels and without help.
fn is_balanced(rounds: &[TeamDot]) -> bool {
    let key = |dot: &TeamDot, of: usize| match of {
        0 => dot.level.to_string(),
        1 => dot.scenario.clone(),
        _ => dot.round.to_string(),
    };
    let kinds = |of: usize| rounds.iter().map(|dot| key(dot, of)).collect::<BTreeSet<_>>().len();
    let is_even = |(one, other): (usize, usize)| {
        let mut met: BTreeMap<_, usize> = BTreeMap::new();
        for dot in rounds {
            *met.entry((key(dot, one), key(dot, other))).or_default() += 1;
        }
        met.len() == kinds(one) * kinds(other) && met.values().collect::<BTreeSet<_>>().len() == 1
    };
    kinds(0) > 1
        && [(0, 1), (0, 2), (1, 2)].into_iter().all(is_even)
        && rounds.iter().all(|dot| !dot.is_helped)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The room's crossover design: scenarios `A` and `B`, poor and rich telemetry, in both orders.
    fn crossover(teams: usize) -> Vec<TeamDot> {
        let orders = ["Ap Br", "Ar Bp", "Bp Ar", "Br Ap"].into_iter().take(teams);
        let rounds = orders.flat_map(|order| (1..).zip(order.split(' ')));
        let dot = |(round, what): (usize, &str)| TeamDot {
            team: "Team 1".to_owned(),
            round,
            scenario: what[..1].to_owned(),
            seed: 3,
            level: if what.ends_with('p') { Level::Logs } else { Level::Changes },
            is_helped: false,
            over_s: None,
            explained_s: None,
            is_right: false,
            restored_s: None,
        };
        rounds.map(dot).collect()
    }

    #[test]
    fn only_several_balanced_sessions_say_anything() {
        let session = |folder: &str, rounds: Vec<TeamDot>| TeamSession {
            folder: folder.to_owned(),
            is_balanced: is_balanced(&rounds),
            rounds,
            idle: 0,
        };
        let check = |all: &[(&str, Vec<TeamDot>)], says: &str| {
            let sessions = all.iter().map(|(folder, rounds)| session(folder, rounds.clone())).collect();
            let concluded = Teams::new(sessions).may_be_concluded;
            assert!(concluded.contains(says), "{concluded}");
        };
        let mut helped = crossover(4);
        helped[0].is_helped = true;
        let one = ("one", crossover(4));
        check(std::slice::from_ref(&one), "one session says nothing about telemetry");
        check(&[one.clone(), ("two", crossover(4))], "each of these 2 sessions is balanced");
        // With two teams, the scenario is confounded with the place in the order.
        for rounds in [crossover(2), crossover(3), crossover(1), Vec::new(), helped] {
            check(&[one.clone(), ("two", rounds)], "nothing about telemetry. In two a");
        }
    }
}
