//! How errors leave a service: as problem details (RFC 9457), in one place, with nothing internal shown.

use axum::{
    Json, Router,
    extract::{
        Request,
        rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use tower::ServiceExt;

#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    detail: String,
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl Problem {
    /// What went wrong this time, in a sentence that says what to do.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Self { kind: "about:blank", title, status, detail: detail.into(), members: Map::new() }
    }

    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        let content_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 11.6.1: a 401 names the scheme that would be accepted.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Each of axum's extractors refuses with a type of its own; all of them say what is wrong with the request.
macro_rules! refusals {
    ($($rejection:ident),*) => {$(
        impl From<$rejection> for Problem {
            fn from(rejection: $rejection) -> Self {
                Self::new(rejection.status(), rejection.body_text())
            }
        }
    )*};
}

refusals!(BytesRejection, JsonRejection, PathRejection, QueryRejection);

/// The last step before an answer leaves: an error without a word of its own gets problem details, and one about the method
/// names those that would be right. axum adds the Allow header behind every layer, so that only here it can be read.
pub fn explained(router: Router) -> Router {
    Router::new().fallback_service(ServiceExt::<Request>::map_response(router, explain))
}

/// The same for one answer.
pub(crate) fn explain(response: Response) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let headers = response.headers();
    let problem = match headers.get(header::ALLOW).and_then(|allow| allow.to_str().ok()) {
        Some(allow) if status == StatusCode::METHOD_NOT_ALLOWED => wrong_method(allow),
        _ if !headers.contains_key(header::CONTENT_TYPE) => Problem::new(status, "The request was refused."),
        _ => return response,
    };
    let mut explained = problem.into_response();
    for (name, value) in headers {
        // What was said besides stays: Allow, Retry-After.
        if !explained.headers().contains_key(name) && name != header::CONTENT_LENGTH {
            explained.headers_mut().append(name, value.clone());
        }
    }
    explained
}

fn wrong_method(allow: &str) -> Problem {
    let methods: Vec<_> = allow.split(',').map(str::trim).filter(|method| !method.is_empty()).collect();
    let takes = match methods.split_last() {
        None => "no method".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    };
    let detail = format!("This path does not take this method. It takes {takes}.");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

pub async fn unknown_route() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "There is nothing at this path.")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
