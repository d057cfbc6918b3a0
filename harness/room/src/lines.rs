//! Lines of support in a round of *Ops Run It*: who works at which, what each sees, and who works now. Teaches that an organisation decides
//! what its people can know.
//!
//! **When.** A team that begins such a round with two people or more plays lines; a person alone plays one line after the other ([`HANDOVER`]).
//! **Who.** People choose their lines between rounds; `deal` assigns somebody to a line that nobody chose. **What a line sees.** L1: complaints,
//! health, and dashboards that were defined in advance ([`DASHBOARDS`]). L2: all telemetry of the level. L3: the same, or no live telemetry at all,
//! whichever the model responder gets in the same incident. A line sees nothing before it has had the [`ticket`](crate::ticket); from then on it
//! keeps seeing. **Who works.** Only the line that has acknowledged the ticket.

use std::{collections::BTreeSet, time::Duration};

use chassis::Problem;
use diagnosis::operating::Line;
use http::StatusCode;
use incident::OperatingModel;

use crate::{
    evidence_kind::{EvidenceKind, open_at},
    played::Played,
    rate_limits::Who,
    session::{Session, conflict, not_found, wrong},
    state::Change,
};

/// How long a handover takes for a person alone, in story time: writing it up, queueing, picking it up, understanding it. Assumed.
pub const HANDOVER: Duration = Duration::from_secs(20 * 60);

/// From this many people on, a team has one for each line, and nobody works at two.
const ONE_LINE_FROM: usize = Line::ALL.len();

/// The dashboards that were defined in advance: a metric, and the only service whose values they show. Visits, and the web front's requests and
/// load.
pub const DASHBOARDS: [(&str, &str); 3] = [
    ("shop.customer.visits", "customers"),
    ("http.server.request.duration", "web-front"),
    ("http.server.active_requests", "web-front"),
];

/// The lines that somebody works at.
pub type Lines = BTreeSet<Line>;

/// The evidence that somebody may look at now.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// All kinds that the level grants. `kinds` has those of them that the person's lines see.
    granted: Vec<EvidenceKind>,
    pub kinds: Vec<EvidenceKind>,
    /// Whether the [`DASHBOARDS`] are the only metrics that are shown.
    pub only_dashboards: bool,
}

impl Sight {
    /// Whether the level grants this kind. Refuses the request if only another line sees it.
    pub fn has(&self, kind: EvidenceKind) -> Result<bool, Problem> {
        let is_granted = self.granted.contains(&kind);
        if is_granted && !self.kinds.contains(&kind) {
            return Err(forbidden(
                "Your line does not see that; 'tabs' of your state says what it sees. Ask the line that does, or pass the ticket on.",
            ));
        }
        Ok(is_granted)
    }
}

impl Played {
    /// What somebody at these lines may look at; all that the level grants where the team plays no lines.
    pub fn sight(&self, at: Option<&Lines>) -> Sight {
        let granted: Vec<EvidenceKind> = open_at(self.level).collect();
        let (Some(at), Some(ticket)) = (at, &self.ticket) else {
            return Sight { kinds: granted.clone(), granted, only_dashboards: false };
        };
        let open = || at.iter().filter(|line| ticket.is_open_to(**line));
        let sees = |kind: &&EvidenceKind| open().any(|line| ticket.shows(*line, **kind));
        let kinds = granted.iter().filter(sees).copied().collect();
        let is_wide = open().any(|line| *line > Line::First && ticket.shows(*line, EvidenceKind::Metrics));
        Sight { granted, kinds, only_dashboards: !is_wide }
    }

    /// Whether somebody at these lines has had the ticket.
    pub fn is_open_to(&self, at: Option<&Lines>) -> bool {
        let (Some(at), Some(ticket)) = (at, &self.ticket) else { return true };
        at.iter().any(|line| ticket.is_open_to(*line))
    }

