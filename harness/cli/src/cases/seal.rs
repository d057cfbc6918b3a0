//! A sealed answer. Teaches commitment: a hash under a key that nobody knows yet tells nothing of the answer, and binds whoever wrote it.

use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

use anyhow::{Context, ensure};
use chassis::Level;
use diagnosis::{Answer, cause::Cause};
use hmac::{Hmac, KeyInit, Mac};
use incident::{ContributingFactor, Service};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::output::plain;

/// The format of a key's file.
const FORMAT: &str = "glyphfall.case-key/1";

/// The key of a case, with the answer that it opens.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Key {
    format: String,
    pub(super) case: String,
    /// As many random bytes as the hash has, in hexadecimal.
    key: String,
    pub(super) answer: SealedAnswer,
}

/// All that is sealed, in this order.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SealedAnswer {
    pub(super) scenario: String,
    pub(super) seed: u64,
    pub(super) level: Level,
    cause: String,
    parts: Option<Cause>,
    asset: Option<String>,
    character: Option<String>,
    path: Vec<Service>,
    factors: BTreeSet<ContributingFactor>,
}

impl SealedAnswer {
    pub(super) fn new(scenario: &str, seed: u64, level: Level, answer: Answer) -> Self {
        let Answer { cause, parts, asset, character, path, factors } = answer;
        Self { scenario: scenario.to_owned(), seed, level, cause, parts, asset, character, path, factors }
    }

    pub(super) fn answer(&self) -> Answer {
        Answer {
            cause: self.cause.clone(),
            parts: self.parts,
            asset: self.asset.clone(),
            character: self.character.clone(),
            path: self.path.clone(),
            factors: self.factors.clone(),
        }
    }
}

impl Key {
    pub(super) fn new(case: &str, answer: SealedAnswer) -> Self {
        let key = hexadecimal(&rand::random::<[u8; 32]>());
        Self { format: FORMAT.to_owned(), case: case.to_owned(), key, answer }
    }

    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let name = plain(&file.display().to_string());
        let text = fs::read(file).with_context(|| format!("cannot read {name}"))?;
        let key: Self = serde_json::from_slice(&text).with_context(|| {
            format!("{name} is no key of a case: leave in the folder only what 'glyphfall export-case' wrote")
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
        hexadecimal(&seal.finalize().into_bytes())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
