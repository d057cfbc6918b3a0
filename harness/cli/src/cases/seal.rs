//! A sealed answer. Teaches commitment: a hash under a secret key reveals nothing about the answer, and keeps its author from changing it
//! later.

use std::{fs, path::Path};

use anyhow::{Context, ensure};
use chassis::Level;
use diagnosis::Answer;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{output::plain, work::shown};

const FORMAT: &str = "glyphfall.case-key/1";

/// The key of a case, with the answer that it opens.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Key {
    format: String,
    pub(super) case: String,
    /// Random bytes in hexadecimal, as many as the hash has.
    key: String,
    pub(super) answer: SealedAnswer,
}

/// The sealed fields. Their order matters: the seal hashes their JSON.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SealedAnswer {
    pub(super) scenario: String,
    pub(super) seed: u64,
    pub(super) level: Level,
    #[serde(flatten)]
    pub(super) answer: Answer,
}

impl Key {
    pub(super) fn new(case: &str, answer: SealedAnswer) -> Self {
        let key = const_hex::encode(rand::random::<[u8; 32]>());
        Self { format: FORMAT.to_owned(), case: case.to_owned(), key, answer }
    }

    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let name = shown(file);
        let text = fs::read(file).with_context(|| format!("cannot read {name}"))?;
        let key: Self = serde_json::from_slice(&text).with_context(|| {
            format!(
                "{name} is not the key of a case: leave in the folder only what 'glyphfall export-case' wrote"
            )
        })?;
        ensure!(
            key.format == FORMAT,
            "{name} is of the format '{}', not '{FORMAT}': export the case again with this version",
            plain(&key.format)
        );
        Ok(key)
    }

    /// HMAC-SHA-256 (RFC 2104) of case and answer as JSON.
    pub(super) fn seal(&self) -> String {
        let mut seal =
            Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).expect("a key may have any length");
        seal.update(
            &serde_json::to_vec(&(&self.case, &self.answer))
                .expect("an answer holds nothing that JSON cannot"),
        );
        const_hex::encode(seal.finalize().into_bytes())
    }
}
