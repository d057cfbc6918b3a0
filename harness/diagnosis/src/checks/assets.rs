//! Compares two versions of an asset to see what editors changed. Teaches that comparing bytes finds a character that nobody sees, and
//! reading does not.

use std::collections::BTreeMap;

use evidence::UnixTime;
use incident::Service;
use serde_json::Value;

use super::{CHANGES_WITHIN, Look, changes, logs, probes::PATIENCE, traces};
use crate::{Finding, Probes, cause::Class};

/// The outcomes of a comparison, the gravest last. They say what an edit brought in, and not how the shop reacts to it.
pub const DIFFERENCES: &[&str] =
    &["no-suspect", "no-answer", "words", "punctuation", "unusual", "bytes", "control"];

pub const COUNT: &[&str] = &["none", "one", "few", "many", "no-answer"];

/// The most assets that one look compares, the newest first: a person's patience.
const SUSPECTS_MAX: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspects {
    /// The texts that were published lately, by the content store's own list.
    History,
    Logs,
    Traces,
    Changes,
}

/// The texts that were published in the hour before the call, by the store's own list.
pub async fn newest(look: &Look<'_>, probes: &impl Probes) -> Finding {
    let Some(assets) = published_lately(look, probes).await else {
        return Finding::new("no-answer", "the store does not answer");
    };
    let shown = assets.iter().take(3).cloned().collect::<Vec<_>>().join(" ");
    let text = format!("{} published, the newest {shown}", assets.len());
    Finding::new(count(assets.len()), text).naming(assets.into_iter().next())
}

pub(super) fn count(assets: usize) -> &'static str {
    match assets {
        0 => "none",
        1 => "one",
        2..=6 => "few",
        _ => "many",
    }
}

/// Compares the newest version of each suspect with the one before, and reports the gravest difference.
pub async fn differences(suspects: Suspects, look: &Look<'_>, probes: &impl Probes) -> Finding {
    let assets = match suspects {
        Suspects::History => published_lately(look, probes).await,
        Suspects::Logs => Some(logs::named_assets(look).into_iter().collect()),
        Suspects::Traces => Some(traces::named_assets(look).into_iter().collect()),
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

/// What an edit brought into a text: its class, and the character or bytes if they are special.
pub fn judge(before: &[u8], after: &[u8]) -> (Class, Option<String>) {
    let begins = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let rest = (&before[begins..], &after[begins..]);
    let ends = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old, new) = (&rest.0[..rest.0.len() - ends], &rest.1[..rest.1.len() - ends]);
    let Ok(text) = std::str::from_utf8(after) else {
        let bytes: Vec<String> =
            new.iter().filter(|byte| !byte.is_ascii()).map(|byte| format!("0x{byte:02X}")).collect();
        return (Class::Bytes, Some(bytes.join(" ")));
    };
    let known = String::from_utf8_lossy(before);
    let is_new = |character: &char| !known.contains(*character);
    let control = |character: &char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    if let Some(character) = text.chars().filter(is_new).find(control) {
        let class = if character == '\0' { Class::Nul } else { Class::Control };
        return (class, Some(format!("U+{:04X}", u32::from(character))));
    }
    if text.chars().filter(is_new).any(|character| !character.is_ascii()) {
        return (Class::Unusual, None);
    }
    // If the replacement is as long as the original, only the bytes that differ count.
    let differing: Vec<u8> = if old.len() == new.len() {
        old.iter().zip(new).filter(|(old, new)| old != new).map(|(_, new)| *new).collect()
    } else {
        new.to_vec()
    };
    let is_punctuation = !differing.is_empty() && differing.iter().all(u8::is_ascii_punctuation);
    (if is_punctuation { Class::Punctuation } else { Class::Words }, None)
}

/// The outcome in [`DIFFERENCES`] for a class of characters. A NUL counts as a control character; the finding's text names it.
pub(crate) fn word(class: Class) -> &'static str {
    match class {
        Class::Words => "words",
        Class::Punctuation => "punctuation",
        Class::Unusual => "unusual",
        Class::Bytes => "bytes",
        Class::Control | Class::Nul => "control",
    }
}

