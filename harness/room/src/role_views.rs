//! What a team sees of its roles, of what waits for a go, and of what there is to do for who is early.

use debrief::session::{CHOICES, Choice};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::{
    catalogue::id_of,
    played::{Expected, Played},
    roles::{Command, Proposal, Role},
    session::{Round, Session},
    views::{SeatView, seat_views, story_time},
};

/// Who holds which role in a team.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Roles)]
pub struct RolesView {
    pub holders: Vec<HolderView>,
    /// Everybody of the team.
    pub people: Vec<SeatView>,
    /// Command that waits to be accepted.
    pub offer: Option<OfferView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Holder)]
pub struct HolderView {
    pub role: Role,
    pub seat: u32,
    pub alias: String,
    /// Whether they have been silent for so long that others may take the role.
    pub away: bool,
}

/// Command that is or was offered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Offer)]
pub struct OfferView {
    pub from: Option<String>,
    pub to: Option<String>,
    pub to_seat: Option<u32>,
    /// What the next commander has to know.
    pub words: Option<String>,
    /// When it was offered.
    pub story: Option<String>,
}

/// A remedy that was proposed to the commander.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Proposal)]
pub struct ProposalView {
    /// `r` and a number.
    pub id: String,
    pub remedy: String,
    pub by: String,
    /// When it was proposed.
    pub story: String,
    pub expected: Option<Expected>,
    /// Whether it got the go; null: not decided yet.
    pub go: Option<bool>,
    pub decided_by: Option<String>,
}

/// A repair to argue for, or the one that was.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = More)]
pub struct MoreView {
    /// What can be repaired; empty once one was chosen.
    pub repairs: Vec<RepairView>,
    pub chosen: Option<&'static str>,
    /// What was expected of it, and why.
    pub expected: Option<Expected>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Repair)]
pub struct RepairView {
    pub id: String,
    pub title: &'static str,
    pub means: &'static str,
}

pub(crate) fn roles_view(session: &Session, number: u32, played: Option<&Played>) -> RolesView {
    let now = Instant::now();
    let holder = |role: Role| {
        let seat = session.holder(number, role)?;
        Some(HolderView { role, seat: seat.id, alias: seat.alias.clone(), away: session.is_away(seat, now) })
    };
    let offered =
        played.and_then(|played| played.commands.last()).filter(|last| last.taken_story_s.is_none());
    RolesView {
        holders: Role::ALL.into_iter().filter_map(holder).collect(),
        people: seat_views(session, number).into_iter().filter(|seat| !seat.waiting).collect(),
        offer: offered.filter(|_| session.is_under_way()).map(offer_view),
    }
}

pub(crate) fn offer_view(command: &Command) -> OfferView {
    OfferView {
        from: command.from.clone(),
        to: command.to.clone(),
        to_seat: command.to_seat,
        words: command.words.clone(),
        story: command.offered_story_s.map(story_time),
    }
}

pub(crate) fn proposal_view(one: &Proposal) -> ProposalView {
    ProposalView {
        id: one.id.clone(),
        remedy: one.remedy.to_string(),
        by: one.by.clone(),
        story: story_time(one.proposed_story_s),
        expected: one.expected.clone(),
        go: one.decided.as_ref().map(|decided| decided.is_go),
        decided_by: one.decided.as_ref().map(|decided| decided.by.clone()),
    }
}

/// The repairs that can be argued for, by ids that name nothing of the program.
pub(crate) fn repairs() -> Vec<(String, Choice)> {
    CHOICES.into_iter().map(|choice| (id_of(choice.fault.description()), choice)).collect()
}

/// What a team that is early may do besides; none: nothing, yet.
pub(crate) fn more_view(played: &Played, round: Option<&Round>) -> Option<MoreView> {
    let chosen = played.repair.as_deref().filter(|_| played.argued.is_some());
    let chosen = CHOICES.into_iter().find(|choice| Some(choice.fault.name()) == chosen);
    let offered =
        |(id, choice): (String, Choice)| RepairView { id, title: choice.title, means: choice.means };
    (chosen.is_some() || played.may_argue(round)).then(|| MoreView {
        repairs: if chosen.is_some() { Vec::new() } else { repairs().into_iter().map(offered).collect() },
        chosen: chosen.map(|choice| choice.title),
        expected: played.repair_expected.clone().filter(|_| played.argued.is_some()),
    })
}
