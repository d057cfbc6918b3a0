//! Finds the line of a value in a scenario file, for error messages.

use incident::did_you_mean;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

/// The line, from 1, of the byte at `offset`.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or_default().matches('\n').count() + 1
}

/// The line of the value at this path, such as `happens/0/what`. If the file lacks a part of the path, the line of the last part
/// that it has.
pub(super) fn line_of(text: &str, way: &str) -> usize {
    let Ok(root) = DeTable::parse(text) else { return 1 };
    let root = DeValue::Table(root.into_inner());
    let (mut offset, mut value) = (0, &root);
    for step in way.split('/') {
        let next = match value {
            // People look for the key's line, wherever its value begins.
            DeValue::Table(table) => {
                table.iter().find(|(key, _)| key.get_ref() == step).map(|(key, value)| (key.span(), value))
            }
            DeValue::Array(array) => {
                step.parse().ok().and_then(|nth: usize| array.get(nth)).map(|value| (value.span(), value))
            }
            _ => None,
        };
        let Some((span, found)) = next else { break };
        (offset, value) = (span.start, found.get_ref());
    }
    line_at(text, offset)
}

/// A key that the file has and the parsed scenario lacks, with its line. The parser silently ignores some keys, such as the service
/// of a remedy that takes none.
pub(super) fn surplus(text: &str, read: &Value) -> Option<(usize, String)> {
    let root = DeTable::parse(text).ok()?;
    let (offset, key) = surplus_of(root.get_ref(), read)?;
    Some((line_at(text, offset), key))
}

fn surplus_of(table: &DeTable<'_>, read: &Value) -> Option<(usize, String)> {
    table.iter().find_map(|(key, value)| match read.get(key.get_ref().as_ref()) {
        None => Some((key.span().start, key.get_ref().to_string())),
        Some(read) => surplus_in(value.get_ref(), read),
    })
}

fn surplus_in(value: &DeValue<'_>, read: &Value) -> Option<(usize, String)> {
    match value {
        DeValue::Table(table) => surplus_of(table, read),
        DeValue::Array(array) => array
            .iter()
            .enumerate()
            .find_map(|(nth, value)| surplus_in(value.get_ref(), read.get(nth).unwrap_or(&Value::Null))),
        _ => None,
    }
}

/// The parser's message, with a suggestion: the known word that is nearest to the wrong one. The message puts the wrong word first
/// and the expected ones after it, all between backticks. For a table in one line it lists the keys with commas instead.
pub(super) fn suggesting(message: &str) -> String {
    let message = message.trim().replace('\n', "; ");
    let listed = message.strip_prefix("unexpected keys in table: ");
    let suggestion =
        if let Some((wrong, known)) = listed.and_then(|keys| keys.split_once(", available keys: ")) {
            did_you_mean(wrong, known.split(", "))
        } else {
            let mut words = message.split('`').skip(1).step_by(2);
            let wrong = words.next().filter(|_| message.starts_with("unknown "));
            wrong.map(|wrong| did_you_mean(wrong, words)).unwrap_or_default()
        };
    message + &suggestion
}
