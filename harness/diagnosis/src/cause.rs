//! A cause put together from its parts: what kind of trigger, at which place, and for a text which class of characters. Teaches that a
//! list of incidents is a list of combinations, and that the next incident may be one that nobody has listed.

use std::fmt;

use incident::Service;
use serde::{Deserialize, Serialize};

/// The parts of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cause {
    /// What kind of trigger.
    pub kind: Kind,
    /// Where.
    pub place: Place,
    /// For a text, what is special about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
}

/// A kind of trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An editor publishes a text.
    Text,
    /// A release counts on something that is not there.
    Release,
    /// A release sets a value that does not fit.
    Setting,
    /// A process has ended.
    Stopped,
    /// A process stands still.
    Suspended,
    /// A link breaks connections.
    BrokenLink,
    /// A link is slow.
    SlowLink,
    /// A link's certificate has expired.
    Certificate,
    /// The answer that something is missing is kept when it is there again.
    Remembered,
    /// A disk is slow.
    SlowDisk,
    /// Uploads take what others need.
    Uploads,
    /// More customers come than there is capacity for.
    Surge,
    /// Whoever raised the alarm is wrong.
    FalseAlarm,
    /// None of these.
    Other,
}

/// Where a trigger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// What editors publish.
    Texts,
    /// The content store.
    ContentStore,
    /// The cache.
    Cache,
    /// The web front.
    WebFront,
    /// The link from the web front to the cache.
    FrontToCache,
    /// The link from the cache to the content store.
    CacheToStore,
    /// Outside the shop.
    Outside,
}

/// What is special about a text, by its bytes, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Words alone.
    Words,
    /// ASCII punctuation.
    Punctuation,
    /// Characters outside ASCII.
    Unusual,
    /// Bytes that are not UTF-8.
    Bytes,
    /// Control characters.
    Control,
    /// The control character NUL.
    Nul,
}

impl Cause {
    /// A cause without a class of characters.
    pub const fn new(kind: Kind, place: Place) -> Self {
        Self { kind, place, class: None }
    }
}

/// Kinds that resemble each other: who was taught one of them has seen the like of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Texts.
    Texts,
    /// Releases and their settings.
    Releases,
    /// Processes.
    Processes,
    /// Links.
    Network,
    /// Disks, and what fills a store.
    Storage,
    /// Too many customers.
    Load,
    /// Nothing in the shop.
    Outside,
}

impl Kind {
    /// Its family.
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

    /// All that have a name.
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

    /// Where it can be.
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
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Texts,
        Self::ContentStore,
        Self::Cache,
        Self::WebFront,
        Self::FrontToCache,
        Self::CacheToStore,
        Self::Outside,
    ];

    /// The service that is there, if one is.
    pub fn service(self) -> Option<Service> {
        match self {
            Self::ContentStore => Some(Service::ContentStore),
            Self::Cache => Some(Service::Cache),
            Self::WebFront => Some(Service::WebFront),
            _ => None,
        }
    }

    /// The services along which a fault from there reaches customers.
    pub fn path(self) -> Vec<Service> {
        use Service::{Cache, ContentStore, WebFront};
        match self {
            Self::Texts | Self::ContentStore => vec![ContentStore, Cache, WebFront],
            Self::Cache | Self::CacheToStore => vec![Cache, WebFront],
            Self::WebFront | Self::FrontToCache => vec![WebFront],
            Self::Outside => Vec::new(),
        }
    }

    /// As it is said.
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
    /// All that a text can be special by.
    pub const SPECIAL: [Self; 5] = [Self::Punctuation, Self::Unusual, Self::Bytes, Self::Control, Self::Nul];

    /// The class of what got into a text.
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
    /// In a sentence.
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
