//! Words and resources that rows share. Teaches interning that no sender can fill up for good.
//!
//! A word is stored once, and lives as long as a row refers to it. When the dictionary is full, it drops the words that no row
//! uses. If that does not help, a row stores the word itself and is charged for it. The names of senders work the same way: there
//! is no limit on senders, but those beyond the table cost their rows more.

use std::collections::{BTreeSet, HashSet};
use std::mem::size_of;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource as ResourceMessage;

use crate::limits::{
    ATTRIBUTES_MAX, Limits, RESOURCES_MAX, TEXT_BYTES_MAX, VALUE_DEPTH_MAX, WORD_BYTES_MAX, strangers_part,
};
use crate::value::{Attributes, Float, Resource, Scope, Value};

/// The bytes of an `Arc<str>` beside its text: its two counts and a place in the set.
const WORD_COST: usize = 2 * size_of::<usize>() + size_of::<Arc<str>>() + 1;

/// The service name of a sender that gives none.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// Shared words and resources, within a share of the store's bytes.
#[derive(Default)]
pub(crate) struct Dictionary {
    words: HashSet<Arc<str>>,
    resources: BTreeSet<Arc<Resource>>,
    bytes: usize,
    bytes_max: usize,
    /// Misses left until the next sweep. A sweep visits every word, so there is one sweep for about as many misses.
    misses_to_sweep: usize,
    /// The bytes to charge to the row under construction, and those to charge to the next row for its sender.
    charge: usize,
    sender_charge: usize,
    /// Whether the sender of the rows under construction is a stranger.
    is_strangers: bool,
    cut: u64,
}

impl Dictionary {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, ..Self::default() }
    }

    /// A short text is shared by all rows that contain it. A long one is charged to the row.
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
            Some(any_value::Value::DoubleValue(value)) => Value::Double(Float(*value)),
            Some(compound) => {
                let json = to_json(compound, VALUE_DEPTH_MAX, &mut TEXT_BYTES_MAX.clone());
                Value::Text(self.text(&json.to_string()))
            }
        }
    }

    /// The name of the logger or tracer. Its bytes are charged to the next row.
    pub(crate) fn scope_name(&mut self, scope: Option<&InstrumentationScope>) -> Arc<str> {
        self.begin_row();
        let name = self.text(scope.map_or("", |scope| &scope.name));
        self.sender_charge += std::mem::take(&mut self.charge);
        name
    }

    /// The meter with everything that identifies it. Its bytes are charged to the next row.
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

    /// The sender. If the table of shared resources is full, its bytes are charged to its next row.
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

    /// Discards the charge of a refused row, so that the next row does not pay it.
    pub(crate) fn begin_row(&mut self) {
        self.charge = 0;
    }

    /// The charge of the finished row: its unshared texts, and its sender if that is not shared.
    pub(crate) fn take_charge(&mut self) -> usize {
        std::mem::take(&mut self.charge) + std::mem::take(&mut self.sender_charge)
    }

    /// Counts a truncated text or list of a stored row.
    pub(crate) fn note_cut(&mut self, is_cut: bool) {
        self.cut += u64::from(is_cut);
    }

    /// The number of truncated texts and lists since the last call.
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

    /// Whether so many more bytes and resources may be shared. If need be, it first drops what no row uses.
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

/// Of several names the last counts, as with all attributes.
fn service_name(pairs: &[KeyValue]) -> &str {
    let mut names = pairs.iter().take(ATTRIBUTES_MAX).rev().filter(|pair| pair.key == "service.name");
    match names.next().and_then(|pair| pair.value.as_ref()?.value.as_ref()) {
        Some(any_value::Value::StringValue(name)) => name,
        _ => UNKNOWN_SERVICE,
    }
}

/// The bytes of a resource with its unshared texts: those too long to be words.
fn cost(resource: &Resource) -> usize {
    let long = |text: &Arc<str>| if text.len() > WORD_BYTES_MAX { text.len() + WORD_COST } else { 0 };
    let texts = resource.attributes.iter().map(|(key, value)| match value {
        Value::Text(text) => long(key) + long(text),
        _ => long(key),
    });
    size_of::<Resource>() + resource.attributes.bytes() + texts.sum::<usize>()
}

/// The longest prefix of a text that fits and ends at a character boundary.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A compound value as JSON, limited in depth and length.
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
            Json::from(const_hex::encode(shown))
        }
        any_value::Value::StringValueStrindex(_) => Json::Null,
    }
}
