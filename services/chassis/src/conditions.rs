//! The conditions of a request (RFC 9110, section 13): what its author knows, or believes to be current. Teaches that a guard
//! which cannot be read must not be taken for no guard.
//!
//! Every version is its own entity tag, as in `"7"`, so that a condition can be judged wherever the number of the version is
//! known: in front of a cache's memory, or inside a database's transaction. The crate `headers` is not used: what it cannot
//! read in `If-None-Match`, it leaves out, and a publish that was to make a new asset would overwrite one.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};

use crate::{asset::Version, problem::Problem};

/// `If-Match` and `If-None-Match`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    /// `*`: whatever is there.
    Any,
    Of(Vec<Tag>),
    /// Something else than tags: it matches nothing.
    Unreadable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tag {
    /// None for a tag that no version of ours has.
    version: Option<Version>,
    is_weak: bool,
}

impl Conditions {
    /// The conditions of a read. A list that cannot be read matches nothing.
    pub fn of(headers: &HeaderMap) -> Self {
        let tags = |name: &HeaderName| Tags::of(headers, name);
        Self { if_match: tags(&header::IF_MATCH), if_none_match: tags(&header::IF_NONE_MATCH) }
    }

    /// The conditions of a change.
    ///
    /// # Errors
    ///
    /// When one cannot be read: a change that was to be guarded must not go ahead without its guard.
    pub fn of_change(headers: &HeaderMap) -> Result<Self, Problem> {
        let conditions = Self::of(headers);
        for (name, tags) in [("If-Match", &conditions.if_match), ("If-None-Match", &conditions.if_none_match)]
        {
            if matches!(tags, Some(Tags::Unreadable)) {
                let detail = format!("{name} takes * or entity tags in quotes, as in \"7\" or \"6\", \"7\".");
                return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
            }
        }
        Ok(conditions)
    }

    /// Only if `version` is current.
    pub fn is(version: Version) -> Self {
        let tag = Tag { version: Some(version), is_weak: false };
        Self { if_match: Some(Tags::Of(vec![tag])), if_none_match: None }
    }

    /// Only if there is nothing yet.
    pub fn is_absent() -> Self {
        Self { if_match: None, if_none_match: Some(Tags::Any) }
    }

    /// The same, and only if `version` is current where the author has not said what must be.
    #[must_use]
    pub fn or_is(self, version: Version) -> Self {
        Self { if_match: self.if_match.or(Self::is(version).if_match), ..self }
    }

    /// Whether a change may go ahead while `current` is there, or nothing.
    pub fn allow(&self, current: Option<Version>) -> bool {
        self.if_match.as_ref().is_none_or(|tags| tags.match_strongly(current))
            && !self.if_none_match.as_ref().is_some_and(|tags| tags.match_weakly(current))
    }

    /// What a read of `current` is answered: none if the whole of it.
    ///
    /// # Errors
    ///
    /// When the reader wants another version and no other.
    pub fn answer(&self, current: Version) -> Result<Option<Response>, Problem> {
        let current = Some(current);
        if self.if_match.as_ref().is_some_and(|tags| !tags.match_strongly(current)) {
            return Err(conflict(current));
        }
        let is_known = self.if_none_match.as_ref().is_some_and(|tags| tags.match_weakly(current));
        Ok(is_known.then(|| StatusCode::NOT_MODIFIED.into_response()))
    }
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// The entity tag of a version, as in `"7"`.
pub fn tag(version: Version) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("quotes and digits are allowed in a header")
}

/// The answer to a request whose condition does not hold, with what is there instead.
pub fn conflict(current: Option<Version>) -> Problem {
    let detail = match current {
        Some(current) => format!("Version {current} is current, not what you expected. Read it first."),
        None => "The asset does not exist, or has been deleted.".to_owned(),
    };
    let current = current.map(|version| version.0);
    Problem::new(StatusCode::PRECONDITION_FAILED, detail).with("current_version", current)
}

impl Tags {
    fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        if !headers.contains_key(name) {
            return None;
        }
        // Several lines are one list (RFC 9110, section 5.3).
        let lines: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        let list = lines.join(&b',');
        if list.trim_ascii() == b"*" {
            return Some(Self::Any);
        }
        Some(tags(&list).map_or(Self::Unreadable, Self::Of))
    }

    /// For `If-Match`: a weak tag says that two texts are as good as each other, which is no ground to replace one.
    fn match_strongly(&self, current: Option<Version>) -> bool {
        self.matches(current, |tag| !tag.is_weak)
    }

    /// For `If-None-Match`.
    fn match_weakly(&self, current: Option<Version>) -> bool {
        self.matches(current, |_| true)
    }

    fn matches(&self, current: Option<Version>, counts: fn(&Tag) -> bool) -> bool {
        match self {
            Self::Any => current.is_some(),
            Self::Of(tags) => {
                current.is_some() && tags.iter().any(|tag| counts(tag) && tag.version == current)
            }
            Self::Unreadable => false,
        }
    }
}