    /// Refuses people whose lines have not had the ticket yet.
    pub fn may_see(&self, at: Option<&Lines>) -> Result<(), Problem> {
        if at.is_some_and(Lines::is_empty) && self.ticket.is_some() {
            return Err(no_line());
        }
        if self.is_open_to(at) {
            return Ok(());
        }
        Err(conflict(
            "Your line has no ticket yet. When it comes it stands under 'ticket' of your state: acknowledge it, and your evidence opens.",
        ))
    }

    /// Refuses people whose lines do not have the ticket now.
    pub fn may_work(&self, at: Option<&Lines>) -> Result<(), Problem> {
        let (Some(at), Some(ticket)) = (at, &self.ticket) else { return Ok(()) };
        if at.is_empty() {
            return Err(no_line());
        }
        let name = ticket.line().name();
        match (at.contains(&ticket.line()), ticket.is_queued()) {
            (true, false) => Ok(()),
            (true, true) => Err(conflict("Acknowledge the ticket first, or send it back.")),
            (false, _) => Err(conflict(format!("{name} has the ticket, so {name} acts and writes."))),
        }
    }

    /// The line that a look by somebody at these lines counts for: the line with the ticket if they work there, else their last line that has had
    /// it.
    pub fn looking(&self, at: Option<&Lines>) -> Option<Line> {
        let (at, ticket) = (at?, self.ticket.as_ref()?);
        let last = || at.iter().rfind(|line| ticket.is_open_to(**line)).copied();
        if at.contains(&ticket.line()) { Some(ticket.line()) } else { last() }
    }
}

impl Session {
    /// The lines that somebody works at; no line for a program. None if the team plays lines neither in this round nor, between rounds, in the
    /// next.
    pub fn lines_of(&self, team: u32, who: Who) -> Option<Lines> {
        let plays = self.played(team).is_some_and(|played| played.ticket.is_some());
        let next = self.next_round().filter(|_| !self.is_under_way());
        let will = next.is_some_and(|next| self.plays_lines(team, self.plan[next].operating_model));
        let seat = self.seats.iter().find(|seat| matches!(who, Who::Seat(id) if id == seat.id));
        (plays || will).then(|| seat.map(|seat| seat.lines.clone()).unwrap_or_default())
    }

    /// Whether a team that begins a round now plays lines.
    pub(crate) fn plays_lines(&self, team: u32, model: OperatingModel) -> bool {
        model == OperatingModel::OpsRunIt && self.members(team).len() > 1
    }

    /// Gives each line of a team somebody, and each person a line.
    pub(crate) fn deal_lines(&mut self, team: u32) {
        let seats = self.seats.iter_mut().filter(|seat| seat.team == Some(team) && !seat.waiting);
        deal(&mut seats.map(|seat| &mut seat.lines).collect::<Vec<_>>());
    }
}

/// Assigns lines to people, and keeps their choices where it can. With enough people nobody has two lines. A line without people goes to the person
/// with the fewest lines, and among those with the nearest one. A person without a line joins the line with the fewest people.
fn deal(people: &mut [&mut Lines]) {
    if people.len() >= ONE_LINE_FROM {
        for lines in people.iter_mut() {
            **lines = lines.first().copied().into_iter().collect();
        }
    }
    for line in Line::ALL {
        let distance = |lines: &Lines| lines.iter().map(|own| (*own as i8 - line as i8).abs()).min();
        if !people.iter().any(|lines| lines.contains(&line))
            && let Some(one) = people.iter_mut().min_by_key(|lines| (lines.len(), distance(lines)))
        {
            one.insert(line);
        }
    }
    for place in 0..people.len() {
        if people[place].is_empty() {
            let at = |line: &Line| people.iter().filter(|lines| lines.contains(line)).count();
            let fewest = Line::ALL.into_iter().min_by_key(at);
            people[place].extend(fewest);
        }
    }
}

impl Change<'_> {
    /// Records the lines that somebody chooses to work at from the next round on.
    pub(crate) fn choose_lines(&mut self, team: u32, seat: u32, lines: &Lines) -> Result<(), Problem> {
        if self.is_under_way() {
            return Err(conflict("A round is under way; lines are chosen between rounds."));
        }
        let most = if self.members(team).len() < ONE_LINE_FROM { 2 } else { 1 };
        if lines.len() > most {
            let detail = format!("Choose {most} at most: each line needs somebody.");
            return Err(wrong("lines", detail));
        }
        let mut seats = self.for_team(team).seats.iter_mut();
        let seat = seats.find(|own| own.id == seat).ok_or_else(|| not_found("There is no such seat."))?;
        seat.lines.clone_from(lines);
        Ok(())
    }
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, detail)
}

