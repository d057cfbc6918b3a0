//! The pages of the debrief, for people: a team's own, and for the facilitator that of all teams and of each. Teaches that who is not
//! signed in is shown the way, and who comes too early is told so.

use ::debrief::session::{Reader, closed_page, facilitator_page, team_page as page_of_team};
use axum::{
    Router,
    extract::State,
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use chassis::{Blocking, Problem};
use http::StatusCode;

use super::{
    debrief::{CLOSED, DebriefQuery, opened, unreadable},
    request::{InPath, InQuery},
};
use crate::{
    access::{Facilitator, Member},
    debrief::{
        rounds::{compute, recorded},
        state::View,
    },
    room::Room,
    session::Session,
};

/// Where they are.
pub fn router() -> Router<Room> {
    Router::new()
        .route("/team/debrief", get(team_page))
        .route("/desk/debrief", get(desk_page))
        .route("/desk/debrief/teams/{team}", get(desk_team_page))
}

async fn team_page(State(room): State<Room>, member: Result<Member, Problem>) -> Result<Response, Problem> {
    let member = match member {
        Ok(member) => member,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            return Ok(Redirect::to("/").into_response());
        }
        Err(problem) => return Err(problem),
    };
    if opened(&room).is_err() {
        let page = closed_page(CLOSED).map_err(|error| unwritten(&error))?;
        return Ok((StatusCode::CONFLICT, Html(page)).into_response());
    }
    written(&room, View { team: Some(member.team), is_desk: false, anyway: false }).await
}

async fn desk_page(
    State(room): State<Room>,
    facilitator: Result<Facilitator, Problem>,
    InQuery(query): InQuery<DebriefQuery>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = elsewhere(facilitator)? {
        return Ok(elsewhere);
    }
    written(&room, View { team: None, is_desk: true, anyway: query.anyway }).await
}

async fn desk_team_page(
    State(room): State<Room>,
    facilitator: Result<Facilitator, Problem>,
    InPath(team): InPath<u32>,
    InQuery(query): InQuery<DebriefQuery>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = elsewhere(facilitator)? {
        return Ok(elsewhere);
    }
    room.read(|session| session.team(team).map(drop))?;
    written(&room, View { team: Some(team), is_desk: true, anyway: query.anyway }).await
}

/// Where a browser without a seat is sent to sign in.
fn elsewhere(facilitator: Result<Facilitator, Problem>) -> Result<Option<Response>, Problem> {
    match facilitator {
        Ok(_) => Ok(None),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            Ok(Some(Redirect::to("/desk").into_response()))
        }
        Err(problem) => Err(problem),
    }
}

/// A page, made on a thread for work that takes its time.
async fn written(room: &Room, view: View) -> Result<Response, Problem> {
    let room = room.clone();
    let work = move || -> Result<String, Problem> {
        let session = room.read(Session::clone);
        let records = room.debrief().records(&room, &session);
        let mut report = recorded(&session, &records).map_err(|error| unreadable(&error))?;
        let mut results = room.debrief().results(report.is_open);
        compute(&mut report, view, &mut results);
        room.debrief().remember(view, results.jobs());
        let reader = Reader { is_facilitator: view.is_desk, anyway: view.anyway };
        let page = match view.team {
            Some(team) => page_of_team(&report, team, reader),
            None => facilitator_page(&report, reader),
        };
        page.map_err(|error| unwritten(&error))
    };
    Blocking::Pool.run(work).await.map(|page| Html(page).into_response())
}

fn unwritten(error: &impl std::fmt::Display) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("The page cannot be written: {error}"))
}
