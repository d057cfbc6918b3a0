//! Voices from outside the shop: who speaks to teams, what they say, and when the director asks for a status update. Teaches that an incident is
//! also a conversation: people outside ask at the worst moment, and judge a team by how soon it answers.
//!
//! The prepared messages depend only on what customers notice of a scenario ([`Symptom`]), so that no text gives a cause away and none contradicts
//! what a team sees. Complaints of single customers about a page come automatically: see [`complaints`](crate::complaints). A **status update** is
//! a question with a deadline, asked by hand, or by the round's plan while visits fail ([`Updates`]).

pub use report::session::Voice;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use world::scenario::Symptom;

/// When the director asks for status updates, in story minutes: for the first time after the loss, and then again and again, until
/// customers are served.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Updates {
    /// After the loss, from 1 to 300.
    pub first_minutes: f64,
    /// From one to the next, from 10 to 300.
    pub every_minutes: f64,
}

/// The limits of a schedule, in story minutes: updates must not come faster than people can write.
pub const FIRST_MINUTES_RANGE: (f64, f64) = (1.0, 300.0);
pub const EVERY_MINUTES_RANGE: (f64, f64) = (10.0, 300.0);

impl Default for Updates {
    /// At the usual speed: two wall-clock minutes after the loss, and then every four.
    fn default() -> Self {
        Self { first_minutes: 30.0, every_minutes: 60.0 }
    }
}

impl Updates {
    /// When to ask for the next update, in story seconds, after `asked` updates.
    pub fn due_story_s(&self, lost_story_s: f64, asked: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a round has a handful of them")]
        let asked = asked as f64;
        lost_story_s + (self.first_minutes + asked * self.every_minutes) * 60.0
    }
}

/// How long a team has for a status update, in wall-clock seconds: time to agree on three sentences, and to type them.
pub const UPDATE_WITHIN_S: f64 = 90.0;
/// The limits of that time for an update that is asked for by hand.
pub const WITHIN_S_RANGE: (f64, f64) = (30.0, 900.0);

/// The director's request for a status update.
pub const UPDATE: &str = "A status update, please: what do customers meet, what do you know and from what, what do you do next, and when do we \
    hear from you again?";

/// A message that can be sent with one click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Prepared {
    pub id: &'static str,
    pub voice: Voice,
    pub text: &'static str,
    pub kind: MessageKind,
    /// What customers must notice for it to be true; none: anything.
    #[serde(skip)]
    symptom: Option<Symptom>,
}

/// What a team is to do with a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Read it.
    #[default]
    Message,
    /// Answer it; that is timed.
    Question,
    /// Answer it in time.
    Update,
}

impl Prepared {
    pub fn suits(&self, symptom: Symptom) -> bool {
        self.symptom.is_none_or(|wanted| wanted == symptom)
    }
}

const fn prepared(
    id: &'static str,
    voice: Voice,
    kind: MessageKind,
    symptom: Option<Symptom>,
    text: &'static str,
) -> Prepared {
    Prepared { id, voice, text, kind, symptom }
}

/// The prepared messages, and who says them.
#[rustfmt::skip]
pub const PREPARED: [Prepared; 18] = {
    use MessageKind::{Message, Question, Update as Status};
    use Symptom::{EveryPage, Nothing, SomeVisits};
    use Voice::{Customers, Director, Facilitator, HelpDesk, Press};
    [
        prepared("update", Director, Status, None, UPDATE),
        prepared("estimate", Director, Question, None, "When will the shop be back? An estimate, please."),
        prepared("who-decides", Director, Question, None, "Who of you decides, and who tells me when something changes?"),
        prepared("money", Director, Question, Some(EveryPage), "Each minute costs us thousands. Would it help to restart everything at once?"),
        prepared("is-it-bad", Director, Question, Some(SomeVisits), "Some say that it is down, and I can open it. Is it down?"),
        prepared("false-alarm", Director, Question, Some(Nothing), "I was told of an alert. Do I have to tell the board?"),
        prepared("basket", Customers, Message, Some(EveryPage), "On social media: 'Forty cups in my basket, and the shop is gone. Does anybody know another one?'"),
        prepared("charged-twice", Customers, Message, Some(EveryPage), "On social media: 'I have tried to pay four times. If they charge me four times, I am through with them.'"),
        prepared("works-for-me", Customers, Message, Some(SomeVisits), "On social media: 'It works on the third try, so just keep reloading.' Two hundred have liked that."),
        prepared("praise", Customers, Message, Some(Nothing), "On social media: 'Ordered in a minute, as always.'"),
        prepared("journalist", Press, Question, Some(EveryPage), "A journalist is on the line: 'Your shop has been unreachable all morning. Were you attacked, and are customers' data safe?'"),
        prepared("rumour", Press, Question, Some(SomeVisits), "A journalist is on the line: 'Readers tell us that your shop throws them out. How many are affected?'"),
        prepared("trade-press", Press, Message, Some(Nothing), "A trade magazine asks for a picture of the new shop, by noon."),
        prepared("what-to-say", HelpDesk, Question, Some(EveryPage), "The queue has sixty callers. What may we tell them: wait, come back, or order by telephone?"),
        prepared("some-callers", HelpDesk, Question, Some(SomeVisits), "Every third caller says that a page fails, the others notice nothing. What do we tell those who ask?"),
        prepared("calm", HelpDesk, Message, Some(Nothing), "All is calm on the telephone: two forgotten passwords since eight."),
        prepared("volunteer", HelpDesk, Message, None, "A caller who is an engineer herself says that it is always the database, and offers to help."),
        prepared("explain", Facilitator, Message, None, "Half of the time is over. Write down what you can explain already, and pin the evidence."),
    ]
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::limits::TEXT_CHARACTERS_MAX;
    use world::scenario::library;

    #[test]
    fn every_scenario_has_many_voices_and_no_text_gives_anything_away() {
        let ids: BTreeSet<&str> = PREPARED.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), PREPARED.len());
        for scenario in library() {
            let voices: BTreeSet<Voice> =
                PREPARED.iter().filter(|one| one.suits(scenario.symptom)).map(|one| one.voice).collect();
            assert_eq!(voices.len(), 5, "{}", scenario.name);
        }
        for Prepared { text, .. } in PREPARED {
            let lower = text.to_lowercase();
            assert!(text.len() <= TEXT_CHARACTERS_MAX && text.ends_with(['.', '?', '\'']), "{text}");
            for told in ["cache", "content store", "front", "disk", "network", "release", "character"] {
                assert!(!lower.contains(told), "{text}");
            }
        }
    }

    #[test]
    fn updates_come_after_the_loss_and_then_again() {
        let updates = Updates { first_minutes: 20.0, every_minutes: 30.0 };
        for (asked, due_s) in [(0, 1_800.0), (1, 3_600.0), (2, 5_400.0)] {
            assert!((updates.due_story_s(600.0, asked) - due_s).abs() < 1e-9, "{asked}");
        }
    }
}
