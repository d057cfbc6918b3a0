//! Words that rows share, and resources. Teaches interning that cannot be filled up for good by a stranger.
//!
//! A word is kept once and lives as long as some row holds it: when the dictionary is full, it lets go of what only it
//! still holds. If that does not help, a row gets a word of its own and pays for it. So it is with the names of senders:
//! no sender is one too many, only dearer.

use std::collections::{BTreeSet, HashSet};
use std::mem::size_of;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource as ResourceMessage;

use crate::limits::{
    ATTRIBUTES_MAX, Limits, RESOURCES_MAX, TEXT_BYTES_MAX, VALUE_DEPTH_MAX, WORD_BYTES_MAX, strangers_part,
};
use crate::value::{Attributes, Resource, Scope, Value};

/// What an `Arc<str>` costs beside its text: its two counts and a place in the set.
const WORD_COST: usize = 2 * size_of::<usize>() + size_of::<Arc<str>>() + 1;

/// The name of a sender that gives none.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// Shared words and resources within a share of the bytes.
pub(crate) struct Dictionary {
    words: HashSet<Arc<str>>,
    resources: BTreeSet<Arc<Resource>>,
    bytes: usize,
    bytes_max: usize,
    /// Sweeping costs as much as there are words: it is done once per so many that found no place.
    misses_to_sweep: usize,
    /// What the row that is being made pays for, and what the next one pays for its sender.
    charge: usize,
    sender_charge: usize,
    /// Whether the sender of the rows that are being made is a stranger.
    is_strangers: bool,
    cut: u64,
}

impl Dictionary {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let (words, resources) = (HashSet::new(), BTreeSet::new());
        let (bytes, misses_to_sweep, charge, sender_charge, is_strangers, cut) = (0, 0, 0, 0, false, 0);
        Self { words, resources, bytes, bytes_max, misses_to_sweep, charge, sender_charge, is_strangers, cut }
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

    /// The logger or tracer. The next row is charged for the bytes of its name.
    pub(crate) fn scope_name(&mut self, scope: Option<&InstrumentationScope>) -> Arc<str> {
        self.begin_row();
        let name = self.text(scope.map_or("", |scope| &scope.name));
        self.sender_charge += std::mem::take(&mut self.charge);
        name
    }

    /// The meter with everything that identifies it. The next row is charged for its bytes.
    pub(crate) fn scope(&mut self, scope: Option<&InstrumentationScope>) -> Arc<Scope> {
        self.begin_row();
        let (name, version) = scope.map_or(("", ""), |scope| (&scope.name, &scope.version));
        let (name, version) = (self.text(name), self.text(version));
        let attributes = self.attributes(scope.map_or(&[], |scope| &scope.attributes));
        let scope = Scope { name, version, attributes };
        self.sender_charge +=
            size_of::<Scope>() + scope.attributes.bytes() + std::mem::take(&mut self.charge);
        Arc::new(scope)
    }

    /// The sender. If it is one too many to be shared, its next row pays for it.
    pub(crate) fn resource(&mut self, message: Option<&ResourceMessage>, limits: &Limits) -> Arc<Resource> {
        (self.charge, self.sender_charge) = (0, 0);
        let pairs: &[KeyValue] = message.map_or(&[], |message| &message.attributes);
        self.is_strangers = !limits.is_own(service_name(pairs));
        let attributes = self.attributes(pairs);
        let charge = std::mem::take(&mut self.charge);
        let service = attributes.text("service.name").cloned();
        let service = service.unwrap_or_else(|| self.text(UNKNOWN_SERVICE));
        let instance = attributes.text("service.instance.id").cloned();
        let resource = Resource { is_own: !self.is_strangers, service, instance, attributes };
        if let Some(known) = self.resources.get(&resource) {
            return Arc::clone(known);
        }
        let cost = charge + size_of::<Resource>() + resource.attributes.bytes();
        let resource = Arc::new(resource);
        if self.has_room(cost, 1) {
            self.bytes += cost;
            self.resources.insert(Arc::clone(&resource));
        } else {
            self.sender_charge = cost;
        }
        resource
    }

    /// What was paid for a row that was refused is not for the next one to pay.
    pub(crate) fn begin_row(&mut self) {
        self.charge = 0;
    }

    /// What the row that was just made has to pay for texts of its own, and for its sender if that is not shared.
    pub(crate) fn take_charge(&mut self) -> usize {
        std::mem::take(&mut self.charge) + std::mem::take(&mut self.sender_charge)
    }

    /// A text or list of a stored row had to be cut.
    pub(crate) fn note_cut(&mut self, is_cut: bool) {
        self.cut += u64::from(is_cut);
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
        if !self.has_room(cost, 0) {
            return self.own(text);
        }
        self.bytes += cost;
        let word: Arc<str> = text.into();
        self.words.insert(Arc::clone(&word));
        word
    }

    /// Whether so many bytes and resources more may be shared, if need be after letting go of what no row holds.
    fn has_room(&mut self, bytes: usize, resources: usize) -> bool {
        let part = |max| if self.is_strangers { strangers_part(max) } else { max };
        let (bytes_max, resources_max) = (part(self.bytes_max), part(RESOURCES_MAX));
        let fits = |own: &Self| {
            own.bytes + bytes <= bytes_max
                && (resources == 0 || own.resources.len() + resources <= resources_max)
        };
        if fits(self) {
            return true;
        }
        self.misses_to_sweep = self.misses_to_sweep.saturating_sub(1);
        if self.misses_to_sweep == 0 {
            self.sweep();
        }
        fits(self)
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

/// The last name counts, as with all attributes.
fn service_name(pairs: &[KeyValue]) -> &str {
    let mut names = pairs.iter().take(ATTRIBUTES_MAX).rev().filter(|pair| pair.key == "service.name");
    match names.next().and_then(|pair| pair.value.as_ref()?.value.as_ref()) {
        Some(any_value::Value::StringValue(name)) => name,
        _ => UNKNOWN_SERVICE,
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
