//! What a reader makes of what arrives. Teaches that whether something is valid is for its readers to say: none of the
//! judgement here is ours, only the comparison with what was published.

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::document::Document;

/// What a place made of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It arrived as it was published.
    Fine,
    /// It arrived, and is another text.
    Changed { to: String },
    /// It was not taken, and its author was told.
    Refused { why: String },
    /// What arrived cannot be read, or is read as something else than text.
    Broken { why: String },
    /// Nothing arrived while a customer waits.
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

    /// Whether a reader got nothing, or nothing that is what it should be.
    pub fn is_breakage(&self) -> bool {
        matches!(self, Self::Broken { .. } | Self::Hangs)
    }

    pub(super) fn broken(why: impl Into<String>) -> Self {
        Self::Broken { why: why.into() }
    }

    fn of(arrived: &str, published: &[u8]) -> Self {
        if arrived.as_bytes() == published { Self::Fine } else { Self::Changed { to: arrived.to_owned() } }
    }
}

/// The envelope of the content store, read by `serde_json`.
pub fn envelope(answer: &[u8], published: &[u8]) -> Outcome {
    match serde_json::from_slice::<Value>(answer) {
        Err(error) => Outcome::broken(error.to_string()),
        Ok(envelope) => match envelope["body"].as_str() {
            Some(body) => Outcome::of(body, published),
            None => Outcome::broken("an envelope without a body"),
        },
    }
}

/// A fragment of the cache, which is plain text.
pub fn fragment(answer: &[u8], published: &[u8]) -> Outcome {
    match std::str::from_utf8(answer) {
        Ok(text) => Outcome::of(text, published),
        Err(error) => Outcome::broken(error.to_string()),
    }
}

/// The part of a page that shows the text between tags, read by html5ever. `elements` are those of the page when the text
/// is harmless: text that adds one, or takes one away, was not read as text.
pub fn html(page: &[u8], part: &str, elements: &[String], published: &[u8]) -> Outcome {
    let document = match self::page(page) {
        Ok(document) => document,
        Err(why) => return Outcome::broken(why),
    };
    let Some(shown) = document.part(part) else { return Outcome::broken("the part is not on the page") };
    if let Some(markup) = shown.first_markup() {
        return Outcome::broken(format!("the text became markup: {markup}"));
    }
    if let Some(error) = document.errors.first() {
        return Outcome::broken(error);
    }
    if document.elements() != elements {
        return Outcome::broken("the text became markup: the page has other elements");
    }
    Outcome::of(&shown.text(), published)
}

/// The text as a string in the scripts of a product's page: html5ever says where a script ends, `serde_json` reads both the
/// product's data (`application/ld+json` is JSON) and what the page assigns, as since ECMAScript 2019 all JSON is an
/// expression.
pub fn script(page: &[u8], published: &[u8]) -> Outcome {
    let document = match self::page(page) {
        Ok(document) => document,
        Err(why) => return Outcome::broken(why),
    };
    let read = |media_type, before: &str, after: &str, pointer: &str| {
        let script = document.script(media_type).ok_or("no script ends where it should")?;
        let text = script.text();
        let json = text.strip_prefix(before).and_then(|text| text.strip_suffix(after));
        let json = json.ok_or("the script ends early")?;
        let data: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
        data.pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or("the text is not there".to_owned())
    };
    let run = read(None, "window.shopData = ", ";", "/product/description");
    let data = read(Some("application/ld+json"), "", "", "/description");
    match (run, data) {
        (Err(why), _) | (_, Err(why)) => Outcome::broken(why),
        (Ok(run), Ok(data)) => Outcome::of(&run, published).max(Outcome::of(&data, published)),
    }
}

/// The description of `product` in the feed, read by roxmltree, which refuses what XML 1.0 forbids.
pub fn feed(feed: &[u8], product: &str, published: &[u8]) -> Outcome {
    let text = match std::str::from_utf8(feed) {
        Ok(text) => text,
        Err(error) => return Outcome::broken(error.to_string()),
    };
    let document = match roxmltree::Document::parse(text) {
        Ok(document) => document,
        Err(error) => return Outcome::broken(error.to_string()),
    };
    let has_id = |item: &roxmltree::Node<'_, '_>| {
        item.children().any(|child| child.tag_name().name() == "id" && child.text() == Some(product))
    };
    let item = document.descendants().find(|node| node.has_tag_name("item") && has_id(node));
    let description = item.and_then(|item| item.children().find(|child| child.has_tag_name("description")));
    match description {
        None => Outcome::broken("the product has no description"),
        Some(description) => {
            let texts = description.descendants().filter(roxmltree::Node::is_text);
            Outcome::of(&texts.filter_map(|node| node.text()).collect::<String>(), published)
        }
    }
}

/// A whole page, read by html5ever.
///
/// # Errors
///
/// What is wrong with its encoding, if it is not UTF-8.
pub fn page(page: &[u8]) -> Result<Document, String> {
    std::str::from_utf8(page).map(Document::parse).map_err(|error| error.to_string())
}

/// An answer that is no page at all.
pub(super) fn status(status: StatusCode) -> Outcome {
    Outcome::broken(format!("answered {status}"))
}
