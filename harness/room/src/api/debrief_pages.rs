//! The pages of the debrief, for people: a team's own, and for the facilitator that of all teams and of each. Teaches to redirect visitors who are
//! not signed in, and to tell visitors who come too early why they see nothing.

use ::debrief::session::{self, closed_page, facilitator_page, team_page as page_of_team};
use axum::{
    Router,
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use chassis::{Blocking, Problem};
use http::StatusCode;

use super::{
    debrief::{DebriefQuery, Reader, reported},
    request::Query,
};
use crate::{
    debrief::{rounds::compute, state::View},
    room::Room,
    session::broken,
};

/// The routes of the pages.
pub fn router() -> Router<Room> {
    Router::new()
        .route("/team/debrief", get(team_page))
        .route("/desk/debrief", get(desk_page))
        .route("/desk/debrief/teams/{team}", get(desk_page))
}

async fn team_page(reader: Result<Reader, Problem>) -> Result<Response, Problem> {
    match reader {
        Ok(Reader { room, view }) => written(room, view).await,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Ok(Redirect::to("/").into_response()),
        Err(problem) if problem.status() == StatusCode::CONFLICT => {
            let page = closed_page(problem.detail()).map_err(|error| unwritten(&error))?;
            Ok((StatusCode::CONFLICT, Html(page)).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn desk_page(
    reader: Result<Reader, Problem>,
    Query(DebriefQuery { anyway }): Query<DebriefQuery>,
) -> Result<Response, Problem> {
    match reader {
        Ok(Reader { room, view }) => written(room, View { anyway, ..view }).await,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            Ok(Redirect::to("/desk").into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// Renders a page on a blocking thread.
async fn written(room: Room, view: View) -> Result<Response, Problem> {
    let work = move || -> Result<String, Problem> {
        let (_, _, mut report) = reported(&room)?;
        let mut results = room.debrief().results(report.is_open);
        compute(&mut report, view, &mut results);
        room.debrief().remember(view, results);
        let reader = session::Reader { is_facilitator: view.is_desk, anyway: view.anyway };
        let page = match view.team {
            Some(team) => page_of_team(&report, team, reader),
            None => facilitator_page(&report, reader),
        };
        page.map_err(|error| unwritten(&error))
    };
    Blocking::Pool.run(work).await.map(|page| Html(page).into_response())
}

fn unwritten(error: &impl std::fmt::Display) -> Problem {
    broken(format!("The page cannot be written: {error}"))
}
