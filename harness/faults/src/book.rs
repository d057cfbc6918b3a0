//! What editors were told, and whether the content store still holds it. Teaches that an answer is a promise, and that no answer is not a
//! refusal: a publish whose answer was lost may be there or not, and both are right.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use content_store::storage::{Storage, StorageError};
use http::StatusCode;
use world::EditorError;

use crate::plan::ASSETS;

/// How long after a delete whose author has given up it may still be carried out: as long as its bytes can be under way.
const DELETE_LATE_S: f64 = 15.0;

/// Versions that are read of an asset: more than a plan publishes.
const HISTORY_MAX: usize = 100;

/// What is known of each asset.
#[derive(Clone, Debug)]
pub struct Book {
    assets: BTreeMap<&'static str, Asset>,
    /// Whether a request of an editor can have arrived twice.
    pub is_doubled: bool,
}

#[derive(Clone, Debug, Default)]
struct Asset {
    /// By version: what was acknowledged, and when. Of a roll back nobody says the text.
    acknowledged: BTreeMap<u64, Acknowledged>,
    /// Every text that may be there.
    sent: BTreeSet<Bytes>,
    /// Texts that were refused, and nobody sent again.
    refused: BTreeSet<Bytes>,
    is_rolled_back: bool,
    /// Deletes under way.
    deleting: u32,
    /// What was acknowledged until this second may have been deleted.
    deleted_until_s: f64,
    /// A delete was acknowledged that began when this version had been: it and all before it are gone.
    deleted_to: u64,
}

#[derive(Clone, Debug)]
struct Acknowledged {
    text: Option<Bytes>,
    at_s: f64,
}

/// A change that an editor waits for.
#[derive(Clone, Debug)]
pub struct Begun {
    asset: &'static str,
    text: Option<Bytes>,
    /// The newest version that was acknowledged before.
    newest: u64,
}

impl Book {
    /// A store that holds what a shop begins with.
    pub fn new() -> Self {
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

    fn asset(&mut self, name: &'static str) -> &mut Asset {
        self.assets.entry(name).or_default()
    }

    /// An editor sends a text.
    pub fn publishes(&mut self, asset: &'static str, text: &Bytes) -> Begun {
        let known = self.asset(asset);
        known.sent.insert(text.clone());
        known.refused.remove(text);
        Begun { asset, text: Some(text.clone()), newest: newest(known) }
    }

    /// Somebody rolls back.
    pub fn rolls_back(&mut self, asset: &'static str) -> Begun {
        let known = self.asset(asset);
        known.is_rolled_back = true;
        Begun { asset, text: None, newest: newest(known) }
    }

    /// What came of it.
    ///
    /// # Errors
    ///
    /// When the answer contradicts an earlier one.
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
            // Nobody knows.
            Err(_) => {}
        }
        Ok(())
    }

    /// An editor deletes an asset.
    pub fn deletes(&mut self, asset: &'static str) -> Begun {
        let known = self.asset(asset);
        known.deleting += 1;
        Begun { asset, text: None, newest: newest(known) }
    }

    /// What came of it.
    pub fn deleted(&mut self, begun: &Begun, answer: &Result<(), EditorError>, at_s: f64) {
        let is_doubled = self.is_doubled;
        let known = self.asset(begun.asset);
        known.deleting -= 1;
        let is_refused = matches!(answer, Err(EditorError::Refused { status, .. }) if is_definite(*status));
        if answer.is_ok() {
            known.deleted_to = known.deleted_to.max(begun.newest);
        }
        if !is_refused || is_doubled {
            // A doubled one may come later still.
            let late_s = if answer.is_ok() && !is_doubled { 0.0 } else { DELETE_LATE_S };
            known.deleted_until_s = known.deleted_until_s.max(at_s + late_s);
        }
    }

    /// Whether an editor waits for a delete.
    pub fn is_deleting(&self) -> bool {
        self.assets.values().any(|asset| asset.deleting > 0)
    }

    /// Whether `storage` holds what was acknowledged, in order, and nothing that nobody sent.
    ///
    /// # Errors
    ///
    /// What is wrong; none of it if the storage cannot be read.
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

impl Default for Book {
    fn default() -> Self {
        Self::new()
    }
}

/// What is wrong with the content.
#[derive(Debug)]
pub enum Wrong {
    /// It is not what it should be.
    Content(String),
    /// It cannot be read.
    Unreadable(String),
}

fn newest(known: &Asset) -> u64 {
    known.acknowledged.last_key_value().map_or(0, |(version, _)| *version)
}

/// Whether such an answer says that nothing was changed.
fn is_definite(status: StatusCode) -> bool {
    status.is_client_error()
}
