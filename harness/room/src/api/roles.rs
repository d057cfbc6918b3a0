//! Roles in an incident, which nobody has to take: taking and putting down roles, handing over command, the commander's go, and the scribe's lines
//! in the log. While a team plays lines of support, the ticket decides who acts, and roles have no effect.

use chassis::Problem;
use incident::EventKind;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};

use super::{
    request::{Answer, DONE, Done, Json, Path, done},
    team::Text,
};
use crate::{
    access::Member,
    played::Moment,
    roles::{Command, OfferView, ProposalView, Role, offer_view, only_people, proposal_view},
    session::{Seat, conflict, forbidden},
    texts,
};

#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct OfRole {
    role: Role,
}

/// Takes a role that is free, or whose holder has been silent for a minute; the deputy may take command at any time
#[utoipa::path(put, path = "/api/team/roles/{role}", params(OfRole))]
pub(super) async fn take(member: Member, Path(OfRole { role }): Path<OfRole>) -> Done {
    let (seat, now) = (member.seat()?, (Instant::now(), member.moment()));
    member.room.change(|session| session.take_role(member.team, seat, role, now)).map(done)
}

/// Puts a role down; nobody holds it then
#[utoipa::path(delete, path = "/api/team/roles/{role}", params(OfRole))]
pub(super) async fn put_down(member: Member, Path(OfRole { role }): Path<OfRole>) -> Done {
    let (seat, now) = (member.seat()?, member.moment());
    member.room.change(|session| session.put_down_role(member.team, seat, role, now)).map(done)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Offering {
    /// The seat of somebody of your team: `people` under `roles` of your state lists them.
    to: u32,
    /// What the next commander has to know: 1 to 500 characters.
    words: String,
}

/// Offers command to somebody of the team; you have it until they accept
#[utoipa::path(post, path = "/api/team/command/offer", responses((status = 200, body = OfferView)))]
pub(super) async fn offer(member: Member, Json(Offering { to, words }): Json<Offering>) -> Answer<OfferView> {
    let (seat, words) = (member.seat()?, texts::text("words", &words)?);
    let now = member.team_world()?.now();
    let made = member.room.change(|session| session.offer_command(member.team, (seat, to), words, now))?;
    Ok(Json(offer_view(&made)))
}

/// Accepts the command that was offered to you
#[utoipa::path(post, path = "/api/team/command/accept", responses((status = 200, body = OfferView)))]
pub(super) async fn accept(member: Member) -> Answer<OfferView> {
    let (seat, now) = (member.seat()?, member.team_world()?.now());
    let taken: Command = member.room.change(|session| session.accept_command(member.team, seat, now))?;
    if let (Some(from), Some(to)) = (&taken.from, &taken.to) {
        member.note(EventKind::Note { text: format!("command went from {from} to {to}") });
    }
    Ok(Json(offer_view(&taken)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Deciding {
    /// Whether it begins now; false: it is not to be done.
    go: bool,
}

/// Gives a proposed remedy the go, or says that it is not to be done now: the commander or the deputy, or anybody where nobody commands
#[utoipa::path(post, path = "/api/team/proposals/{id}", responses((status = 200, body = ProposalView)))]
pub(super) async fn decide(
    member: Member,
    Path(id): Path<String>,
    Json(Deciding { go }): Json<Deciding>,
) -> Answer<ProposalView> {
    member.may_decide()?;
    let before = member.team_world()?.figures().availability;
    let (decided, _) = member.work(|played, now| played.decide(&id, go, (now, before), &member.alias))?;
    Ok(Json(proposal_view(&decided)))
}

/// Writes a line into the team's log: the scribe does
#[utoipa::path(post, path = "/api/team/notes")]
pub(super) async fn note(member: Member, Json(Text { text }): Json<Text>) -> Done {
    let text = texts::text("text", &text)?;
    let seat = member.seat()?;
    let scribe = member.room.read(|session| session.holder(member.team, Role::Scribe).map(|one| one.id));
    if scribe != Some(seat) {
        return Err(conflict("The scribe writes the log; take that role first."));
    }
    member.work(|played, now| {
        played.may_act()?;
        played.tell(now, "note", &text, Some(&member.alias));
        Ok(())
    })?;
    member.note(EventKind::Note { text: format!("the scribe: {text}") });
    DONE
}

impl Member {
    /// The seat of a person; a program has none.
    pub(super) fn seat(&self) -> Result<u32, Problem> {
        self.who.seat().ok_or_else(only_people)
    }

    /// The current moment of the team's world; zero if it has none, as nothing is timed then.
    pub(super) fn moment(&self) -> Moment {
        self.room.team_world(self.team).map(|team_world| team_world.now()).unwrap_or_default()
    }

    /// Refuses members who need somebody else's go.
    fn may_decide(&self) -> Result<(), Problem> {
        self.room.read(|session| match session.whose_go(self.team, self.who) {
            None => Ok(()),
            Some(Seat { alias, .. }) => {
                Err(forbidden(format!("{alias} commands: they or the deputy give the go.")))
            }
        })
    }
}
