//! The shop's content as a team may read it: an asset's text, its history, and its changes. Teaches to write invisible characters out.

use std::{sync::Arc, time::Duration};

use ::debrief::figures::is_unseen;
use bytes::Bytes;
use chassis::{Peer, Problem, Wait};
use evidence::UnixTime;
use http::{Method, StatusCode};
use incident::Service;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{
    looks::{granted, named, operator},
    request::{Answer, Json, Path},
};
use crate::{access::Member, evidence_kind::EvidenceKind, session::not_found, team_world::TeamWorld};

/// How long a service may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Most versions of one asset in an answer.
const VERSIONS_MAX: usize = 100;

/// An asset's text, with what cannot be seen in it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AssetView {
    id: String,
    version: u64,
    /// The text; what is not UTF-8 or cannot be seen is written as an escape.
    text_escaped: String,
    /// Its special characters, in order.
    characters: Vec<CharacterView>,
    /// What changed since the version before; null where that is not asked.
    difference: Option<Vec<RunView>>,
}

/// A special character, or a byte that belongs to none.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct CharacterView {
    offset: usize,
    /// As in U+00E9; null for a byte that is not UTF-8.
    #[serde(default)]
    code_point: Option<String>,
    /// As in 0xE9.
    #[serde(default)]
    byte: Option<String>,
    name: String,
}

/// A run of text that was added, removed or left.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct RunView {
    /// `same`, `added` or `removed`.
    #[serde(rename(deserialize = "change"))]
    kind: String,
    /// The text; what cannot be seen is written as an escape.
    text: String,
}