async fn compare(asset: &str, look: &Look<'_>, probes: &impl Probes) -> Finding {
    let store = Service::ContentStore;
    let mut versions: Vec<u64> = Vec::new();
    let history = probes.get(store, &format!("/assets/{asset}/versions"), PATIENCE).await.ok();
    if let Some(Value::Array(history)) = history.and_then(|reply| serde_json::from_slice(&reply.body).ok()) {
        // Versions published after the call are the responder's own.
        let is_before = |version: &&Value| published_at(version).is_none_or(|time| time <= look.noticed);
        versions.extend(history.iter().filter(is_before).filter_map(|version| version["version"].as_u64()));
    }
    versions.sort_unstable();
    let [.., before, after] = versions.as_slice() else {
        return if versions.is_empty() {
            Finding::new("no-answer", format!("the store gives no history of {asset}"))
        } else {
            Finding::new("words", format!("{asset} was not changed"))
        };
    };
    let mut bodies = Vec::new();
    for version in [before, after] {
        match probes.get(store, &format!("/assets/{asset}/versions/{version}/body"), PATIENCE).await {
            Ok(reply) if reply.status == 200 => bodies.push(reply.body),
            _ => return Finding::new("no-answer", format!("the store does not give {asset}")),
        }
    }
    let (class, character) = judge(&bodies[0], &bodies[1]);
    let outcome = word(class);
    let shown = character.as_ref().map(|character| format!(" {character}")).unwrap_or_default();
    Finding {
        outcome,
        text: format!("{asset} version {after}: {outcome}{shown}"),
        asset: (class > Class::Words).then(|| asset.to_owned()),
        class: Some(class),
        character,
    }
}

/// Assets published in the hour before the call, the newest first.
async fn published_lately(look: &Look<'_>, probes: &impl Probes) -> Option<Vec<String>> {
    let reply = probes.get(Service::ContentStore, "/assets", PATIENCE).await.ok()?;
    let listed: Vec<Value> = serde_json::from_slice(&reply.body).ok()?;
    let (since, until) = (look.noticed.minus(CHANGES_WITHIN), look.noticed);
    let is_changed = |asset: &&Value| {
        asset["version"].as_u64() > Some(1)
            && published_at(asset).is_some_and(|time| (since..=until).contains(&time))
    };
    let changed = listed.iter().filter(is_changed);
    let dated: BTreeMap<(UnixTime, &str), &str> = changed
        .filter_map(|asset| Some((published_at(asset)?, asset["id"].as_str()?)))
        .map(|(time, id)| ((time, id), id))
        .collect();
    Some(dated.into_values().rev().map(str::to_owned).collect())
}

fn published_at(version: &Value) -> Option<UnixTime> {
    version["published_at"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_judged_by_its_bytes() {
        let check = |before: &str, after: &[u8], class, character: Option<&str>| {
            assert_eq!(judge(before.as_bytes(), after), (class, character.map(str::to_owned)), "{after:?}");
        };
        check("a b c", b"a\x0b b c", Class::Control, Some("U+000B"));
        check("a b c", b"a b\0 c", Class::Nul, Some("U+0000"));
        check("a b c", b"a\x93\x94 b c", Class::Bytes, Some("0x93 0x94"));
        check("1.20 2.30", b"1,20 2,30", Class::Punctuation, None);
        check("a. b", b"a, b", Class::Punctuation, None);
        check("a", "a\n\u{e9}".as_bytes(), Class::Unusual, None);
        check("a\nb\nc", "a\u{2028}b\u{2028}c".as_bytes(), Class::Unusual, None);
        check("a", b"a\nNew this week.", Class::Words, None);
        check("a\x0b", b"a", Class::Words, None);
    }
}
