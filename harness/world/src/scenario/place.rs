//! Where in a scenario file something stands, for messages that lead people to the line.

use incident::did_you_mean;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::check::Step;

/// The line, from 1, of the byte at `offset`.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or_default().matches('\n').count() + 1
}

/// The line of the value at the end of this way, or of the last value on it that the file has.
pub(super) fn line_of(text: &str, way: &[Step]) -> usize {
    let Ok(root) = DeTable::parse(text) else { return 1 };
    let (mut offset, mut value): (usize, Option<&DeValue<'_>>) = (0, None);
    for step in way {
        let next = match (value, step) {
            (None, Step::Key(key)) => member(root.get_ref(), key),
            (Some(DeValue::Table(table)), Step::Key(key)) => member(table, key),
            (Some(DeValue::Array(array)), Step::Nth(nth)) => {
                array.get(*nth).map(|value| (value.span().start, value.get_ref()))
            }
            _ => None,
        };
        let Some((start, found)) = next else { break };
        (offset, value) = (start, Some(found));
    }
    line_at(text, offset)
}

fn member<'a>(table: &'a DeTable<'a>, key: &str) -> Option<(usize, &'a DeValue<'a>)> {
    let (key, value) = table.iter().find(|(known, _)| known.get_ref() == key)?;
    // The key's line is the one that people look for, wherever its value begins.
    Some((key.span().start, value.get_ref()))
}

/// A key of the file that the scenario read from it does not have, and its line: a remedy that takes no service is read without
/// a word about the service that stands there.
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

/// The reader's message, with the known word that is nearest to the wrong one. First it names what stands in the file, then what it
/// expected, all of it between backticks; of a table in one line it lists the keys with commas.
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
