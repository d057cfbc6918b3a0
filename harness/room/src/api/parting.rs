//! What a participant takes home and leaves behind, once the answers are open: two actions, their own file, and two answers about the
//! session, without a name.

use ::debrief::session::{ACTIONS, take_home_page};
use axum::{Json, response::Response};
use chassis::{Blocking, Problem};
use http::StatusCode;
use jiff::civil::Date;
use report::session::{Action, Feedback};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    debrief::{opened, unreadable},
    desk::wrong,
    request::{Body, DONE, Done},
    take_home::{download, stem},
};
use crate::{
    access::Member,
    debrief::rounds::recorded,
    limits::{ACTION_CHARACTERS_MAX, OWNER_CHARACTERS_MAX, REMARK_CHARACTERS_MAX},
    roles::only_people,
    room::Room,
    session::{Purpose, Seat, Session},
    texts,
};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(parting, note)).routes(routes!(feedback)).routes(routes!(file))
}

/// What you take home and leave behind.
#[derive(Debug, Serialize, ToSchema)]
struct Parting {
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
struct ActionNoted {
    /// 1 to 160 characters, in one line.
    text: String,
    /// 1 to 40 characters; null: nobody yet.
    owner: Option<String>,
    /// A date as in 2026-03-31; null: none yet.
    due: Option<String>,
}

/// What you mean to do at home, and whether you have answered
#[utoipa::path(get, path = "/api/team/parting", responses((status = 200, body = Parting)))]
async fn parting(member: Member) -> Result<Json<Parting>, Problem> {
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
struct Noting {
    actions: Vec<ActionNoted>,
}

/// Notes what you mean to do at home, in place of what you noted before
#[utoipa::path(put, path = "/api/team/parting", request_body = Noting)]
async fn note(member: Member, Body(Noting { actions }): Body<Noting>) -> Done {
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
            return Err(wrong("due", "Write the date as in 2026-03-31.".to_owned()));
        }
        Ok(Action { text, owner: line("owner", owner)?, due: line("due", due)? })
    };
    let actions = actions.into_iter().map(noted).collect::<Result<Vec<_>, Problem>>()?;
    member.room.change(|session| session.note_actions(id, &actions))?;
    DONE
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Saying {
    /// Whether you learned something new.
    learned: bool,
    /// Whether you would come again.
    again: bool,
    /// One line of your own, 1 to 200 characters; null: none.
    words: Option<String>,
}

/// Says what you think of the session, once and without a name
#[utoipa::path(post, path = "/api/team/feedback", request_body = Saying)]
async fn feedback(member: Member, Body(Saying { learned, again, words }): Body<Saying>) -> Done {
    opened(&member.room)?;
    let id = member.own_seat()?.id;
    let words = words.map(|words| texts::line("words", &words, REMARK_CHARACTERS_MAX)).transpose()?;
    member.room.change(|session| session.give_feedback(id, Feedback { learned, again, words }))?;
    DONE
}

/// Your own file to take home: timeline, actions, and a checklist for your system
///
/// One page that loads nothing and needs no room.
#[utoipa::path(get, path = "/api/team/debrief/take-home.html", responses((status = 200, content_type = "text/html")))]
async fn file(member: Member) -> Result<Response, Problem> {
    opened(&member.room)?;
    let seat = member.own_seat().ok();
    let Member { room, team, .. } = member;
    let work = move || {
        let session = room.read(Session::clone);
        let records = room.debrief().records(&room, &session);
        let report = recorded(&session, &records).map_err(|error| unreadable(&error))?;
        let (person, actions) = seat.map_or_else(Default::default, |seat| (Some(seat.alias), seat.actions));
        let page = take_home_page(&report, team, person.as_deref(), &actions)
            .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        let name = format!("{}-take-home.html", stem(team, &session.team(team)?.name));
        Ok(download("text/html; charset=utf-8", &name, page))
    };
    Blocking::Pool.run(work).await
}

impl Member {
    /// The seat of whoever asks, whole.
    fn own_seat(&self) -> Result<Seat, Problem> {
        let id = self.seat()?;
        let own = self.room.read(|session| session.seats.iter().find(|seat| seat.id == id).cloned());
        own.ok_or_else(only_people)
    }
}
