//! The pages of the debrief, for people: a team's own, and for the facilitator that of all teams and of each. Teaches that who is not
//! signed in is shown the way, and who comes too early is told so.

use askama::Template;
use axum::{
    Router,
    extract::State,
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use chassis::{Blocking, Problem};
use http::StatusCode;

use super::{
    debrief::{CLOSED, Wish, lived, opened},
    request::{Asked, At},
};
use crate::{
    access::{Facilitator, Member},
    debrief::{
        Asking, asker::Asker, desk_page::DeskPage, lived::Lived, office::View, sections::replayed::all_spent,
        team_page::TeamPage,
    },
    room::Room,
    session::{Phase, Session},
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
        let page = Closed { why: CLOSED }.render().map_err(|error| unwritten(&error))?;
        return Ok((StatusCode::CONFLICT, Html(page)).into_response());
    }
    one_team(&room, View { team: Some(member.team), is_desk: false, anyway: false }).await
}

async fn desk_page(
    State(room): State<Room>,
    facilitator: Result<Facilitator, Problem>,
    Asked(wish): Asked<Wish>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = elsewhere(facilitator)? {
        return Ok(elsewhere);
    }
    let view = View { team: None, is_desk: true, anyway: wish.anyway };
    written(&room, view, |session, all, asker, asking, is_open| {
        DeskPage::of(session, all, asker, is_open, asking).render()
    })
    .await
}

async fn desk_team_page(
    State(room): State<Room>,
    facilitator: Result<Facilitator, Problem>,
    At(team): At<u32>,
    Asked(wish): Asked<Wish>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = elsewhere(facilitator)? {
        return Ok(elsewhere);
    }
    room.session().team(team)?;
    one_team(&room, View { team: Some(team), is_desk: true, anyway: wish.anyway }).await
}

/// What a team reads that came too early.
#[derive(Template)]
#[template(path = "debrief-closed.html")]
struct Closed {
    why: &'static str,
}

/// Who is not signed in is shown where to.
fn elsewhere(facilitator: Result<Facilitator, Problem>) -> Result<Option<Response>, Problem> {
    match facilitator {
        Ok(_) => Ok(None),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            Ok(Some(Redirect::to("/desk").into_response()))
        }
        Err(problem) => Err(problem),
    }
}

async fn one_team(room: &Room, view: View) -> Result<Response, Problem> {
    let team = view.team.unwrap_or_default();
    written(room, view, move |_, all, asker, asking, _| TeamPage::of(team, all, asker, asking)?.render())
        .await
}

/// A page, made on a thread for work that takes its time.
async fn written(
    room: &Room,
    view: View,
    write: impl FnOnce(&Session, &[Lived<'_>], &Asker<'_>, Asking, bool) -> Result<String, askama::Error>
    + Send
    + 'static,
) -> Result<Response, Problem> {
    let room = room.clone();
    let work = move || -> Result<String, Problem> {
        let session = room.session().clone();
        let records = room.office().records(&room, &session);
        let all = lived(&session, &records)?;
        let is_open = session.phase == Phase::Debrief;
        let asker = room.office().asker(is_open);
        let asking =
            Asking { is_desk: view.is_desk, anyway: view.anyway, shows_all: view.anyway || all_spent(&all) };
        let page = write(&session, &all, &asker, asking, is_open).map_err(|error| unwritten(&error))?;
        room.office().remember(view, asker.jobs());
        Ok(page)
    };
    Blocking::Pool.run(work).await.map(|page| Html(page).into_response())
}

fn unwritten(error: &askama::Error) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("The page cannot be written: {error}"))
}
