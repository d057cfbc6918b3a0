//! Authentication and permissions. Teaches to compare credentials in constant time, and to refuse changes that rest on a cookie alone or come from
//! a page of another site.
//!
//! A browser sends a cookie (`seat` or `desk`, `HttpOnly`, `SameSite=Strict`); a program sends a bearer token. Three defences stop cross-site
//! request forgery: `SameSite`, a header that a foreign page cannot send, and the origin that the browser reports.
//! [`rate_limits`](crate::rate_limits) limits how often somebody may ask.

use axum::{
    extract::{FromRequestParts, Request},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};
use chassis::{Problem, operator::bearer_token};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rand::RngExt;
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use crate::{
    invitations::{Rights, only_notes},
    limits::CREDENTIAL_BYTES_MAX,
    lines::Lines,
    rate_limits::{Client, Who},
    room::Room,
    session::{Seat, forbidden},
};

/// The cookies of somebody in a team and of the facilitator.
pub const SEAT: &str = "seat";
pub const DESK: &str = "desk";

/// The header that every change with a cookie must carry.
pub const REQUESTED_WITH: &str = "x-requested-with";

/// The characters of tokens and codes: none that is easily mistaken for another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

#[derive(Clone, Debug)]
pub struct Member {
    pub room: Room,
    pub team: u32,
    /// `program` for a request with the team's token.
    pub alias: String,
    pub who: Who,
}

impl Member {
    /// The lines of support that they work at, if their team plays lines.
    pub fn lines(&self) -> Option<Lines> {
        self.room.read(|session| session.lines_of(self.team, self.who))
    }
}

/// Somebody signed in at the desk, with any rights.
#[derive(Clone, Debug)]
pub struct AtDesk {
    pub room: Room,
    pub who: Who,
    pub name: String,
    pub rights: Rights,
}

/// Somebody at the desk whose rights allow the request: everybody there may read, and only a facilitator may change anything.
#[derive(Clone, Debug)]
pub struct Facilitator(pub Room);

impl FromRequestParts<Room> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, room: &Room) -> Result<Self, Problem> {
        let shown = shown(&parts.headers, &parts.method, SEAT)?.ok_or_else(nobody)?;
        let Some(member) = member(room, &shown)? else {
            return Err(room.rate_limits().guessed(Client::of(&parts.extensions), nobody()));
        };
        room.rate_limits().request(member.who, Some(member.team), !parts.method.is_safe())?;
        Ok(member)
    }
}

impl Room {
    /// The seat in a team that this token belongs to. The call marks the seat as in use.
    pub(crate) fn seat_of(&self, shown: &str) -> Option<Seat> {
        self.change(|session| {
            let is_theirs = |seat: &&Seat| seat.team.is_some() && is_same(&seat.token, shown);
            let seat = session.seats.iter().find(is_theirs).cloned()?;
            session.hear(seat.id, Instant::now());
            Some(seat)
        })
    }
}

fn member(room: &Room, shown: &str) -> Result<Option<Member>, Problem> {
    if let Some(Seat { id, team: Some(team), alias, waiting, .. }) = room.seat_of(shown) {
        if waiting {
            let detail = "You are not in the team yet: somebody in it, or the facilitator, lets you in.";
            return Err(forbidden(detail));
        }
        return Ok(Some(Member { room: room.clone(), team, alias, who: Who::Seat(id) }));
    }
    let program = |team| {
        let (room, alias) = (room.clone(), "program".to_owned());
        Member { room, team, alias, who: Who::Program(team) }
    };
    Ok(room.read(|session| {
        let team = session.teams.iter().find(|team| is_same(&team.token, shown));
        team.map(|team| program(team.number))
    }))
}

impl FromRequestParts<Room> for AtDesk {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, room: &Room) -> Result<Self, Problem> {
        let shown = shown(&parts.headers, &parts.method, DESK)?.ok_or_else(nobody)?;
        let found = room.read(|session| {
            let seat = session.seats.iter().find(|seat| seat.team.is_none() && is_same(&seat.token, &shown));
            let itself = is_same(&session.facilitator_token, &shown);
            let itself = itself.then(|| (0, "facilitator".to_owned(), Rights::Facilitator));
            seat.map(|seat| (seat.id, seat.alias.clone(), session.rights_of(seat))).or(itself)
        });
        let Some((id, name, rights)) = found else {
            return Err(room.rate_limits().guessed(Client::of(&parts.extensions), nobody()));
        };
        // No limit on the facilitator's changes: planning a round for sixty teams takes many.
        room.rate_limits().request(Who::Desk(id), None, false)?;
        Ok(Self { room: room.clone(), who: Who::Desk(id), name, rights })
    }
}

impl FromRequestParts<Room> for Facilitator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, room: &Room) -> Result<Self, Problem> {
        let AtDesk { room, rights, .. } = AtDesk::from_request_parts(parts, room).await?;
        let may = parts.method.is_safe() || rights == Rights::Facilitator;
        if may { Ok(Self(room)) } else { Err(only_notes()) }
    }
}