/// The text of an asset as it is now; from level `logs`
#[utoipa::path(get, path = "/api/team/assets/{id}", responses((status = 200, body = AssetView)))]
pub(super) async fn asset(member: Member, Path(id): Path<String>) -> Answer<AssetView> {
    let team_world = member.looked_inside(&id, EvidenceKind::AssetText)?;
    let version = current_version(&team_world, &id).await?;
    let view = asset_view(&team_world, &id, version, false).await?;
    member.remember_asset(&team_world, &format!("assets/{id}"), &view);
    Ok(Json(view))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Versions {
    /// Newest first.
    versions: Vec<VersionView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionView {
    version: u64,
    /// When, in seconds since 1970.
    published_unix_s: Option<f64>,
}

/// The history of an asset; from level `changes`
#[utoipa::path(get, path = "/api/team/assets/{id}/versions", responses((status = 200, body = Versions)))]
pub(super) async fn versions(member: Member, Path(id): Path<String>) -> Answer<Versions> {
    let team_world = member.looked_inside(&id, EvidenceKind::AssetHistory)?;
    let versions = history(&team_world, &id).await?;
    member.remember(&team_world, &format!("assets/{id}/versions"), String::new(), named(id.as_bytes()));
    Ok(Json(Versions { versions }))
}

/// One version of an asset, and what changed in it; from level `changes`
#[utoipa::path(get, path = "/api/team/assets/{id}/versions/{version}", responses((status = 200, body = AssetView)))]
pub(super) async fn version(member: Member, Path((id, version)): Path<(String, u64)>) -> Answer<AssetView> {
    let team_world = member.looked_inside(&id, EvidenceKind::AssetHistory)?;
    let view = asset_view(&team_world, &id, version, true).await?;
    member.remember_asset(&team_world, &format!("assets/{id}/versions/{version}"), &view);
    Ok(Json(view))
}

impl Member {
    fn looked_inside(&self, id: &str, kind: EvidenceKind) -> Result<Arc<TeamWorld>, Problem> {
        granted(&self.may_look()?, kind)?;
        if !TeamWorld::assets().iter().any(|asset| asset == id) {
            return Err(not_found("The shop has no such asset."));
        }
        self.team_world()
    }

    fn remember_asset(&self, team_world: &TeamWorld, at: &str, view: &AssetView) {
        let answer = serde_json::to_vec(view).unwrap_or_default();
        self.remember(team_world, at, String::new(), named(&answer));
    }
}

async fn history(team_world: &TeamWorld, id: &str) -> Result<Vec<VersionView>, Problem> {
    #[derive(Deserialize)]
    struct Summary {
        version: u64,
        published_at: String,
    }
    let summaries: Vec<Summary> = asked(team_world, &format!("/assets/{id}/versions")).await?;
    let view = |summary: Summary| {
        let at: Option<UnixTime> = summary.published_at.parse().ok();
        let published_unix_s = at.map(|at| at.seconds_since(UnixTime::default()));
        VersionView { version: summary.version, published_unix_s }
    };
    Ok(summaries.into_iter().map(view).take(VERSIONS_MAX).collect())
}

pub(super) async fn current_version(team_world: &TeamWorld, id: &str) -> Result<u64, Problem> {
    let newest = history(team_world, id).await?.into_iter().next();
    newest.map(|newest| newest.version).ok_or_else(|| not_found("The asset has been deleted."))
}

async fn asset_view(
    team_world: &TeamWorld,
    id: &str,
    version: u64,
    with_difference: bool,
) -> Result<AssetView, Problem> {
    let address = format!("/assets/{id}/versions/{version}");
    let body = reply(team_world, Method::GET, &format!("{address}/body"), Bytes::new()).await?;
    let characters = reply(team_world, Method::POST, "/inspect", body.clone()).await?;
    let mut difference: Option<Vec<RunView>> =
        if with_difference { Some(asked(team_world, &format!("{address}/difference")).await?) } else { None };
    difference.iter_mut().flatten().for_each(|run| run.text = escaped(run.text.as_bytes()));
    Ok(AssetView {
        id: id.to_owned(),
        version,
        text_escaped: escaped(&body),
        characters: parsed(&characters)?,
        difference,
    })
}

pub(super) async fn version_text(team_world: &TeamWorld, id: &str, version: u64) -> Result<String, Problem> {
    let path = format!("/assets/{id}/versions/{version}/body");
    Ok(escaped(&reply(team_world, Method::GET, &path, Bytes::new()).await?))
}

/// When a version was published, in seconds since 1970; none if its history does not hold it any more.
pub(super) async fn published_unix_s(
    team_world: &TeamWorld,
    id: &str,
    version: u64,
) -> Result<Option<f64>, Problem> {
    let versions = history(team_world, id).await?;
    Ok(versions.into_iter().find(|known| known.version == version).and_then(|known| known.published_unix_s))
}

fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

/// A text with its invisible characters written out.
pub(super) fn escaped(text: &[u8]) -> String {
    let mut escaped = String::new();
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => escaped.push('\n'),
                c if is_unseen(c) => escaped.extend(["\u{27e8}", &code_point(c), "\u{27e9}"]),
                c => escaped.push(c),
            }
        }
        for byte in chunk.invalid() {
            escaped.extend(["\u{27e8}", &format!("0x{byte:02X}"), "\u{27e9}"]);
        }
    }
    escaped
}

async fn asked<T: DeserializeOwned>(team_world: &TeamWorld, path: &str) -> Result<T, Problem> {
    parsed(&reply(team_world, Method::GET, path, Bytes::new()).await?)
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|_| {
        Problem::new(StatusCode::BAD_GATEWAY, "The content store answers something that cannot be read.")
    })
}

async fn reply(team_world: &TeamWorld, method: Method, path: &str, body: Bytes) -> Result<Bytes, Problem> {
    let store = team_world.world.shop().addresses().of(Service::ContentStore).clone();
    let peer = Peer::new(&operator(team_world), store);
    match peer.call(method, path, body, Wait::AtMost(ANSWER_TIMEOUT)).await {
        Ok(answer) if answer.status.is_success() => Ok(answer.body),
        Ok(answer) if answer.status == StatusCode::NOT_FOUND => Err(not_found("There is no such version.")),
        Ok(answer) => {
            let detail = format!("The content store answered {}.", answer.status.as_u16());
            Err(Problem::new(StatusCode::BAD_GATEWAY, detail))
        }
        Err(error) => Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, format!("{error}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(escaped(b"a\x0bb\n\x93"), "a\u{27e8}U+000B\u{27e9}b\n\u{27e8}0x93\u{27e9}");
        assert_eq!(escaped("a\u{200d}b".as_bytes()), "a\u{27e8}U+200D\u{27e9}b");
    }
}
