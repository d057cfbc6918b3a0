//! A cause composed of parts: the kind of trigger, the place, and for a text the class of its characters. Teaches that a list of incidents
//! is a list of combinations, and that the next incident may be one that nobody has listed.

use std::fmt;

use incident::Service;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cause {
    pub kind: Kind,
    pub place: Place,
    /// For a text: what is special about its characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An editor publishes a text.
    Text,
    /// A release needs something that is not there.
    Release,
    /// A release sets a value that does not fit.
    Setting,
    Stopped,
    Suspended,
    BrokenLink,
    SlowLink,
    Certificate,
    /// The answer that something is missing stays cached after it is there again.
    Remembered,
    SlowDisk,
    /// Uploads use up resources that other requests need.
    Uploads,
    /// More customers come than there is capacity for.
    Surge,
    FalseAlarm,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The texts that editors publish.
    Texts,
    ContentStore,
    Cache,
    WebFront,
    FrontToCache,
    CacheToStore,
    Outside,
}

/// What is special about a text's bytes, the gravest class last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    Words,
    Punctuation,
    /// Characters outside ASCII.
    Unusual,
    Bytes,
    Control,
    Nul,
}

impl Cause {
    /// A cause without a class of characters.
    pub const fn new(kind: Kind, place: Place) -> Self {
        Self { kind, place, class: None }
    }
}

/// Kinds that resemble each other: a responder trained on one of them has seen something like all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    Texts,
    Releases,
    Processes,
    Network,
    /// Disks, and what fills a store.
    Storage,
    Load,
    /// Nothing in the shop.
    Outside,
}

impl Kind {
    pub fn family(self) -> Family {
        match self {
            Self::Text | Self::Remembered => Family::Texts,
            Self::Release | Self::Setting => Family::Releases,
            Self::Stopped | Self::Suspended => Family::Processes,
            Self::BrokenLink | Self::SlowLink | Self::Certificate => Family::Network,
            Self::SlowDisk | Self::Uploads => Family::Storage,
            Self::Surge => Family::Load,
            Self::FalseAlarm | Self::Other => Family::Outside,
        }
    }

    pub const NAMED: [Self; 13] = [
        Self::Text,
        Self::Release,
        Self::Setting,
        Self::Stopped,
        Self::Suspended,
        Self::BrokenLink,
        Self::SlowLink,
        Self::Certificate,
        Self::Remembered,
        Self::SlowDisk,
        Self::Uploads,
        Self::Surge,
        Self::FalseAlarm,
    ];

    pub fn places(self) -> &'static [Place] {
        use Place::{Cache, CacheToStore, ContentStore, FrontToCache, Outside, Texts, WebFront};
        match self {
            Self::Text => &[Texts],
            Self::Stopped | Self::Suspended => &[ContentStore, Cache, WebFront],
            Self::BrokenLink | Self::SlowLink => &[FrontToCache, CacheToStore, Outside],
            Self::Certificate => &[FrontToCache, CacheToStore],
            Self::Remembered => &[Cache],
            Self::SlowDisk | Self::Uploads => &[ContentStore],
            Self::Release | Self::Setting | Self::Surge => &[WebFront],
            Self::FalseAlarm => &[Outside],
            Self::Other => &Place::ALL,
        }
    }
}

impl Place {
    pub const ALL: [Self; 7] = [
        Self::Texts,
        Self::ContentStore,
        Self::Cache,
        Self::WebFront,
        Self::FrontToCache,
        Self::CacheToStore,
        Self::Outside,
    ];

    pub fn service(self) -> Option<Service> {
        match self {
            Self::ContentStore => Some(Service::ContentStore),
            Self::Cache => Some(Service::Cache),
            Self::WebFront => Some(Service::WebFront),
            _ => None,
        }
    }

    /// The services through which a fault at this place reaches customers.
    pub fn path(self) -> Vec<Service> {
        use Service::{Cache, ContentStore, WebFront};
        match self {
            Self::Texts | Self::ContentStore => vec![ContentStore, Cache, WebFront],
            Self::Cache | Self::CacheToStore => vec![Cache, WebFront],
            Self::WebFront | Self::FrontToCache => vec![WebFront],
            Self::Outside => Vec::new(),
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Texts => "the texts",
            Self::ContentStore => "the content store",
            Self::Cache => "the cache",
            Self::WebFront => "the web front",
            Self::FrontToCache => "the link from web front to cache",
            Self::CacheToStore => "the link from cache to content store",
            Self::Outside => "the world outside",
        }
    }
}

impl Class {
    /// The classes that make a text special.
    pub const SPECIAL: [Self; 5] = [Self::Punctuation, Self::Unusual, Self::Bytes, Self::Control, Self::Nul];

    pub fn of(bytes: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(bytes) else { return Self::Bytes };
        let is_control = |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
        if text.contains('\0') {
            Self::Nul
        } else if text.contains(is_control) {
            Self::Control
        } else if !text.is_ascii() {
            Self::Unusual
        } else if text.chars().any(char::is_alphanumeric) {
            Self::Words
        } else {
            Self::Punctuation
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Words => "with other words",
            Self::Punctuation => "with other punctuation",
            Self::Unusual => "with characters outside ASCII",
            Self::Bytes => "with bytes that are not UTF-8",
            Self::Control => "with a control character",
            Self::Nul => "with a NUL",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.words();
        match self.kind {
            Kind::Text => {
                write!(f, "An editor publishes a text {}", self.class.map_or("that harms", Class::words))
            }
            Kind::Release => write!(f, "A release of {place} needs what is not there"),
            Kind::Setting => write!(f, "A release of {place} sets a value that does not fit"),
            Kind::Stopped => write!(f, "The process of {place} has ended"),
            Kind::Suspended => write!(f, "The process of {place} is suspended"),
            Kind::BrokenLink if self.place == Place::Outside => {
                f.write_str("The customers' network breaks connections")
            }
            Kind::SlowLink if self.place == Place::Outside => f.write_str("The customers' network is slow"),
            Kind::BrokenLink => write!(f, "{place} breaks connections"),
            Kind::SlowLink => write!(f, "{place} is slow"),
            Kind::Certificate => write!(f, "The certificate of {place} has expired"),
            Kind::Remembered => write!(f, "In {place} an error is kept after its cause has gone"),
            Kind::SlowDisk => write!(f, "The disk of {place} is slow"),
            Kind::Uploads => write!(f, "Uploads to {place} never end"),
            Kind::Surge => write!(f, "More customers come than {place} has capacity for"),
            Kind::FalseAlarm => f.write_str("The alarm is wrong"),
            Kind::Other => write!(f, "Something else at {place}"),
        }
    }
}
