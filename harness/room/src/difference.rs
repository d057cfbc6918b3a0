//! The difference between two states, as a JSON Patch (RFC 6902). Teaches to send followers only the changes: a state of a hundred kilobytes
//! changes by a few hundred bytes a second.
//!
//! Lists here grow at their end, lose single entries, or have single entries changed. So a patch skips the common beginning and the common end of
//! two lists. If the rest is as long as before, it is compared entry by entry; otherwise it is replaced. A list of plain values, such as a curve,
//! is replaced whole, because all its values move by one place each second.

use serde_json::{Value, json};

/// The operations that turn `before` into `after`, in order.
pub fn difference(before: &Value, after: &Value) -> Vec<Value> {
    let mut operations = Vec::new();
    walk("", before, after, &mut operations);
    operations
}

fn walk(path: &str, before: &Value, after: &Value, operations: &mut Vec<Value>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(before), Value::Object(after)) => {
            let gone = before.keys().filter(|key| !after.contains_key(*key));
            operations.extend(gone.map(|key| json!({ "op": "remove", "path": at(path, key) })));
            for (key, value) in after {
                match before.get(key) {
                    Some(known) => walk(&at(path, key), known, value, operations),
                    None => operations.push(json!({ "op": "add", "path": at(path, key), "value": value })),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if !after.is_empty() && after.iter().all(is_composed) => {
            entries(path, before, after, operations);
        }
        _ => operations.push(json!({ "op": "replace", "path": path, "value": after })),
    }
}

fn entries(path: &str, before: &[Value], after: &[Value], operations: &mut Vec<Value>) {
    let first = before.iter().zip(after).take_while(|(before, after)| before == after).count();
    let (before, after) = (&before[first..], &after[first..]);
    let last =
        before.iter().rev().zip(after.iter().rev()).take_while(|(before, after)| before == after).count();
    let (before, after) = (&before[..before.len() - last], &after[..after.len() - last]);
    if before.len() == after.len() {
        for (place, (before, after)) in (first..).zip(before.iter().zip(after)) {
            walk(&format!("{path}/{place}"), before, after, operations);
        }
        return;
    }
    operations.extend(before.iter().map(|_| json!({ "op": "remove", "path": format!("{path}/{first}") })));
    let placed = (first..).zip(after);
    operations.extend(
        placed
            .map(|(place, value)| json!({ "op": "add", "path": format!("{path}/{place}"), "value": value })),
    );
}

fn is_composed(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// One step further along a JSON Pointer (RFC 6901).
fn at(path: &str, step: &str) -> String {
    format!("{path}/{}", step.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies the patch with an independent implementation, and expects the new state.
    fn check(before: &Value, after: &Value, operations: usize) {
        let difference = difference(before, after);
        assert_eq!(difference.len(), operations, "{difference:?}");
        let patch: json_patch::Patch = serde_json::from_value(Value::Array(difference)).unwrap();
        let mut patched = before.clone();
        json_patch::patch(&mut patched, &patch).unwrap();
        assert_eq!(&patched, after);
    }

    #[test]
    fn a_patch_makes_the_new_state_of_the_old_one() {
        let claim = |id: u32, words: &str| json!({ "id": id, "words": words, "pins": [1, 2] });
        let state =
            |claims: Vec<Value>, loss: f64| json!({ "a/b": 1, "claims": claims, "loss": loss, "log": [] });
        let three = || vec![claim(1, "a"), claim(2, "b"), claim(3, "c")];
        check(&state(three(), 0.0), &state(three(), 0.0), 0);
        check(&state(three(), 0.0), &state(three(), 1.5), 1);
        // Added at the end, taken from the middle, changed, replaced, emptied.
        check(&state(three(), 0.0), &state([three(), vec![claim(4, "d")]].concat(), 0.0), 1);
        check(&state(three(), 0.0), &state(vec![claim(1, "a"), claim(3, "c")], 0.0), 1);
        check(&state(three(), 0.0), &state(vec![claim(1, "a"), claim(2, "other"), claim(3, "c")], 0.0), 1);
        check(&state(three(), 0.0), &state(vec![claim(7, "x"), claim(8, "y")], 0.0), 5);
        check(&state(three(), 0.0), &state(Vec::new(), 0.0), 1);
        // A curve is replaced whole; null becomes a value; a key is added and another removed.
        check(&json!({ "history": [1, 2, 3] }), &json!({ "history": [2, 3, 4] }), 1);
        check(&json!({ "round": null }), &json!({ "round": { "number": 1 } }), 1);
        check(&json!({ "a/b": 1, "c~": 2 }), &json!({ "a/b": 2, "d": [[1]] }), 3);
        check(&json!([1]), &json!({}), 1);
    }

    #[test]
    fn one_more_claim_costs_one_claim() {
        let claims = |count: u32| json!({ "claims": (0..count).map(|id| json!({ "id": id, "words": "x".repeat(500) })).collect::<Vec<_>>() });
        let patch = serde_json::to_string(&difference(&claims(199), &claims(200))).unwrap();
        assert!(patch.len() < 600, "{}", patch.len());
    }
}
