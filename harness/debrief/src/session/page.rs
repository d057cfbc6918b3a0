//! The page of a session's debrief, for a team, the desk and the projector. It opens with the teams' results; then come the incidents, each in
//! the steps of the facilitator's guide. Every step is folded until its turn, so that nobody reads the answer while others still tell what they saw.

use askama::Template;
use incident::ContributingFactor;
use report::session::{Fact, HelpKind, Mark, SessionReport};

use super::{
    Reader, charts, command,
    explanation::{self, Explained},
    facts::Facts,
    handovers,
    model::Model,
    repair::{self, CHOICES, Repair},
    replay,
    round::{self, Round},
    stamp, summary, updates,
};
use crate::{chart::Chart, figures};

#[derive(Template)]
#[template(path = "session-debrief.html")]
pub(super) struct DebriefPage<'a> {
    session: &'a SessionReport,
    /// The team; none on the page of all teams.
    team: Option<u32>,
    reader: Reader,
    /// The address of its files and of its news.
    base: String,
    /// The rounds shown in full: all, or the team's own.
    own: Vec<&'a Round<'a>>,
    incidents: Vec<IncidentPart<'a>>,
}

/// One incident.
#[derive(Template)]
#[template(path = "session-incident.html")]
struct IncidentPart<'a> {
    number: usize,
    session: &'a SessionReport,
    reader: Reader,
    is_of_team: bool,
    first: &'a Round<'a>,
    /// The rounds shown in full, poorest telemetry on top.
    own: Vec<&'a Round<'a>>,
    /// On a team's page, other teams' rounds of the same incident, without names.
    others: Vec<&'a Round<'a>>,
}

impl<'a> DebriefPage<'a> {
    /// The page of a team, or of all teams. A team's page does not name other teams.
    pub(super) fn of(
        session: &'a SessionReport,
        all: &'a [Round<'a>],
        team: Option<u32>,
        reader: Reader,
    ) -> Self {
        let own: Vec<&Round<'_>> =
            all.iter().filter(|round| team.is_none_or(|team| round.team == team)).collect();
        let mut scored: Vec<&Round<'_>> = own.iter().copied().filter(|round| !round.is_practice).collect();
        // Incidents are numbered in the order in which teams first met them.
        scored.sort_by_key(|round| (round.number, round.team));
        let mut incidents: Vec<IncidentPart<'a>> = Vec::new();
        for first in scored {
            if let Some(met) = incidents.iter_mut().find(|met| met.first.is_same_incident(first)) {
                met.own.push(first);
                continue;
            }
            let is_other = |other: &&Round<'_>| {
                team.is_some_and(|team| other.team != team)
                    && !other.is_practice
                    && other.is_same_incident(first)
            };
            let mut others: Vec<&Round<'_>> = all.iter().filter(is_other).collect();
            others.sort_by_key(|other| other.level);
            incidents.push(IncidentPart {
                number: incidents.len() + 1,
                session,
                reader,
                is_of_team: team.is_some(),
                first,
                own: vec![first],
                others,
            });
        }
        for part in &mut incidents {
            part.own.sort_by_key(|round| (round.level, round.number, round.team));
            part.first = part.own[0];
        }
        Self { session, team, reader, base: reader.files_of(team), own, incidents }
    }

    fn team_name(&self) -> Option<String> {
        let team = self.team?;
        let name = self.session.teams.iter().find(|(number, _)| *number == team);
        Some(name.map_or_else(|| format!("Team {team}"), |(_, name)| name.clone()))
    }

    /// The stamp of this page. While the news report the same stamp, the page is up to date.
    fn stamp(&self) -> String {
        stamp(&self.session.progress, self.own.iter().filter(|round| round.repair.is_some()).count())
    }

    fn practice(&self) -> Option<Chart> {
        let practice: Vec<&Round<'_>> = self.own.iter().copied().filter(|round| round.is_practice).collect();
        (!practice.is_empty()).then(|| charts::of(&practice, &[], self.team.is_some()))
    }

    /// The feedback in counts, for the facilitator only. None before the first feedback.
    fn said(&self) -> Option<String> {
        let all = &self.session.feedback;
        let (of, learned) = (all.len(), all.iter().filter(|one| one.learned).count());
        let again = all.iter().filter(|one| one.again).count();
        (self.is_for_facilitator() && of > 0)
            .then(|| format!("{learned} of {of} learned something new, {again} of {of} would come again"))
    }

    fn words(&self) -> Vec<&str> {
        self.session.feedback.iter().filter_map(|one| one.words.as_deref()).collect()
    }

    /// The rounds that nobody attended.
    fn absent(&self) -> String {
        let absent = &self.session.absent;
        let named = absent.iter().map(|(_, name, number)| format!("{name}, {}", round::named(*number)));
        named.collect::<Vec<_>>().join("; ")
    }

    fn is_for_facilitator(&self) -> bool {
        self.team.is_none() && self.reader.is_facilitator
    }
}