/// The credential of a request: a bearer token, or a cookie. A change with a cookie also needs the header [`REQUESTED_WITH`].
fn shown(headers: &HeaderMap, method: &Method, cookie: &str) -> Result<Option<String>, Problem> {
    if headers.contains_key(header::AUTHORIZATION) {
        let token = bearer_token(headers).and_then(|token| str::from_utf8(token).ok()).map(str::trim);
        return Ok(token.filter(|token| is_short(token)).map(str::to_owned));
    }
    let Some(token) = cookie_of(headers, cookie).filter(|token| is_short(token)) else { return Ok(None) };
    let is_safe = matches!(*method, Method::GET | Method::HEAD);
    if !is_safe && !headers.contains_key(REQUESTED_WITH) {
        let detail = "A change needs the header X-Requested-With when it comes with a cookie.";
        return Err(forbidden(detail));
    }
    Ok(Some(token))
}

fn is_short(token: &str) -> bool {
    !token.is_empty() && token.len() <= CREDENTIAL_BYTES_MAX
}

/// Refuses changes from pages of another origin, on every route. A browser reports the origin of a request; other programs report none, and pass. A
/// page with the origin `null`, such as the sandboxed pages of the shop, counts as foreign.
pub async fn same_origin(request: Request, next: Next) -> Response {
    if request.method().is_safe() || !is_foreign(request.headers()) {
        return next.run(request).await;
    }
    let detail = "A page of another site may not change anything here.";
    forbidden(detail).into_response()
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, at)| at);
    // A proxy copies the host that the browser asked for into `X-Forwarded-Host`; a foreign page cannot set that header.
    let asked = [text("host"), text("x-forwarded-host")];
    authority.is_none_or(|at| !asked.into_iter().flatten().any(|host| host.eq_ignore_ascii_case(at)))
}

pub fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// The header that sets a cookie until the browser is closed; an empty value removes it.
pub fn cookie(name: &str, token: &str) -> HeaderValue {
    let ends = if token.is_empty() { "; Max-Age=0" } else { "" };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{ends}");
    HeaderValue::from_str(&text).expect("tokens are letters and digits")
}

pub fn is_same(known: &str, shown: &str) -> bool {
    known.as_bytes().ct_eq(shown.as_bytes()).into()
}

/// 26 characters from an alphabet of 32: 130 bits.
pub fn token() -> String {
    random(26)
}

/// A code that people can type. Its 40 bits alone keep guessers out: the room compares every guess, however many came before.
pub fn code() -> String {
    random(8).to_uppercase()
}

/// Normalizes a typed code: keeps letters and digits, in capitals.
pub fn code_of(typed: &str) -> String {
    let signs = typed.chars().filter(char::is_ascii_alphanumeric).take(CREDENTIAL_BYTES_MAX);
    signs.collect::<String>().to_ascii_uppercase()
}

fn random(count: usize) -> String {
    let mut chance = rand::rng();
    (0..count).map(|_| char::from(ALPHABET[chance.random_range(0..ALPHABET.len())])).collect()
}

fn nobody() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "Join with the code, or sign in; a program shows its token.")
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_scheme_is_written_as_one_likes_and_a_token_is_short() {
        let check = |authorization: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
            assert_eq!(shown(&headers, &Method::GET, SEAT).unwrap().as_deref(), expected);
        };
        check("bearer t", Some("t"));
        check("BEARER  t ", Some("t"));
        check("Basic t", None);
        check("Bearer", None);
        check("Bearer ", None);
        check(&format!("Bearer {}", "x".repeat(CREDENTIAL_BYTES_MAX + 1)), None);
    }

    #[test]
    fn a_page_of_another_site_is_told_from_our_own_and_from_a_program() {
        let check = |headers: &[(&'static str, &str)], expected: bool| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(is_foreign(&map), expected, "{headers:?}");
        };
        check(&[("host", "room:9000")], false);
        check(&[("host", "room:9000"), ("origin", "http://room:9000")], false);
        check(&[("host", "room:9000"), ("origin", "http://evil.example")], true);
        check(&[("host", "room:9000"), ("origin", "http://room:9001")], true);
        check(&[("host", "room:9000"), ("origin", "null")], true);
        check(&[("host", "inner:9000"), ("x-forwarded-host", "room"), ("origin", "https://room")], false);
        check(
            &[("host", "inner:9000"), ("sec-fetch-site", "same-origin"), ("origin", "https://room")],
            false,
        );
        check(
            &[("host", "room:9000"), ("sec-fetch-site", "cross-site"), ("origin", "http://room:9000")],
            true,
        );
        check(&[("host", "room:9000"), ("sec-fetch-site", "same-site")], true);
    }

    #[test]
    fn tokens_differ_and_codes_can_be_typed() {
        assert_ne!(token(), token());
        assert!(code().chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) && code().len() == 8);
        assert_eq!(code_of(" abcd-ef12\n"), "ABCDEF12");
    }
}
