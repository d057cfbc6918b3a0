//! Words that rows share, and resources. Teaches interning that cannot be filled up for good by a stranger.
//!
//! A word is kept once and lives as long as some row holds it: when the dictionary is full, it lets go of what only it
//! still holds. If that does not help, a row gets a word of its own and pays for it.

use std::collections::{BTreeSet, HashSet};
use std::mem::size_of;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource as ResourceMessage;

use crate::limits::{ATTRIBUTES_MAX, RESOURCES_MAX, TEXT_BYTES_MAX, VALUE_DEPTH_MAX, WORD_BYTES_MAX};
use crate::value::{Attributes, Resource, Scope, Value};

/// What an `Arc<str>` costs beside its text: its two counts and a place in the set.
const WORD_COST: usize = 2 * size_of::<usize>() + size_of::<Arc<str>>() + 1;

/// Shared words and resources within a share of the bytes.
pub(crate) struct Dictionary {
    words: HashSet<Arc<str>>,
    resources: BTreeSet<Arc<Resource>>,
    bytes: usize,
    bytes_max: usize,
    /// Sweeping costs as much as there are words: it is done once per so many words that found no place.
    misses_to_sweep: usize,
    charge: usize,
    cut: u64,
}

impl Dictionary {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let (words, resources) = (HashSet::new(), BTreeSet::new());
        Self { words, resources, bytes: 0, bytes_max, misses_to_sweep: 0, charge: 0, cut: 0 }
    }

    /// A short text, shared with all rows that say the same; a long one on the row's own account.
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if text.len() <= WORD_BYTES_MAX {
            return self.word(text);
        }
        let kept = cut(text, TEXT_BYTES_MAX);
        self.cut += u64::from(kept.len() < text.len());
        self.own(kept)
    }

    pub(crate) fn attributes(&mut self, pairs: &[KeyValue]) -> Attributes {
        self.cut += u64::from(pairs.len() > ATTRIBUTES_MAX);
        let pairs = pairs.iter().take(ATTRIBUTES_MAX);
        let kept = pairs.map(|pair| (self.text(&pair.key), self.value(pair.value.as_ref())));
        Attributes::new(kept.collect())
    }

    pub(crate) fn value(&mut self, value: Option<&AnyValue>) -> Value {
        match value.and_then(|value| value.value.as_ref()) {
            None => Value::Text(self.text("")),
            Some(any_value::Value::StringValue(text)) => Value::Text(self.text(text)),
            Some(any_value::Value::BoolValue(value)) => Value::Bool(*value),
            Some(any_value::Value::IntValue(value)) => Value::Int(*value),
            Some(any_value::Value::DoubleValue(value)) => Value::Double(*value),
            Some(compound) => {
                let json = to_json(compound, VALUE_DEPTH_MAX, &mut TEXT_BYTES_MAX.clone());
                Value::Text(self.text(&json.to_string()))
            }
        }
    }

    pub(crate) fn scope(&mut self, scope: Option<&InstrumentationScope>) -> Scope {
        let (name, version) = scope.map_or(("", ""), |scope| (&scope.name, &scope.version));
        Scope { name: self.text(name), version: self.text(version) }
    }

    /// The sender, or nothing if too many senders are known already.
    pub(crate) fn resource(&mut self, message: Option<&ResourceMessage>) -> Option<Arc<Resource>> {
        self.charge = 0;
        let attributes = self.attributes(message.map_or(&[], |message| &message.attributes));
        let charge = self.take_charge();
        let service = attributes.text("service.name").cloned();
        let service = service.unwrap_or_else(|| self.text("unknown_service"));
        let instance = attributes.text("service.instance.id").cloned();
        let resource = Resource { service, instance, attributes };
        if let Some(known) = self.resources.get(&resource) {
            return Some(Arc::clone(known));
        }
        let cost = charge + size_of::<Resource>() + resource.attributes.bytes();
        if self.resources.len() >= RESOURCES_MAX || self.bytes + cost > self.bytes_max {
            self.sweep();
        }
        if self.resources.len() >= RESOURCES_MAX || self.bytes + cost > self.bytes_max {
            return None;
        }
        self.bytes += cost;
        let resource = Arc::new(resource);
        self.resources.insert(Arc::clone(&resource));
        Some(resource)
    }

    /// What the row that was just made has to pay for texts of its own.
    pub(crate) fn take_charge(&mut self) -> usize {
        std::mem::take(&mut self.charge)
    }

    /// How many texts and lists had to be cut since this was last asked.
    pub(crate) fn take_cut(&mut self) -> u64 {
        std::mem::take(&mut self.cut)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn word(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.words.get(text) {
            return Arc::clone(known);
        }
        let cost = text.len() + WORD_COST;
        if self.bytes + cost > self.bytes_max {
            self.misses_to_sweep = self.misses_to_sweep.saturating_sub(1);
            if self.misses_to_sweep == 0 {
                self.sweep();
            }
            if self.bytes + cost > self.bytes_max {
                return self.own(text);
            }
        }
        self.bytes += cost;
        let word: Arc<str> = text.into();
        self.words.insert(Arc::clone(&word));
        word
    }

    fn own(&mut self, text: &str) -> Arc<str> {
        self.charge += text.len() + WORD_COST;
        text.into()
    }

    fn sweep(&mut self) {
        self.resources.retain(|resource| Arc::strong_count(resource) > 1);
        self.words.retain(|word| Arc::strong_count(word) > 1);
        let words: usize = self.words.iter().map(|word| word.len() + WORD_COST).sum();
        let resources: usize = self.resources.iter().map(|resource| cost(resource)).sum();
        self.bytes = words + resources;
        self.misses_to_sweep = self.words.len() / 2 + 1;
    }
}