/// The tags of a list; none if it holds anything else. A tag may hold a comma: quotes decide, not commas.
fn tags(list: &[u8]) -> Option<Vec<Tag>> {
    let mut tags = Vec::new();
    let mut rest = list.trim_ascii();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b",") {
            rest = after.trim_ascii_start();
            continue;
        }
        let (is_weak, quoted) = rest.strip_prefix(b"W/").map_or((false, rest), |quoted| (true, quoted));
        let quoted = quoted.strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| *byte == b'"')?;
        let (opaque, after) = (&quoted[..end], quoted[end + 1..].trim_ascii_start());
        if opaque.iter().any(|byte| matches!(byte, b' ' | b'\t')) || !(after.is_empty() || after[0] == b',') {
            return None;
        }
        tags.push(Tag { version: version_of(opaque), is_weak });
        rest = after;
    }
    Some(tags)
}

/// Tags are compared letter by letter: `"07"` is not `"7"`.
fn version_of(opaque: &[u8]) -> Option<Version> {
    let text = std::str::from_utf8(opaque).ok()?;
    text.parse().ok().filter(|version: &Version| version.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `If-Match` and `If-None-Match` as given, several lines of one apart by `|`.
    fn headers(if_match: &str, if_none_match: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, lines) in [(header::IF_MATCH, if_match), (header::IF_NONE_MATCH, if_none_match)] {
            for line in lines.split('|').filter(|line| !line.is_empty()) {
                headers.append(&name, line.parse().unwrap());
            }
        }
        headers
    }

    #[test]
    fn a_read_is_answered_as_rfc_9110_says() {
        let check = |if_match: &str, if_none_match: &str, expected: u16| {
            let answer = Conditions::of(&headers(if_match, if_none_match)).answer(Version(2));
            let status = answer.map_or_else(
                |problem| problem.status().as_u16(),
                |answer| answer.map_or(200, |answer| answer.status().as_u16()),
            );
            assert_eq!(status, expected, "If-Match: {if_match}, If-None-Match: {if_none_match}");
        };
        check("", "", 200);
        check("", "\"2\"", 304);
        check("", "W/\"2\"", 304);
        check("", "*", 304);
        check("", " * ", 304);
        check("", "\"1\", \"2\"", 304);
        check("", "\"1\",W/\"2\" ,\"9\"", 304);
        check("", "\"1\"|\"2\"", 304);
        check("", ", ,\"2\",", 304);
        check("", "\"1\"", 200);
        check("", "\"02\"", 200);
        check("", "\"+2\"", 200);
        check("", "\"\"", 200);
        check("", "\"1,\\\"", 200);
        check("", "\"a,b\", \"2\"", 304);
        check("", "w/\"2\"", 200);
        check("", "2", 200);
        check("", "\"2", 200);
        check("", "\"2\" \"3\"", 200);
        check("", "*, \"2\"", 200);
        check("\"2\"", "", 200);
        check("*", "", 200);
        check("\"1\", \"2\"", "", 200);
        check("\"1\"", "", 412);
        check("W/\"2\"", "", 412);
        check("2", "", 412);
        // If-Match goes first.
        check("\"1\"", "\"2\"", 412);
        check("\"2\"", "\"2\"", 304);
    }

    #[test]
    fn a_change_goes_ahead_as_rfc_9110_says() {
        let check = |if_match: &str, if_none_match: &str, current: Option<u64>, expected: Option<bool>| {
            let conditions = Conditions::of_change(&headers(if_match, if_none_match)).ok();
            let allowed = conditions.map(|conditions| conditions.allow(current.map(Version)));
            assert_eq!(
                allowed, expected,
                "If-Match: {if_match}, If-None-Match: {if_none_match}, current: {current:?}"
            );
        };
        check("", "", None, Some(true));
        check("", "", Some(2), Some(true));
        check("\"2\"", "", Some(2), Some(true));
        check("\"1\", \"2\"", "", Some(2), Some(true));
        check("\"1\"", "", Some(2), Some(false));
        check("W/\"2\"", "", Some(2), Some(false));
        check("\"2\"", "", None, Some(false));
        check("*", "", Some(2), Some(true));
        check("*", "", None, Some(false));
        check("", "*", None, Some(true));
        check("", "*", Some(2), Some(false));
        check("", "\"2\"", Some(2), Some(false));
        check("", "W/\"2\"", Some(2), Some(false));
        check("", "\"1\", \"3\"", Some(2), Some(true));
        check("\"2\"", "\"1\"", Some(2), Some(true));
        check("\"2\"", "\"2\"", Some(2), Some(false));
        check("", " ", Some(2), Some(true));
        check(" ", "", Some(2), Some(false));
        for unreadable in ["2", "\"2", "2\"", "\"2\" \"3\"", "*, \"2\"", "w/\"2\"", "\"a b\"", "W/2"] {
            check(unreadable, "", Some(2), None);
            check("", unreadable, Some(2), None);
        }
    }
}