fn no_line() -> Problem {
    forbidden(
        "In this round people work at lines of support, and the team's token at none. Join as a person does, and show the token of that seat.",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use incident::Level;

    use super::*;
    use diagnosis::operating::ticket::Priority;

    use crate::{
        claims::Evidence,
        debrief::handovers::handovers,
        played::{Look, Moment},
        ticket::{Pass, Reason, Ticket, Written},
    };
    use Line::{First, Second, Third};

    #[test]
    fn each_line_gets_somebody_and_each_person_a_line() {
        let check = |chosen: &[&[Line]], expected: &[&[Line]]| {
            let lines = |all: &[&[Line]]| all.iter().map(|one| one.iter().copied().collect()).collect();
            let (mut people, expected): (Vec<Lines>, Vec<Lines>) = (lines(chosen), lines(expected));
            deal(&mut people.iter_mut().collect::<Vec<_>>());
            assert_eq!(people, expected, "{chosen:?}");
        };
        check(&[&[], &[]], &[&[First], &[Second, Third]]);
        check(&[&[Third], &[]], &[&[Second, Third], &[First]]);
        check(&[&[First, Second], &[Third]], &[&[First, Second], &[Third]]);
        check(&[&[Second], &[], &[]], &[&[Second], &[First], &[Third]]);
        check(&[&[First], &[First], &[First]], &[&[First, Second], &[First, Third], &[First]]);
        check(&[&[First], &[Second, Third], &[]], &[&[First], &[Second], &[Third]]);
        check(&[&[], &[], &[], &[Second]], &[&[First], &[Third], &[First], &[Second]]);
    }

    fn at(story_s: f64) -> Moment {
        Moment { at_s: story_s / 15.0, story_s }
    }

    fn health(service: &str) -> Evidence {
        Evidence {
            source: "health",
            label: format!("{service} health check: 200"),
            text: String::new(),
            when: at(0.0),
            named: BTreeSet::new(),
            services: BTreeSet::new(),
        }
    }

    fn playing(is_blind: bool) -> Played {
        let mut played = Played::new(1, Level::Changes, OperatingModel::OpsRunIt);
        played.ticket = Some(Ticket { is_blind, ..Ticket::default() });
        played
    }

    fn handed_over() -> Written {
        Written::HandedOver { priority: Priority::P1, seen: "no page comes".to_owned(), done: None }
    }

    #[test]
    fn the_next_line_knows_what_the_ticket_brings_along_and_nothing_else() {
        let mut played = playing(false);
        let [one, two, three] = [First, Second, Third].map(|line| Lines::from([line]));
        assert!(played.may_see(Some(&two)).is_err() && played.may_work(Some(&two)).is_err());
        let program = played.may_see(Some(&Lines::new())).unwrap_err();
        assert_eq!(program.status(), StatusCode::FORBIDDEN, "the team's token works at no line");
        let kept = played.pin(health("cache"), at(60.0), "Ada").unwrap().id;
        let given = played.pin(health("web-front"), at(70.0), "Ada").unwrap().id;
        played.add_hypothesis("it is the cache".to_owned(), at(80.0), "Ada").unwrap();
        assert!(played.pass(Some(&two), handed_over(), &[], (at(90.0), "Bo")).is_err(), "it is not theirs");
        let none = ["p99".to_owned()];
        assert!(played.pass(Some(&one), handed_over(), &none, (at(90.0), "Ada")).is_err());
        // L2 sends the ticket back without acknowledging it, and L1 hands it over again with a pin.
        played.pass(Some(&one), handed_over(), &[], (at(90.0), "Ada")).unwrap();
        assert!(
            played.may_work(Some(&one)).is_err() && played.acknowledge(Some(&one), at(95.0), "Ada").is_err()
        );
        let back = Written::SentBack { reason: Reason::MoreDetail, words: None };
        played.pass(Some(&two), back.clone(), &[], (at(100.0), "Bo")).unwrap();
        assert!(played.may_see(Some(&two)).is_err(), "who sent it back unread has seen nothing");
        played.acknowledge(Some(&one), at(110.0), "Ada").unwrap();
        assert!(played.pass(Some(&one), back, &[], (at(111.0), "Ada")).is_err(), "L1 opened it");
        let pass = played.pass(Some(&one), handed_over(), std::slice::from_ref(&given), (at(120.0), "Ada"));
        assert_eq!(pass.unwrap().left.len(), 2);
        played.acknowledge(Some(&two), at(180.0), "Bo").unwrap();
        assert!(played.knows(&given) && !played.knows(&kept));
        assert!(
            played.unpin(&kept).is_err()
                && played
                    .add_claim(
                        crate::claims::About::Path,
                        "so".to_owned(),
                        std::slice::from_ref(&kept),
                        None,
                        &[],
                    )
                    .is_err()
        );
        // L2 repeats the health check, and arrives at the same hypothesis.
        let looked = Look {
            when: at(240.0),
            at: "health".to_owned(),
            query: String::new(),
            named: BTreeSet::new(),
            line: played.looking(Some(&two)),
        };
        assert!(played.look(looked));
        let thought = played.add_hypothesis("the cache hangs".to_owned(), at(300.0), "Bo").unwrap();
        played.pass(Some(&two), handed_over(), &[], (at(360.0), "Bo")).unwrap();
        assert!(played.may_see(Some(&three)).is_err() && played.may_see(Some(&two)).is_ok());
        played.acknowledge(Some(&three), at(400.0), "Cy").unwrap();
        assert_eq!((played.ticket().unwrap().line_at(399.0), played.line()), (Second, Third));
        let told = handovers(&played, |story| Some(if story == "08:05" { 300.0 } else { 60.0 }));
        let ways: Vec<_> =
            told.iter().map(|one| (one.is_sent_back, one.passed_on.len(), one.lost.len())).collect();
        assert_eq!(ways, [(false, 0, 0), (true, 0, 0), (false, 1, 2), (false, 0, 2)]);
        let again: Vec<_> = told[2].lost.iter().map(|lost| lost.again_s).collect();
        assert_eq!(again, [Some(300.0), Some(240.0)], "{:?}", told[2]);
        assert!(
            told[3].lost.iter().all(|lost| lost.again_s.is_none())
                && told[3].lost[0].what.starts_with(&thought.id)
        );
    }

    #[test]
    fn each_line_sees_its_own_evidence_once_it_has_had_the_ticket() {
        let check = |is_blind: bool, line: Line, tabs: &[&str], only_dashboards: bool| {
            let mut played = playing(is_blind);
            let passes = [(First, Second), (Second, Third)].map(|(from, to)| Pass {
                from,
                to,
                by: String::new(),
                story_s: 0.0,
                written: handed_over(),
                attached: BTreeSet::new(),
                left: BTreeSet::new(),
                acknowledged: Some((0.0, String::new())),
            });
            let lines = Some(Lines::from([line]));
            assert_eq!(played.sight(lines.as_ref()).kinds.is_empty(), line > First);
            played.ticket_mut().unwrap().passes = passes.into();
            let sight = played.sight(lines.as_ref());
            let seen: Vec<&str> = sight.kinds.iter().filter_map(|kind| kind.tab()).collect();
            assert_eq!((seen.as_slice(), sight.only_dashboards), (tabs, only_dashboards), "{line:?}");
            assert_eq!(sight.has(EvidenceKind::Logs).is_ok(), tabs.contains(&"logs"));
        };
        let all = ["health", "logs", "metrics", "traces", "changes"];
        check(false, First, &["health", "metrics"], true);
        check(false, Second, &all, false);
        check(false, Third, &all, false);
        check(true, Third, &["health"], true);
    }
}
