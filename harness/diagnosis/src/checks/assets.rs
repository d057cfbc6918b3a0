//! What editors changed: two versions of an asset, side by side. Teaches that a character that nobody sees is found by comparing
//! bytes, not by reading.

use std::collections::BTreeSet;

use evidence::UnixTime;
use incident::Service;
use serde_json::Value;

use super::{CHANGES_WITHIN, Look, changes, logs, traces};
use crate::{Finding, Probes};

/// What a comparison can say, the gravest last.
pub const DIFFERENCES: &[&str] =
    &["no-suspect", "no-answer", "plain", "unusual", "commas-for-points", "not-utf-8", "control", "nul"];

/// Assets compared at most: a person's patience.
const SUSPECTS_MAX: usize = 8;

/// Which assets to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspects {
    /// What the content store's own list says was published lately.
    History,
    /// What error lines name.
    Logs,
    /// What failed spans name.
    Traces,
    /// What change events name.
    Changes,
}

/// Compares the newest version of each suspect with the one before, and tells the gravest difference.
pub async fn differences(suspects: Suspects, look: &Look<'_>, probes: &impl Probes) -> Finding {
    let assets = match suspects {
        Suspects::History => published_lately(look, probes).await,
        Suspects::Logs => Some(logs::named_assets(look)),
        Suspects::Traces => Some(traces::named_assets(look)),
        Suspects::Changes => Some(changes::published_assets(look)),
    };
    let Some(assets) = assets else { return Finding::new("no-answer", "the store does not answer") };
    let mut gravest = Finding::new("no-suspect", "no asset to compare");
    for asset in assets.into_iter().take(SUSPECTS_MAX) {
        let finding = compare(&asset, look, probes).await;
        let grave = |finding: &Finding| DIFFERENCES.iter().position(|known| *known == finding.outcome);
        if grave(&finding) > grave(&gravest) {
            gravest = finding;
        }
    }
    gravest
}

/// What an edit did to a text: the outcome, and the character if it is a special one.
pub fn judge(before: &[u8], after: &[u8]) -> (&'static str, Option<String>) {
    let begins = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let rest = (&before[begins..], &after[begins..]);
    let ends = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old, new) = (&rest.0[..rest.0.len() - ends], &rest.1[..rest.1.len() - ends]);
    let commas_for_points = !old.is_empty()
        && old.len() == new.len()
        && old.iter().zip(new).all(|(old, new)| old == new || (*old, *new) == (b'.', b','));
    if commas_for_points {
        return ("commas-for-points", None);
    }
    let Ok(text) = std::str::from_utf8(after) else {
        let bytes: Vec<String> =
            new.iter().filter(|byte| !byte.is_ascii()).map(|byte| format!("0x{byte:02X}")).collect();
        return ("not-utf-8", Some(bytes.join(" ")));
    };
    let known = String::from_utf8_lossy(before);
    let is_new = |character: &char| !known.contains(*character);
    let control = |character: &char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    match text.chars().filter(is_new).find(control) {
        Some('\0') => ("nul", Some("U+0000".to_owned())),
        Some(character) => ("control", Some(format!("U+{:04X}", u32::from(character)))),
        None if text.chars().filter(is_new).any(|character| !character.is_ascii()) => ("unusual", None),
        None => ("plain", None),
    }
}

async fn compare(asset: &str, look: &Look<'_>, probes: &impl Probes) -> Finding {
    let store = Service::ContentStore;
    let mut versions: Vec<u64> = Vec::new();
    let history = probes.get(store, &format!("/assets/{asset}/versions")).await.ok();
    if let Some(Value::Array(history)) = history.and_then(|reply| serde_json::from_slice(&reply.body).ok()) {
        // What was published after the call is a responder's own.
        let is_before = |version: &&Value| published_at(version).is_none_or(|time| time <= look.noticed);
        versions.extend(history.iter().filter(is_before).filter_map(|version| version["version"].as_u64()));
    }
    versions.sort_unstable();
    let [.., before, after] = versions.as_slice() else {
        return if versions.is_empty() {
            Finding::new("no-answer", format!("the store gives no history of {asset}"))
        } else {
            Finding::new("plain", format!("{asset} was not changed"))
        };
    };
    let mut bodies = Vec::new();
    for version in [before, after] {
        match probes.get(store, &format!("/assets/{asset}/versions/{version}/body")).await {
            Ok(reply) if reply.status == 200 => bodies.push(reply.body),
            _ => return Finding::new("no-answer", format!("the store does not give {asset}")),
        }
    }
    let (outcome, character) = judge(&bodies[0], &bodies[1]);
    let harms = !matches!(outcome, "plain" | "unusual");
    let shown = character.as_ref().map(|character| format!(" {character}")).unwrap_or_default();
    Finding {
        outcome,
        text: format!("{asset} version {after}: {outcome}{shown}"),
        asset: harms.then(|| asset.to_owned()),
        character,
    }
}

async fn published_lately(look: &Look<'_>, probes: &impl Probes) -> Option<BTreeSet<String>> {
    let reply = probes.get(Service::ContentStore, "/assets").await.ok()?;
    let listed: Vec<Value> = serde_json::from_slice(&reply.body).ok()?;
    let since = look.noticed.minus(CHANGES_WITHIN);
    let is_changed = |asset: &&Value| {
        asset["version"].as_u64() > Some(1) && published_at(asset).is_some_and(|time| time >= since)
    };
    Some(
        listed.iter().filter(is_changed).filter_map(|asset| Some(asset["id"].as_str()?.to_owned())).collect(),
    )
}

fn published_at(version: &Value) -> Option<UnixTime> {
    version["published_at"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_judged_by_its_bytes() {
        let check = |before: &str, after: &[u8], outcome, character: Option<&str>| {
            assert_eq!(judge(before.as_bytes(), after), (outcome, character.map(str::to_owned)), "{after:?}");
        };
        check("a b c", b"a\x0b b c", "control", Some("U+000B"));
        check("a b c", b"a b\0 c", "nul", Some("U+0000"));
        check("a b c", b"a\x93\x94 b c", "not-utf-8", Some("0x93 0x94"));
        check("1.20 2.30", b"1,20 2,30", "commas-for-points", None);
        check("a", "a\n\u{e9}".as_bytes(), "unusual", None);
        check("a", b"a\nNew this week.", "plain", None);
        check("a\x0b", b"a", "plain", None);
    }
}
