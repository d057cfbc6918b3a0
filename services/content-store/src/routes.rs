//! The routes over assets. Teaches how a store keeps its readers cheap: a current version is looked up by its tag, a numbered one
//! never changes and may be kept for ever.

use std::{io, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use bytes::Bytes;
use chassis::{
    AssetId, Blocking, Conditions, LatentFault, Problem, Version,
    asset::INERT,
    conditions::tag,
    extract::{Checked, Object},
    journal::{Action, EDITOR},
};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    asset::{AssetVersion, VersionSummary},
    characters::{SPECIAL_CHARACTERS_MAX, SpecialCharacter, special},
    difference::{Run, difference},
    rendering,
    request::{Editor, WholeBody, bad, content_type, is_whole_text},
    storage::{Draft, StorageError},
};

/// Most versions in one answer of the history: what a person scrolls through. Older ones follow by `before`.
const HISTORY_MAX: usize = 100;

/// Clients that keep the current version must ask before each use.
const ASK_FIRST: (HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));

/// A numbered version never changes: a year, which is as good as for ever (RFC 9111, 8246).
const IMMUTABLE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));

/// Envelopes.
const JSON: (HeaderName, HeaderValue) = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));

/// A body is whatever an editor sent, and nobody's page: it is shown as text.
const TEXT: (HeaderName, HeaderValue) =
    (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));

type Shared = State<Arc<Store>>;
type Asset = Checked<Path<AssetId>>;
type Numbered = Checked<Path<(AssetId, Version)>>;

/// Reading, publishing, rolling back, deleting.
pub(crate) fn assets() -> Router<Arc<Store>> {
    Router::new()
        .route("/assets", get(list))
        .route("/assets/{id}", get(read_current).head(look).merge(put(publish).delete(delete)))
        .route("/assets/{id}/rollback", post(roll_back))
        .route("/assets/{id}/versions", get(history))
        .route("/assets/{id}/versions/{version}", get(read_version))
        .route("/assets/{id}/versions/{version}/body", get(read_body))
        .route("/assets/{id}/versions/{version}/difference", get(read_difference))
}

pub(crate) async fn inspect(WholeBody(text): WholeBody) -> Json<Vec<SpecialCharacter>> {
    Json(special(&text).take(SPECIAL_CHARACTERS_MAX).collect())
}

/// Whether the credentials are right, without doing anything with them.
pub(crate) async fn session(_: Editor) -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn list(State(store): Shared) -> Result<Json<Vec<VersionSummary>>, Problem> {
    Ok(Json(store.storage.list().await?))
}

async fn read_current(
    State(store): Shared,
    Checked(Path(id)): Asset,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asset = store.storage.read(&id, None).await?;
    answer(&headers, asset.version, ASK_FIRST, || envelope(&store, &asset))
}

/// The tag alone, without reading the body: how the cache learns what is current.
async fn look(
    State(store): Shared,
    Checked(Path(id)): Asset,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let current = newest(&store, &id, None).await?.ok_or(StorageError::UnknownAsset)?;
    answer(&headers, current, ASK_FIRST, || {
        // An empty stream, whose length is unknown: a length of 0 would claim that GET sends nothing.
        (INERT, [JSON], Body::from_stream(stream::empty::<io::Result<Bytes>>())).into_response()
    })
}

async fn read_version(
    State(store): Shared,
    Checked(Path((id, version))): Numbered,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asset = store.storage.read(&id, Some(version)).await?;
    answer(&headers, version, IMMUTABLE, || envelope(&store, &asset))
}

async fn read_body(
    State(store): Shared,
    Checked(Path((id, version))): Numbered,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asset = store.storage.read(&id, Some(version)).await?;
    answer(&headers, version, IMMUTABLE, || (INERT, [TEXT], asset.body).into_response())
}

async fn read_difference(
    State(store): Shared,
    Checked(Path((id, version))): Numbered,
) -> Result<Response, Problem> {
    let newer = store.storage.read(&id, Some(version)).await?.body;
    let older = match newest(&store, &id, Some(version)).await? {
        Some(before) => store.storage.read(&id, Some(before)).await?.body,
        None => Bytes::new(),
    };
    let runs: Vec<Run> = Blocking::under(&store.chassis.clock).run(move || difference(&older, &newer)).await;
    Ok((INERT, Json(runs)).into_response())
}

#[derive(Deserialize)]
struct HistoryQuery {
    before: Option<Version>,
}

async fn history(
    State(store): Shared,
    Checked(Path(id)): Asset,
    Checked(Query(HistoryQuery { before })): Checked<Query<HistoryQuery>>,
) -> Result<Json<Vec<VersionSummary>>, Problem> {
    Ok(Json(store.storage.history(&id, before, HISTORY_MAX).await?))
}

