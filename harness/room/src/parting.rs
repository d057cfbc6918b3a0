//! What participants take along and leave behind once the answers are open: two actions of their own, and what they think of the session.
//! Teaches that an answer is anonymous only if neither its place nor its time tells who gave it: answers are kept in the order of the alphabet.

use chassis::Problem;
use debrief::session::ACTIONS;
use report::session::{Action, Feedback};

use crate::{
    limits::{FEEDBACK_MAX, full},
    session::{Seat, Session, conflict, not_found},
    state::Change,
};

impl Change<'_> {
    /// Notes what somebody means to do at home, in place of what they noted before.
    pub(crate) fn note_actions(&mut self, seat: u32, actions: &[Action]) -> Result<(), Problem> {
        if actions.len() > ACTIONS {
            return Err(conflict(format!(
                "Choose {ACTIONS} actions: more are a list that nobody works off."
            )));
        }
        own_seat(self.for_desk(), seat)?.actions = actions.to_vec();
        Ok(())
    }

    /// Takes down what somebody thinks of the session, once.
    pub(crate) fn give_feedback(&mut self, seat: u32, feedback: Feedback) -> Result<(), Problem> {
        if self.feedback.len() >= FEEDBACK_MAX {
            return Err(full(format!("A session keeps at most {FEEDBACK_MAX} answers.")));
        }
        let session = self.for_desk();
        let own = own_seat(session, seat)?;
        if own.has_said {
            return Err(conflict(
                "You have answered already; an answer without a name cannot be found again.",
            ));
        }
        own.has_said = true;
        let all = &mut session.feedback;
        let place = all.partition_point(|other| *other <= feedback);
        all.insert(place, feedback);
        Ok(())
    }
}

fn own_seat(session: &mut Session, id: u32) -> Result<&mut Seat, Problem> {
    session.seats.iter_mut().find(|seat| seat.id == id).ok_or_else(|| not_found("There is no such seat."))
}
