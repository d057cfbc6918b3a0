//! What a participant takes home and leaves behind, once the answers are open: two actions, a personal file, and two anonymous answers about the
//! session.

use ::debrief::session::{ACTIONS, take_home_page};
use axum::response::Response;
use chassis::{Blocking, Problem};
use jiff::civil::Date;
use report::session::{Action, Feedback};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    debrief::{opened, reported},
    request::{Answer, Done, Json, done},
    take_home::{download, stem},
};
use crate::{
    access::Member,
    limits::{ACTION_CHARACTERS_MAX, OWNER_CHARACTERS_MAX, REMARK_CHARACTERS_MAX},
    roles::only_people,
    session::{Purpose, Seat, broken, wrong},
    texts,
};

/// What you take home and leave behind.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Parting {
    /// What the session is for: in an example nothing is noted.
    purpose: Purpose,
    /// What you mean to do at home.
    actions: Vec<ActionNoted>,
    /// How many of those there may be.
    actions_max: usize,
    /// Whether you have answered what you think of the session.
    has_said: bool,
    /// Characters of an action, of its owner's name, and of a remark.
    action_characters: usize,
    owner_characters: usize,
    remark_characters: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionNoted {
    /// 1 to 160 characters, in one line.
    text: String,
    /// 1 to 40 characters; null: nobody yet.
    owner: Option<String>,
    /// A date as in 2026-03-31; null: none yet.
    due: Option<String>,
}

/// What you mean to do at home, and whether you have answered
#[utoipa::path(get, path = "/api/team/parting", responses((status = 200, body = Parting)))]
pub(super) async fn parting(member: Member) -> Answer<Parting> {
    opened(&member.room)?;
    let Seat { actions, has_said, .. } = member.own_seat()?;
    let noted = |Action { text, owner, due }| ActionNoted { text, owner, due };
    Ok(Json(Parting {
        purpose: member.room.read(|session| session.purpose),
        actions: actions.into_iter().map(noted).collect(),
        actions_max: ACTIONS,
        has_said,
        action_characters: ACTION_CHARACTERS_MAX,
        owner_characters: OWNER_CHARACTERS_MAX,
        remark_characters: REMARK_CHARACTERS_MAX,
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Noting {
    actions: Vec<ActionNoted>,
}

/// Notes what you mean to do at home, in place of what you noted before
#[utoipa::path(put, path = "/api/team/parting")]
pub(super) async fn note(member: Member, Json(Noting { actions }): Json<Noting>) -> Done {
    opened(&member.room)?;
    let id = member.own_seat()?.id;
    let line = |parameter: &str, text: Option<String>| {
        text.map(|text| texts::line(parameter, &text, OWNER_CHARACTERS_MAX)).transpose()
    };
    let noted = |ActionNoted { text, owner, due }| {
        let text = texts::line("text", &text, ACTION_CHARACTERS_MAX)?;
        if let Some(due) = &due
            && due.parse::<Date>().is_err()
        {
            return Err(wrong("due", "Write the date as in 2026-03-31."));
        }
        Ok(Action { text, owner: line("owner", owner)?, due: line("due", due)? })
    };
    let actions = actions.into_iter().map(noted).collect::<Result<Vec<_>, Problem>>()?;
    member.room.change(|session| session.note_actions(id, &actions)).map(done)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Saying {
    /// Whether you learned something new.
    learned: bool,
    /// Whether you would come again.
    again: bool,
    /// One line of your own, 1 to 200 characters; null: none.
    words: Option<String>,
}

/// Says what you think of the session, once and without a name
#[utoipa::path(post, path = "/api/team/feedback")]
pub(super) async fn feedback(member: Member, Json(Saying { learned, again, words }): Json<Saying>) -> Done {
    opened(&member.room)?;
    let id = member.own_seat()?.id;
    let words = words.map(|words| texts::line("words", &words, REMARK_CHARACTERS_MAX)).transpose()?;
    member.room.change(|session| session.give_feedback(id, Feedback { learned, again, words })).map(done)
}

/// Your own file to take home: timeline, actions, and a checklist for your system
///
/// One page that loads nothing and needs no room.
#[utoipa::path(get, path = "/api/team/debrief/take-home.html", responses((status = 200, content_type = "text/html")))]
pub(super) async fn file(member: Member) -> Result<Response, Problem> {
    opened(&member.room)?;
    let seat = member.own_seat().ok();
    let Member { room, team, .. } = member;
    let work = move || {
        let (session, _, report) = reported(&room)?;
        let (person, actions) = seat.map_or_else(Default::default, |seat| (Some(seat.alias), seat.actions));
        let page = take_home_page(&report, team, person.as_deref(), &actions).map_err(broken)?;
        let name = format!("{}-take-home.html", stem(team, &session.team(team)?.name));
        Ok(download("text/html; charset=utf-8", &name, page))
    };
    Blocking::Pool.run(work).await
}

impl Member {
    /// The member's seat, with all its fields.
    fn own_seat(&self) -> Result<Seat, Problem> {
        let id = self.seat()?;
        let own = self.room.read(|session| session.seats.iter().find(|seat| seat.id == id).cloned());
        own.ok_or_else(only_people)
    }
}
