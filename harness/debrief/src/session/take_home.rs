//! A participant's take-home file, which needs neither the room nor a network. Teaches that a debrief is worth what people do differently
//! afterwards: so it asks for two actions with an owner and a date, and turns this incident into questions to the participant's own system.
//!
//! Typed text stays in the file: a few lines of script write it back into the page, so that the browser saves it.

use askama::Template;
use incident::ContributingFactor::{
    self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling,
};
use report::session::{Action, SessionReport};

use super::{
    charts,
    explanation::{self, Sign},
    replay,
    round::Round,
    summary,
};
use crate::{chart::Chart, figures};

/// The actions of one participant: nobody works through a longer list.
pub const ACTIONS: usize = 2;

#[derive(Template)]
#[template(path = "take-home.html")]
struct TakeHome<'a> {
    team: &'a str,
    person: Option<&'a str>,
    actions: [Action; ACTIONS],
    /// The team's scored rounds. Each comes with all rounds of the same incident, its own first, and with their curves.
    rounds: Vec<(&'a Round<'a>, Vec<&'a Round<'a>>, Chart)>,
}

/// The file of one participant, or of the whole team if `person` is none.
pub fn take_home_page(
    session: &SessionReport,
    team: u32,
    person: Option<&str>,
    actions: &[Action],
) -> Result<String, askama::Error> {
    let all = Round::all(session);
    let scored = || all.iter().filter(|round| !round.is_practice);
    let with_others = |round| {
        let is_other = |other: &&Round<'_>| other.team != team && other.is_same_incident(round);
        let mut others: Vec<&Round<'_>> = scored().filter(is_other).collect();
        others.sort_by_key(|other| other.level);
        let curves = Chart { depth: 3, ..charts::of(&[round], &others, true) };
        others.insert(0, round);
        (round, others, curves)
    };
    let name = session.teams.iter().find(|(number, _)| *number == team);
    let page = TakeHome {
        team: name.map_or("", |(_, name)| name),
        person,
        actions: std::array::from_fn(|place| actions.get(place).cloned().unwrap_or_default()),
        rounds: scored().filter(|round| round.team == team).map(with_others).collect(),
    };
    page.render()
}

/// A link of the chain, and what to ask about it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    factor: ContributingFactor,
    title: &'static str,
    asks: [&'static str; 4],
}

/// In the order of the chain. The answers to each question are yes, no, or *nobody knows*; yes is the good one.
const CHECKLIST: [Link; 4] = [
    Link {
        factor: InvalidRendering,
        title: "Invalid character rendering",
        asks: [
            "If an editor saves a control character, an unpaired surrogate or bytes that are not UTF-8, is the save refused, with the place and the reason?",
            "Is every JSON, HTML, script and XML that you send written by a serializer or an escaping template, and none put together from strings?",
            "Does one bad text cost at most its own part of a page?",
            "Have you published such a text on purpose in a test environment this year?",
        ],
    },
    Link {
        factor: PoorErrorHandling,
        title: "Poor error handling",
        asks: [
            "Does your code tell an error that may pass from one that never will, and try only the first again?",
            "Has every call to another service a time limit, and every repetition a pause that grows and an end?",
            "Is every pool, queue and worker bounded, and does whoever finds no place get an error instead of waiting?",
            "Can no single key, customer or asset take all permits of a shared resource?",
        ],
    },
    Link {
        factor: MissingHealthCheck,
        title: "Missing cache health check",
        asks: [
            "Does each health check, those of caches too, say whether the service can do its work, and not only that its process runs?",
            "Would it turn red if all of its workers were stuck?",
            "Does somebody ask it every few seconds, and go around what is not ready?",
            "Do you know what happens if the check itself is wrong: is a last instance kept in use?",
        ],
    },
    Link {
        factor: InadequateTelemetry,
        title: "Inadequate telemetry",
        asks: [
            "Does an error line name the thing it is about (asset, order, version) and its cause, in fields that can be searched?",
            "Do you alert on what customers fail to do, rather than on processors and memory?",
            "From one failed page, can you reach the request that failed below it within a minute?",
            "Do changes of content and configuration stand in the same place as releases, with who and when?",
        ],
    },
];