/// A resource with the texts that are its own: those too long to be words.
fn cost(resource: &Resource) -> usize {
    let long = |text: &Arc<str>| if text.len() > WORD_BYTES_MAX { text.len() + WORD_COST } else { 0 };
    let texts = resource.attributes.iter().map(|(key, value)| match value {
        Value::Text(text) => long(key) + long(text),
        _ => long(key),
    });
    size_of::<Resource>() + resource.attributes.bytes() + texts.sum::<usize>()
}

/// The beginning of a text that fits, ending where a character ends.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A compound value as JSON, so deep and so long and no more.
fn to_json(value: &any_value::Value, depth: usize, bytes_left: &mut usize) -> serde_json::Value {
    use serde_json::Value as Json;
    let inner =
        |value: Option<&AnyValue>, left: &mut usize| match value.and_then(|value| value.value.as_ref()) {
            Some(value) if depth > 0 && *left > 0 => to_json(value, depth - 1, left),
            Some(_) => Json::from("…"),
            None => Json::Null,
        };
    *bytes_left = bytes_left.saturating_sub(size_of::<u64>());
    match value {
        any_value::Value::StringValue(text) => {
            let kept = cut(text, *bytes_left);
            *bytes_left -= kept.len();
            Json::from(kept)
        }
        any_value::Value::BoolValue(value) => Json::from(*value),
        any_value::Value::IntValue(value) => Json::from(*value),
        any_value::Value::DoubleValue(value) => Json::from(*value),
        any_value::Value::ArrayValue(array) => {
            let values = array.values.iter().take(ATTRIBUTES_MAX);
            values.map(|value| inner(Some(value), bytes_left)).collect()
        }
        any_value::Value::KvlistValue(list) => {
            let pairs = list.values.iter().take(ATTRIBUTES_MAX);
            let pairs = pairs.map(|pair| {
                let key = cut(&pair.key, *bytes_left).to_owned();
                *bytes_left -= key.len();
                (key, inner(pair.value.as_ref(), bytes_left))
            });
            Json::Object(pairs.collect())
        }
        any_value::Value::BytesValue(bytes) => {
            let shown = &bytes[..bytes.len().min(*bytes_left / 2)];
            *bytes_left -= 2 * shown.len();
            Json::from(crate::ids::hex(shown))
        }
        any_value::Value::StringValueStrindex(_) => Json::Null,
    }
}
