//! Reads each answer as its reader does. Teaches that its readers decide whether something is valid: third-party parsers
//! judge here, and this file only compares their text with the published text.

use std::error::Error;

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::document::Document;

/// The outcome of a text at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It arrived as it was published.
    Fine,
    /// A different text arrived.
    Changed { to: String },
    /// It was rejected, and its author was told.
    Refused { why: String },
    /// The answer cannot be parsed, or is parsed as something other than text.
    Broken { why: String },
    /// Nothing arrived within a customer's patience.
    Hangs,
}

impl Outcome {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Changed { .. } => "changed",
            Self::Refused { .. } => "refused",
            Self::Broken { .. } => "broken",
            Self::Hangs => "hangs",
        }
    }

    /// Whether a reader got nothing, or something unusable.
    pub fn is_breakage(&self) -> bool {
        matches!(self, Self::Broken { .. } | Self::Hangs)
    }

    pub(super) fn broken(why: impl Into<String>) -> Self {
        Self::Broken { why: why.into() }
    }

    fn of(read: Read, published: &[u8]) -> Self {
        match read {
            Ok(text) if text.as_bytes() == published => Self::Fine,
            Ok(to) => Self::Changed { to },
            Err(why) => Self::broken(why.to_string()),
        }
    }
}

/// The text that a reader finds, or why it finds none.
type Read = Result<String, Box<dyn Error>>;

/// The envelope of the content store, read by `serde_json`.
pub fn envelope(answer: &[u8], published: &[u8]) -> Outcome {
    let read = || -> Read {
        let envelope: Value = serde_json::from_slice(answer)?;
        Ok(envelope["body"].as_str().ok_or("an envelope without a body")?.to_owned())
    };
    Outcome::of(read(), published)
}

/// A fragment of the cache, which is plain text.
pub fn fragment(answer: &[u8], published: &[u8]) -> Outcome {
    Outcome::of(std::str::from_utf8(answer).map(str::to_owned).map_err(Into::into), published)
}

/// The part of a page that shows the text between tags, read by html5ever. `elements` are the page's elements when the text
/// is harmless: text that adds or removes one was not read as text.
pub fn html(page: &[u8], part: &str, elements: &[String], published: &[u8]) -> Outcome {
    let read = || -> Read {
        let document = self::page(page)?;
        let shown = document.part(part).ok_or("the part is not on the page")?;
        if let Some(markup) = shown.first_markup() {
            return Err(format!("the text became markup: {markup}").into());
        }
        if let Some(error) = document.errors.first() {
            return Err(error.as_str().into());
        }
        if document.elements() != elements {
            return Err("the text became markup: the page has other elements".into());
        }
        Ok(shown.text())
    };
    Outcome::of(read(), published)
}

/// The text as a string in the scripts of a product's page. html5ever says where a script ends. `serde_json` reads both the
/// product's data (`application/ld+json` is JSON) and the value that the page assigns: since ECMAScript 2019, all JSON is an
/// expression.
pub fn script(page: &[u8], published: &[u8]) -> Outcome {
    let read = |media_type, before: &str, after: &str, pointer: &str| -> Read {
        let document = self::page(page)?;
        let text = document.script(media_type).ok_or("no script ends where it should")?.text();
        let json = text.strip_prefix(before).and_then(|text| text.strip_suffix(after));
        let data: Value = serde_json::from_str(json.ok_or("the script ends early")?)?;
        Ok(data.pointer(pointer).and_then(Value::as_str).ok_or("the text is not there")?.to_owned())
    };
    let run = read(None, "window.shopData = ", ";", "/product/description");
    let data = read(Some("application/ld+json"), "", "", "/description");
    match run {
        Err(_) => Outcome::of(run, published),
        Ok(_) => Outcome::of(run, published).max(Outcome::of(data, published)),
    }
}

/// The description of `product` in the feed, read by roxmltree, which refuses what XML 1.0 forbids.
pub fn feed(feed: &[u8], product: &str, published: &[u8]) -> Outcome {
    let has_id = |item: &roxmltree::Node<'_, '_>| {
        item.children().any(|child| child.tag_name().name() == "id" && child.text() == Some(product))
    };
    let read = || -> Read {
        let document = roxmltree::Document::parse(std::str::from_utf8(feed)?)?;
        let item = document.descendants().find(|node| node.has_tag_name("item") && has_id(node));
        let description =
            item.and_then(|item| item.children().find(|child| child.has_tag_name("description")));
        let description = description.ok_or("the product has no description")?;
        let texts = description.descendants().filter(roxmltree::Node::is_text);
        Ok(texts.filter_map(|node| node.text()).collect())
    };
    Outcome::of(read(), published)
}

/// A whole page, read by html5ever.
///
/// # Errors
///
/// If the page is not UTF-8. The text says what is wrong.
pub fn page(page: &[u8]) -> Result<Document, String> {
    std::str::from_utf8(page).map(Document::parse).map_err(|error| error.to_string())
}

/// The outcome of an answer with an error status.
pub(super) fn status(status: StatusCode) -> Outcome {
    Outcome::broken(format!("answered {status}"))
}
