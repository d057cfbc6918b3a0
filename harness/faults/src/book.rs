//! Keeps what the store acknowledged to editors, and checks that the store still holds it. Teaches that an answer is a promise, and
//! that a missing answer is no refusal: a publish whose answer was lost may have happened or not, and both are right.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use content_store::storage::{Storage, StorageError};
use http::StatusCode;
use world::EditorError;

use crate::plan::ASSETS;

/// How long the store may still carry out a delete after its author gave up: as long as its bytes can be under way.
const DELETE_LATE_S: f64 = 15.0;

/// The most versions to read of an asset, more than a plan publishes.
const HISTORY_MAX: usize = 100;

/// What is known of each asset.
#[derive(Clone, Debug)]
pub struct Book {
    assets: BTreeMap<&'static str, Asset>,
    /// Whether the network can have delivered an editor's request twice.
    pub is_doubled: bool,
}

#[derive(Clone, Debug, Default)]
struct Asset {
    /// The acknowledged versions: their text and time. The text of a rollback is unknown.
    acknowledged: BTreeMap<u64, Acknowledged>,
    /// Every text that the store may hold.
    sent: BTreeSet<Bytes>,
    /// Texts that the store refused, and that nobody sent again.
    refused: BTreeSet<Bytes>,
    is_rolled_back: bool,
    deleting: u32,
    /// A delete may have removed any version acknowledged up to this second.
    deleted_until_s: f64,
    /// An acknowledged delete removed this version and all before it: they had been acknowledged before that delete began.
    deleted_to: u64,
}

#[derive(Clone, Debug)]
struct Acknowledged {
    text: Option<Bytes>,
    at_s: f64,
}

/// A change whose answer the editor still waits for.
#[derive(Clone, Debug)]
pub struct Begun {
    asset: &'static str,
    text: Option<Bytes>,
    /// The newest version that was acknowledged before the change began.
    newest: u64,
}

impl Default for Book {
    /// The book of a store with the initial content.
    fn default() -> Self {
        let seed = world::shop::seed_assets();
        let asset = |name: &'static str| {
            let mut asset = Asset::default();
            let first = seed.iter().find(|seeded| seeded.id.as_str() == name);
            if let Some(first) = first {
                asset.sent.insert(first.body.clone());
                asset.acknowledged.insert(1, Acknowledged { text: Some(first.body.clone()), at_s: 0.0 });
            }
            (name, asset)
        };
        Self { assets: ASSETS.into_iter().map(asset).collect(), is_doubled: false }
    }
}

impl Book {
    fn asset(&mut self, name: &'static str) -> &mut Asset {
        self.assets.entry(name).or_default()
    }

    pub fn publishes(&mut self, asset: &'static str, text: &Bytes) -> Begun {
        let known = self.asset(asset);
        known.sent.insert(text.clone());
        known.refused.remove(text);
        Begun { asset, text: Some(text.clone()), newest: newest(known) }
    }

    pub fn rolls_back(&mut self, asset: &'static str) -> Begun {
        let known = self.asset(asset);
        known.is_rolled_back = true;
        Begun { asset, text: None, newest: newest(known) }
    }

    /// Enters the answer to a publish or a rollback. Fails if the answer contradicts an earlier one.
    pub fn answered(
        &mut self,
        begun: Begun,
        answer: &Result<u64, EditorError>,
        at_s: f64,
    ) -> Result<(), String> {
        let Begun { asset, text, newest } = begun;
        let known = self.asset(asset);
        match answer {
            Ok(version) if *version <= newest => {
                return Err(format!(
                    "version {version} of {asset} was acknowledged for a change that began after version {newest} was"
                ));
            }
            Ok(version) => {
                if known.acknowledged.insert(*version, Acknowledged { text, at_s }).is_some() {
                    return Err(format!("version {version} of {asset} was acknowledged twice"));
                }
            }
            Err(EditorError::Refused { status, .. }) if is_definite(*status) => {
                if let Some(text) = text {
                    known.sent.remove(&text);
                    known.refused.insert(text);
                }
            }
            // The outcome is unknown.
            Err(_) => {}
        }
        Ok(())
    }