impl IncidentPart<'_> {
    fn finding(&self) -> String {
        if self.is_of_team { summary::title(self.first) } else { summary::finding(&self.own) }
    }

    fn is_partial(&self) -> bool {
        self.own.iter().any(|round| !round.played.complete)
    }

    /// The moments of this incident that the facilitator marked, with their story seconds.
    fn moments(&self) -> Vec<(f64, &Mark)> {
        let marks = self.session.marks.iter().filter_map(|mark| {
            let round = self.own.iter().find(|round| round.place == mark.round)?;
            Some((round.played.run.story.story_s(mark.story.parse().ok()?), mark))
        });
        marks.collect()
    }

    fn has_help(&self) -> bool {
        self.own.iter().any(|round| !round.help.is_empty())
    }

    /// Questions to the teams: the team, the question, the answer. Status updates have a table of their own.
    fn asked(&self) -> Vec<[String; 3]> {
        let given =
            |answer: &Option<String>| answer.clone().unwrap_or_else(|| "No answer was given.".to_owned());
        let asked = |round: &&Round<'_>| {
            let early =
                round.question.clone().map(|question| [round.name.clone(), question, given(&round.answer)]);
            let outside = round.questions.iter().filter(|asked| asked.due_story_s.is_none()).map(|asked| {
                let took =
                    asked.answered_story_s.map(|at_s| round.minutes_between(asked.asked_story_s, at_s));
                let took = took.map_or_else(String::new, |took| format!(" (after {took})"));
                let text = format!("{}: {}", asked.voice.words(), asked.text);
                [round.name.clone(), text, format!("{}{took}", given(&asked.answer))]
            });
            outside.chain(early).collect::<Vec<_>>()
        };
        self.own.iter().flat_map(asked).collect()
    }

    fn facts(&self) -> Vec<Facts> {
        if self.is_of_team {
            self.own.iter().filter_map(|round| Facts::of_team(round)).collect()
        } else {
            Facts::of_all(&self.own).into_iter().collect()
        }
    }

    fn repairs(&self) -> Vec<Repair<'_>> {
        let own = self.own.iter().filter(|_| self.is_of_team);
        own.filter_map(|round| Repair::of(round, !self.reader.is_facilitator)).collect()
    }

    /// The explanation with each round's claims; on the page of all teams, the truth alone.
    fn explained(&self) -> Vec<Explained<'_>> {
        let shown = if self.is_of_team { &self.own[..] } else { &self.own[..1] };
        shown.iter().map(|round| Explained::of(round, self.is_of_team)).collect()
    }

    /// The model responder, once for each level that a team had.
    fn models(&self) -> Vec<Model> {
        let model = |level| Model::of(self.own.iter().find(|round| round.level == level)?);
        charts::levels(&self.own).into_iter().filter_map(model).collect()
    }

    /// The contributing factors: either the latent faults, which the shop's code has on purpose, or all others.
    fn factors(&self, is_latent: bool) -> Vec<ContributingFactor> {
        let factor = |fact: &Fact| if let Fact::Factor(factor) = fact { Some(*factor) } else { None };
        let factors = self.first.facts.iter().filter_map(|claimed| factor(&claimed.fact));
        factors.filter(|it| ContributingFactor::LATENT_FAULTS.contains(it) == is_latent).collect()
    }
}
