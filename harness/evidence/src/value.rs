//! Attributes as rows store them: shared words and four kinds of values. Teaches that the wire format is not a storage format.

use std::cmp::Ordering;
use std::fmt;
use std::mem::size_of;
use std::sync::Arc;

/// A float that can be sorted, in the total order of IEEE 754, which gives NaN a place too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Float(pub(crate) f64);

impl Ord for Float {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Float {}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Text(Arc<str>),
    Bool(bool),
    Int(i64),
    Double(Float),
}

impl Value {
    /// Whether its text form is `text`.
    pub(crate) fn is(&self, text: &str) -> bool {
        match self {
            Self::Text(own) => &**own == text,
            Self::Bool(own) => text == if *own { "true" } else { "false" },
            Self::Int(own) => text.parse() == Ok(*own),
            Self::Double(own) => text.parse() == Ok(own.0),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(value) => f.write_str(value),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Double(value) => write!(f, "{}", value.0),
        }
    }
}

/// Attributes sorted by key, each key once.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Attributes(Box<[(Arc<str>, Value)]>);

impl Attributes {
    /// Of several values for one key, the last counts, as in a map.
    pub(crate) fn new(mut pairs: Vec<(Arc<str>, Value)>) -> Self {
        pairs.reverse();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|a, b| a.0 == b.0);
        Self(pairs.into_boxed_slice())
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.binary_search_by(|(own, _)| (**own).cmp(key)).ok().map(|at| &self.0[at].1)
    }

    pub(crate) fn text(&self, key: &str) -> Option<&Arc<str>> {
        match self.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Whether it has all these attributes with these values.
    pub(crate) fn have(&self, wanted: &[(String, String)]) -> bool {
        wanted.iter().all(|(key, value)| self.get(key).is_some_and(|own| own.is(value)))
    }

    /// Whether a value contains `needle`, ignoring ASCII case.
    pub(crate) fn mention(&self, needle: &str) -> bool {
        self.0.iter().any(|(_, value)| match value {
            Value::Text(text) => contains(text, needle),
            other => contains(&other.to_string(), needle),
        })
    }

    pub(crate) fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        let json = |value: &Value| match value {
            Value::Text(text) => (**text).into(),
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::Double(value) => value.0.into(),
        };
        self.iter().map(|(key, value)| (key.to_string(), json(value))).collect()
    }

    /// The bytes charged to the row. Shared words are counted in the dictionary.
    pub(crate) fn bytes(&self) -> usize {
        self.0.len() * size_of::<(Arc<str>, Value)>()
    }
}

/// Whether `text` contains `needle`, ignoring ASCII case.
pub(crate) fn contains(text: &str, needle: &str) -> bool {
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    needle.is_empty() || text.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle))
}

/// The sender of a row.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Resource {
    /// Whether the evidence is about this service. Otherwise it is a stranger.
    pub(crate) is_own: bool,
    pub(crate) service: Arc<str>,
    pub(crate) instance: Option<Arc<str>>,
    pub(crate) attributes: Attributes,
}

/// The meter, logger or tracer that made a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    pub(crate) name: Arc<str>,
    pub(crate) version: Arc<str>,
    pub(crate) attributes: Attributes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_equal_keys_counts() {
        let pair = |key: &str, value| (Arc::from(key), Value::Int(value));
        let attributes = Attributes::new(vec![pair("b", 1), pair("a", 2), pair("b", 3)]);
        assert!(attributes.have(&[("a".into(), "2".into()), ("b".into(), "3".into())]));
        assert_eq!(attributes.iter().count(), 2);
    }

    #[test]
    fn text_is_found_in_any_case() {
        for (text, needle, expected) in
            [("Promo-Banner", "banner", true), ("", "", true), ("ab", "abc", false), ("ÄB", "b", true)]
        {
            assert_eq!(contains(text, needle), expected, "{needle} in {text}");
        }
    }
}
