//! A rehearsal of one person, who leads it as well. Teaches that a way without a facilitator needs no second machinery: the same round, the
//! same ladder of hints and the same end, behind a door of the person's own.

use chassis::Problem;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::request::{Body, DONE, Done};
use crate::{
    access::Member,
    room::Room,
    session::{Purpose, conflict},
};

/// How long the beginning is counted down, in seconds.
const COUNTED_S: f64 = 5.0;

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(lead))
}

/// What somebody alone does with their round.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// Begins it, after a short countdown.
    Begin,
    Pause,
    Resume,
    /// Gives the next hint of the ladder.
    Hint,
    /// Ends it; the answers open.
    End,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Leading {
    step: Step,
}

/// Leads the round, in a rehearsal alone: there is no facilitator
#[utoipa::path(post, path = "/api/team/lead", request_body = Leading)]
async fn lead(Member { room, team, .. }: Member, Body(Leading { step }): Body<Leading>) -> Done {
    if room.read(|session| session.purpose != Purpose::Solo) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "The facilitator leads this session; ask them."));
    }
    match step {
        Step::Begin => room.start_in(COUNTED_S)?,
        Step::Pause => room.pause(true).await?,
        Step::Resume => room.pause(false).await?,
        Step::Hint if !room.give_hint(team)? => return Err(conflict("There is no further hint.")),
        Step::Hint => {}
        Step::End => room.end(None).await?,
    }
    DONE
}
