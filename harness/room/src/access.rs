//! Who is allowed what. Teaches that a credential is compared in constant time, a cookie alone changes nothing, and whoever guesses is
//! slowed down.
//!
//! A browser shows a cookie (`seat` or `desk`, `HttpOnly`, `SameSite=Strict`); a program shows a bearer token. What a cookie alone could
//! do from a foreign page (cross-site request forgery) is closed twice: by `SameSite`, and by a header that a foreign page cannot send.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use axum::{extract::FromRequestParts, http::request::Parts};
use chassis::{Problem, operator::bearer_token};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rand::RngExt;
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use crate::room::Room;

/// The cookie of somebody in a team, and of the facilitator.
pub const SEAT: &str = "seat";
/// The facilitator's.
pub const DESK: &str = "desk";

/// What every change that comes with a cookie must carry.
pub const REQUESTED_WITH: &str = "x-requested-with";

/// Requests a second that one credential may make on average, and at once: a page with seven tabs, a scrape, and somebody's loop.
pub const REQUESTS_PER_SECOND: f64 = 40.0;
/// Requests at once.
pub const REQUESTS_BURST: f64 = 120.0;

/// Attempts to join or to sign in, from everybody together: a class of two hundred joins within a minute, and a code of six signs of
/// thirty-two lasts for years.
pub const ATTEMPTS_PER_SECOND: f64 = 5.0;
/// Attempts at once.
pub const ATTEMPTS_BURST: f64 = 100.0;

/// Signs of tokens and codes: none that is easily taken for another.
const SIGNS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// Somebody in a team.
#[derive(Clone, Debug)]
pub struct Member {
    /// The team.
    pub team: u32,
    /// How they are called; `program` for who shows the team's token.
    pub alias: String,
}

/// The facilitator.
#[derive(Clone, Copy, Debug)]
pub struct Facilitator;

impl FromRequestParts<Room> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, room: &Room) -> Result<Self, Problem> {
        let shown = shown(&parts.headers, &parts.method, SEAT)?.ok_or_else(nobody)?;
        room.limits().spend(&shown, REQUESTS_PER_SECOND, REQUESTS_BURST)?;
        let session = room.session();
        let seat = session.seats.iter().find(|seat| seat.team.is_some() && is_same(&seat.token, &shown));
        if let Some(seat) = seat {
            return Ok(Self { team: seat.team.unwrap_or_default(), alias: seat.alias.clone() });
        }
        let team = session.teams.iter().find(|team| is_same(&team.token, &shown)).ok_or_else(nobody)?;
        Ok(Self { team: team.number, alias: "program".to_owned() })
    }
}

impl FromRequestParts<Room> for Facilitator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, room: &Room) -> Result<Self, Problem> {
        let shown = shown(&parts.headers, &parts.method, DESK)?.ok_or_else(nobody)?;
        room.limits().spend(&shown, REQUESTS_PER_SECOND, REQUESTS_BURST)?;
        let session = room.session();
        let is_seat = session.seats.iter().any(|seat| seat.team.is_none() && is_same(&seat.token, &shown));
        if is_seat || is_same(&session.facilitator_token, &shown) { Ok(Self) } else { Err(nobody()) }
    }
}

/// The credential that a request shows: a bearer token, or a cookie with what must come along.
fn shown(headers: &HeaderMap, method: &Method, cookie: &str) -> Result<Option<String>, Problem> {
    if headers.contains_key(header::AUTHORIZATION) {
        let token = bearer_token(headers).and_then(|token| str::from_utf8(token).ok());
        return Ok(token.map(|token| token.trim().to_owned()));
    }
    let Some(token) = cookie_of(headers, cookie) else { return Ok(None) };
    let is_safe = matches!(*method, Method::GET | Method::HEAD);
    if !is_safe && !headers.contains_key(REQUESTED_WITH) {
        let detail = "A change needs the header X-Requested-With when it comes with a cookie.";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    Ok(Some(token))
}

/// The value of a cookie.
pub fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// The header that gives a browser a cookie, until it is closed; an empty value takes it away.
pub fn cookie(name: &str, token: &str) -> HeaderValue {
    let ends = if token.is_empty() { "; Max-Age=0" } else { "" };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{ends}");
    HeaderValue::from_str(&text).expect("tokens are letters and digits")
}

/// Compares without telling by its time how much was right.
pub fn is_same(known: &str, shown: &str) -> bool {
    known.as_bytes().ct_eq(shown.as_bytes()).into()
}

/// A token that nobody guesses: 26 signs of 32, 130 bits.
pub fn token() -> String {
    signs(26)
}

/// A code that people can type.
pub fn code() -> String {
    signs(6).to_uppercase()
}

fn signs(count: usize) -> String {
    let mut chance = rand::rng();
    (0..count).map(|_| char::from(SIGNS[chance.random_range(0..SIGNS.len())])).collect()
}

fn nobody() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "Join with the code, or sign in; a program shows its token.")
}

/// How much everybody has asked for lately.
#[derive(Debug, Default)]
pub struct Limits {
    buckets: Mutex<BTreeMap<String, (f64, Option<Instant>)>>,
}

/// Most credentials that are watched at once; above that all are forgotten, which harms nobody but for a second.
const BUCKETS_MAX: usize = 10_000;

impl Limits {
    /// Takes one from what this one may still ask for.
    ///
    /// # Errors
    ///
    /// When nothing is left.
    pub fn spend(&self, who: &str, per_second: f64, burst: f64) -> Result<(), Problem> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(who) {
            buckets.clear();
        }
        let now = Instant::now();
        let (left, last) = buckets.entry(who.to_owned()).or_insert((burst, None));
        let passed_s = last.map_or(0.0, |last| now.duration_since(last).as_secs_f64());
        *left = (*left + passed_s * per_second).min(burst);
        *last = Some(now);
        if *left < 1.0 {
            let detail = "Too many requests; try again in a second.";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail));
        }
        *left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_cookie_alone_changes_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; seat=abc; desk=xyz"));
        assert_eq!(shown(&headers, &Method::GET, SEAT).unwrap().as_deref(), Some("abc"));
        assert_eq!(shown(&headers, &Method::POST, SEAT).unwrap_err().status(), StatusCode::FORBIDDEN);
        headers.insert(REQUESTED_WITH, HeaderValue::from_static("room"));
        assert_eq!(shown(&headers, &Method::POST, DESK).unwrap().as_deref(), Some("xyz"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer t"));
        headers.remove(REQUESTED_WITH);
        assert_eq!(shown(&headers, &Method::POST, SEAT).unwrap().as_deref(), Some("t"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer t"));
        assert_eq!(shown(&headers, &Method::POST, SEAT).unwrap().as_deref(), Some("t"));
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_too_often_waits() {
        let limits = Limits::default();
        assert!((0..5).all(|_| limits.spend("a", 1.0, 5.0).is_ok()));
        assert!(limits.spend("a", 1.0, 5.0).is_err() && limits.spend("b", 1.0, 5.0).is_ok());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(limits.spend("a", 1.0, 5.0).is_ok() && limits.spend("a", 1.0, 5.0).is_err());
    }

    #[test]
    fn tokens_differ_and_codes_can_be_typed() {
        assert_ne!(token(), token());
        assert!(code().chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) && code().len() == 6);
    }
}
