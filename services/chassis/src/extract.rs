//! What comes into a service, checked once at the border. Teaches that an error here is the caller's, and leaves like every
//! other: as problem details.

use std::{fmt, marker::PhantomData, time::Duration};

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Request},
};
use http::{StatusCode, request::Parts};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use tokio::time::timeout;

use crate::problem::Problem;

/// A body must have arrived by then; a client that trickles it would hold its place among the requests for ever. The largest body of
/// a service, 1 MiB, arrives in time over a third of a megabit a second.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// One of axum's extractors of the path or the query, whose refusal leaves as problem details.
#[derive(Clone, Copy, Debug)]
pub struct Checked<E>(pub E);

impl<S: Send + Sync, E: FromRequestParts<S, Rejection: Into<Problem>>> FromRequestParts<S> for Checked<E> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        E::from_request_parts(parts, state).await.map(Self).map_err(Into::into)
    }
}

/// A body of type `application/json` that holds one object, and its refusal as problem details.
#[derive(Clone, Copy, Debug)]
pub struct JsonObject<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonObject<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(Object(body)) =
            timeout(BODY_TIMEOUT, Json::from_request(request, state)).await.map_err(|_| late())??;
        Ok(Self(body))
    }
}

/// The answer to a request whose body stays away.
pub fn late() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.")
}

/// A value that JSON writes as an object, and only so: serde fills a struct from an array too, by the order of its fields, so
/// that `[1]` would be carried out as `{"to": 1}`. A struct within a struct takes it as the type of the field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OnlyMaps(PhantomData)).map(Self)
    }
}

/// For a field that lists structs: `#[serde(deserialize_with = "chassis::extract::objects")]`.
///
/// # Errors
///
/// When it is no list, or one of its values no object.
pub fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(list.into_iter().map(|Object(value)| value).collect())
}

struct OnlyMaps<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OnlyMaps<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        to: Option<u64>,
        inner: Option<Object<Inner>>,
        #[serde(default, deserialize_with = "objects")]
        rows: Vec<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Inner {
        list: Vec<u64>,
    }

    #[test]
    fn only_an_object_is_an_object() {
        let check = |json: &str, expected: Result<Outer, &str>| match (
            serde_json::from_str::<Object<Outer>>(json),
            expected,
        ) {
            (Ok(Object(read)), Ok(expected)) => assert_eq!(read, expected, "{json}"),
            (Err(error), Err(says)) => assert!(error.to_string().contains(says), "{json}: {error}"),
            (read, _) => panic!("{json}: {read:?}"),
        };
        check("{}", Ok(Outer::default()));
        check(r#" {"to": 1} "#, Ok(Outer { to: Some(1), ..Outer::default() }));
        let inner = Some(Object(Inner { list: vec![1, 2] }));
        check(r#"{"inner": {"list": [1, 2]}}"#, Ok(Outer { inner, ..Outer::default() }));
        let rows = vec![Inner { list: vec![3] }];
        check(r#"{"rows": [{"list": [3]}]}"#, Ok(Outer { rows, ..Outer::default() }));
        check(r#"{"rows": [[[3]]]}"#, Err("invalid type: sequence, expected an object"));
        check("[1]", Err("invalid type: sequence, expected an object at line 1"));
        check("[]", Err("expected an object"));
        check("[null, null]", Err("expected an object"));
        check(r#"{"inner": [[1, 2]]}"#, Err("invalid type: sequence, expected an object"));
        check("null", Err("expected an object"));
        check("1", Err("expected an object"));
        check(r#""to""#, Err("expected an object"));
        check(r#"{"to": 1, "to": 2}"#, Err("duplicate field `to`"));
        check(r#"{"too": 1}"#, Err("unknown field `too`"));
        check(r#"{"to": "1"}"#, Err("expected u64"));
        check("{} {}", Err("trailing characters"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_json_object_is_refused_as_problem_details() {
        let never = || Body::from_stream(futures_util::stream::pending::<std::io::Result<Vec<u8>>>());
        for (content_type, body, expected) in [
            ("application/json", Body::from("{}"), None),
            ("application/json; charset=utf-8", Body::from("{}"), None),
            ("APPLICATION/JSON", Body::from("{}"), None),
            ("application/json", Body::from("[]"), Some(422)),
            ("application/json", Body::from("{\"to\": -1}"), Some(422)),
            ("application/json", Body::from("\u{feff}{}"), Some(400)),
            ("application/json", Body::from("{"), Some(400)),
            ("application/json", Body::empty(), Some(400)),
            ("text/plain", Body::from("{}"), Some(415)),
            ("", Body::from("{}"), Some(415)),
            ("application/json", Body::from(vec![b' '; 3 * 1_024 * 1_024]), Some(413)),
            ("application/json", never(), Some(408)),
        ] {
            let request = http::Request::post("/").header("content-type", content_type).body(body).unwrap();
            let refused = JsonObject::<Outer>::from_request(request, &()).await.err();
            let status = refused.as_ref().map(|problem| problem.status().as_u16());
            assert_eq!(status, expected, "{content_type}: {refused:?}");
        }
    }
}
