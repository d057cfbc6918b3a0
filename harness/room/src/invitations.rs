//! Invitations to the desk: for a second facilitator, who may do everything, and for a note-taker, who sees everything and marks moments. Teaches
//! to grant a right to a named person with a credential of their own, so that it can be revoked for that person alone.
//!
//! An invitation's token is shown once, to the person who made the invitation. It never appears in an address or a log.

use chassis::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    access::{is_same, token},
    limits::{INVITATIONS_MAX, full},
    session::{Seat, Session, conflict, forbidden, not_found},
    state::Change,
};

/// What somebody at the desk may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rights {
    /// Everything.
    #[default]
    Facilitator,
    /// Sees everything, and marks moments.
    NoteTaker,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    /// From 1.
    pub id: u32,
    /// The name of the invited person.
    pub name: String,
    pub rights: Rights,
    /// The credential to sign in with.
    pub token: String,
}

/// The refusal of a note-taker's request to change anything else.
pub(crate) fn only_notes() -> Problem {
    forbidden("A note-taker reads and marks moments. Ask the facilitator to do this.")
}

impl Session {
    /// The invitation that a token belongs to.
    pub(crate) fn invited(&self, shown: &str) -> Option<&Invitation> {
        self.invitations.iter().find(|one| is_same(&one.token, shown))
    }

    /// The rights of somebody at the desk.
    pub(crate) fn rights_of(&self, seat: &Seat) -> Rights {
        let invitation = self.invitations.iter().find(|one| Some(one.id) == seat.invitation);
        invitation.map_or(Rights::Facilitator, |one| one.rights)
    }
}

impl Change<'_> {
    /// Invites somebody to the desk.
    pub(crate) fn invite(&mut self, name: String, rights: Rights) -> Result<Invitation, Problem> {
        if self.invitations.len() >= INVITATIONS_MAX {
            let detail =
                format!("At most {INVITATIONS_MAX} people are invited. Take an invitation back first.");
            return Err(full(detail));
        }
        if self.invitations.iter().any(|one| one.name == name) {
            return Err(conflict(format!(
                "{name} is invited already. Take that back first, or choose another name."
            )));
        }
        let id = self.invitations.iter().map(|one| one.id).max().unwrap_or_default() + 1;
        let invitation = Invitation { id, name, rights, token: token() };
        self.for_desk().invitations.push(invitation.clone());
        Ok(invitation)
    }

    /// Revokes an invitation, and removes the seats that were taken with it. Returns their numbers.
    pub(crate) fn uninvite(&mut self, id: u32) -> Result<Vec<u32>, Problem> {
        if !self.invitations.iter().any(|one| one.id == id) {
            return Err(not_found("There is no such invitation."));
        }
        let session = self.for_desk();
        session.invitations.retain(|one| one.id != id);
        let (gone, stay) = session.seats.drain(..).partition(|seat| seat.invitation == Some(id));
        session.seats = stay;
        let gone: Vec<Seat> = gone;
        Ok(gone.into_iter().map(|seat| seat.id).collect())
    }
}