    pub fn deletes(&mut self, asset: &'static str) -> Begun {
        let known = self.asset(asset);
        known.deleting += 1;
        Begun { asset, text: None, newest: newest(known) }
    }

    /// Enters the answer to a delete.
    pub fn deleted(&mut self, begun: &Begun, answer: &Result<(), EditorError>, at_s: f64) {
        let is_doubled = self.is_doubled;
        let known = self.asset(begun.asset);
        known.deleting -= 1;
        let is_refused = matches!(answer, Err(EditorError::Refused { status, .. }) if is_definite(*status));
        if answer.is_ok() {
            known.deleted_to = known.deleted_to.max(begun.newest);
        }
        if !is_refused || is_doubled {
            // A duplicate may arrive even later.
            let late_s = if answer.is_ok() && !is_doubled { 0.0 } else { DELETE_LATE_S };
            known.deleted_until_s = known.deleted_until_s.max(at_s + late_s);
        }
    }

    /// Whether a delete is still unanswered.
    pub fn is_deleting(&self) -> bool {
        self.assets.values().any(|asset| asset.deleting > 0)
    }

    /// Checks that `storage` holds what was acknowledged, in order, and nothing that nobody sent.
    pub async fn check(&self, storage: &dyn Storage) -> Result<(), Wrong> {
        for (name, known) in &self.assets {
            let id = name.parse().expect("an asset's id is plain");
            let versions = match storage.history(&id, None, HISTORY_MAX).await {
                Ok(versions) => versions,
                Err(StorageError::UnknownAsset) => Vec::new(),
                Err(error) => return Err(Wrong::Unreadable(format!("{name}: {error}"))),
            };
            let mut found = BTreeMap::new();
            for version in versions.iter().map(|version| version.version) {
                let read = storage.read(&id, Some(version)).await;
                let body =
                    read.map_err(|error| Wrong::Unreadable(format!("version {version} of {name}: {error}")))?;
                found.insert(version.0, body.body);
            }
            self.compare(name, known, &found).map_err(Wrong::Content)?;
        }
        Ok(())
    }

    fn compare(&self, name: &str, known: &Asset, found: &BTreeMap<u64, Bytes>) -> Result<(), String> {
        for (version, Acknowledged { text, at_s }) in &known.acknowledged {
            let may_be_deleted = known.deleting > 0 || *at_s <= known.deleted_until_s;
            match (found.get(version), text) {
                (Some(_), _) if *version <= known.deleted_to => {
                    return Err(format!(
                        "version {version} of {name} is there again: its delete was acknowledged"
                    ));
                }
                (None, _) if may_be_deleted => {}
                (None, _) => {
                    return Err(format!("version {version} of {name}, acknowledged at {at_s:.3} s, is gone"));
                }
                (Some(body), Some(text)) if body != text => {
                    return Err(format!(
                        "version {version} of {name} holds another text than was acknowledged"
                    ));
                }
                (Some(_), _) => {}
            }
        }
        for (version, body) in found {
            if !(known.sent.contains(body) || self.is_doubled && known.refused.contains(body)) {
                let body = body.escape_ascii();
                return Err(format!("version {version} of {name} holds what nobody published: \"{body}\""));
            }
        }
        let texts: BTreeSet<&Bytes> = found.values().collect();
        if texts.len() < found.len() && !known.is_rolled_back && !self.is_doubled {
            return Err(format!("a text of {name} was published twice, and sent once"));
        }
        Ok(())
    }
}

/// What is wrong with the content.
#[derive(Debug)]
pub enum Wrong {
    Content(String),
    Unreadable(String),
}

fn newest(known: &Asset) -> u64 {
    known.acknowledged.last_key_value().map_or(0, |(version, _)| *version)
}

/// Whether this status says for certain that nothing was changed.
fn is_definite(status: StatusCode) -> bool {
    status.is_client_error()
}