async fn publish(
    State(store): Shared,
    _: Editor,
    Checked(Path(id)): Asset,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, Problem> {
    is_whole_text(&headers)?;
    let (expected, content_type) = (Conditions::of_change(&headers)?, content_type(&headers)?);
    let published_at = store.chassis.clock.wall();
    publish_draft(&store, Draft { id, content_type, body, expected, published_at }, None).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RollBack {
    to: Option<Version>,
}

async fn roll_back(
    State(store): Shared,
    _: Editor,
    Checked(Path(id)): Asset,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<Response, Problem> {
    let wanted = if body.is_empty() { Ok(Object::default()) } else { serde_json::from_slice(&body) };
    let Object(RollBack { to }) =
        wanted.map_err(|error| bad(format!("The body is not {{\"to\": version}}: {error}.")))?;
    let current = newest(&store, &id, None).await?.ok_or(StorageError::UnknownAsset)?;
    let to = match to {
        Some(to) => to,
        None => newest(&store, &id, Some(current)).await?.ok_or_else(|| {
            Problem::new(StatusCode::CONFLICT, "There is no earlier version to go back to.")
        })?,
    };
    let AssetVersion { content_type, body, .. } = store.storage.read(&id, Some(to)).await?;
    // What was current a moment ago must still be: a publish in between is newer than this decision.
    let expected = Conditions::of_change(&headers)?.or_is(current);
    let published_at = store.chassis.clock.wall();
    let draft = Draft { id, content_type: Some(content_type), body, expected, published_at };
    publish_draft(&store, draft, Some(to)).await
}

async fn delete(
    State(store): Shared,
    _: Editor,
    Checked(Path(id)): Asset,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    store.storage.delete(&id, Conditions::of_change(&headers)?).await?;
    tracing::info!(event.name = "shop.asset.deleted", shop.asset.id = %id, shop.actor = EDITOR, "deleted an asset");
    store.chassis.journal.note(EDITOR, Action::Deleted { asset: id.clone() });
    store.notify(&id, None);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct Published {
    #[serde(flatten)]
    version: VersionSummary,
    /// For a person who mistyped the name of an asset that exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
}

/// Publishes; `again` is the version whose body it is, if it was rolled back to. Only who has the editor's token comes this far.
async fn publish_draft(store: &Store, draft: Draft, again: Option<Version>) -> Result<Response, Problem> {
    let switches = &store.chassis.switches;
    if !switches.present(LatentFault::InvalidRendering)
        && let Some(content_type) = declared(store, &draft).await?
    {
        rendering::check_charset(&content_type, &draft.body).map_err(|charset| misnamed(&charset))?;
    }
    rendering::check(&draft.body, switches).map_err(unrenderable)?;
    let published = store.storage.publish(draft).await?;
    let VersionSummary { id, version, bytes, .. } = &published.version;
    tracing::info!(event.name = "shop.asset.published", shop.asset.id = %id, shop.asset.version = version.0,
        shop.asset.bytes = bytes, shop.asset.rolled_back_to = again.map(|again| again.0), shop.actor = EDITOR,
        "published a version");
    let (asset, version) = (id.clone(), *version);
    store.chassis.journal.note(
        EDITOR,
        if again.is_some() {
            Action::RolledBack { asset, version }
        } else {
            Action::Published { asset, version }
        },
    );
    // Should the client leave right here, the version is stored and the notice lost: the cache then refreshes at its own time.
    store.notify(id, Some(version));
    let tag = [(header::ETAG, tag(version))];
    let notice = published.is_new.then(|| format!("This is a new asset: there was no '{id}' before."));
    let status = if published.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, tag, Json(Published { version: published.version, notice })).into_response())
}

fn envelope(store: &Store, asset: &AssetVersion) -> Response {
    let envelope = rendering::envelope(asset, &store.chassis.switches);
    tracing::info!(shop.asset.id = %asset.id, shop.asset.version = asset.version.0, "answered with a version");
    (INERT, [JSON], envelope).into_response()
}

/// A version under its tag: the whole of it, or what the request's conditions make of it.
fn answer(
    request: &HeaderMap,
    version: Version,
    freshness: (HeaderName, HeaderValue),
    whole: impl FnOnce() -> Response,
) -> Result<Response, Problem> {
    let unchanged = Conditions::of(request).answer(version)?;
    let headers = [freshness, (header::ETAG, tag(version))];
    Ok((headers, unchanged.unwrap_or_else(whole)).into_response())
}

/// The current version of an asset, or the newest one before another.
async fn newest(
    store: &Store,
    id: &AssetId,
    before: Option<Version>,
) -> Result<Option<Version>, StorageError> {
    Ok(store.storage.history(id, before, 1).await?.first().map(|newest| newest.version))
}

/// The content type that a draft will have: without one of its own, that of the version before.
async fn declared(store: &Store, draft: &Draft) -> Result<Option<String>, StorageError> {
    if draft.content_type.is_some() {
        return Ok(draft.content_type.clone());
    }
    match store.storage.history(&draft.id, None, 1).await {
        Ok(newest) => Ok(newest.into_iter().next().map(|newest| newest.content_type)),
        Err(StorageError::UnknownAsset) => Ok(None),
        Err(error) => Err(error),
    }
}

fn misnamed(charset: &str) -> Problem {
    let detail = format!(
        "The content type declares the charset '{charset}', and the shop shows UTF-8 alone. Convert the text to UTF-8 and \
         publish it with 'charset=utf-8'."
    );
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).with("charset", charset)
}

fn unrenderable(SpecialCharacter { offset, code_point, byte, name, .. }: SpecialCharacter) -> Problem {
    let what = code_point.as_ref().or(byte.as_ref()).expect("it is a character or a byte");
    let detail = format!(
        "{what} {name} at byte offset {offset} cannot be shown everywhere. Remove it and publish again."
    );
    let problem =
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("name", name).with("offset", offset);
    let problem = problem.with("code_point", code_point);
    if byte.is_some() { problem.with("byte", byte) } else { problem }
}
