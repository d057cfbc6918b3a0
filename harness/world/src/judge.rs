//! What a customer makes of a page. Teaches that availability is judged outside the shop, by what arrives.

use http::StatusCode;
use incident::Route;
use memchr::memmem;
use web_front::{Part, parts};

/// How a visit went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// The whole page came.
    Served,
    /// The page came without some part of it.
    Degraded,
    /// An error came, or nothing while the customer waited.
    Failed,
}

/// Judges an answer: a customer sees a page and its parts, not a status line.
pub fn judge(route: Route, status: StatusCode, page: &[u8]) -> Visit {
    if status != StatusCode::OK {
        return Visit::Failed;
    }
    missing(route, page).fold(Visit::Served, |visit, part| {
        if part.needed || visit == Visit::Failed { Visit::Failed } else { Visit::Degraded }
    })
}

/// The parts of a whole page that are not on this one.
pub fn missing(route: Route, page: &[u8]) -> impl Iterator<Item = &'static Part> {
    let is_there =
        |part: &Part| memmem::find(page, format!("data-part=\"{}\"", part.name).as_bytes()).is_some();
    parts(route).iter().filter(move |part| !is_there(part))
}
