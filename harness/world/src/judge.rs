//! What a customer makes of a page. Teaches that availability is judged outside the shop, by what arrives.

use http::StatusCode;
use incident::Route;
use web_front::parts;

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
    let page = String::from_utf8_lossy(page);
    let is_there = |name: &str| page.contains(&format!("data-part=\"{name}\""));
    let missing = || parts(route).iter().filter(|part| !is_there(part.name));
    match (missing().count(), missing().any(|part| part.needed)) {
        (0, _) => Visit::Served,
        (_, false) => Visit::Degraded,
        (_, true) => Visit::Failed,
    }
}
