//! Whether a page parses, and whether its texts stayed texts. Teaches that only an independent parser can tell.

use html5ever::{
    ParseOpts, parse_document, tendril::TendrilSink, tokenizer::TokenizerOpts, tree_builder::TreeBuilderOpts,
};
use scraper::{ElementRef, Html, HtmlTreeSink, node::Node};

/// Parts that hold one text each. Prices are not among them: they hold many.
const TEXTS: [&str; 5] = ["header", "footer", "intro", "copy", "notes"];

/// Parses a page as its visitor's browser does. The error says what is wrong with it.
pub fn read(page: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(page).map_err(|error| error.to_string())?;
    let options = ParseOpts {
        // Without exact errors, the parser accepts characters that HTML forbids.
        tokenizer: TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() },
        tree_builder: TreeBuilderOpts { exact_errors: true, ..TreeBuilderOpts::default() },
    };
    let html = parse_document(HtmlTreeSink::new(Html::new_document()), options).one(text);
    if let Some(error) = html.errors.first() {
        return Err(format!("it does not parse: {error}"));
    }
    let elements = || html.tree.root().descendants().filter_map(ElementRef::wrap);
    for element in elements() {
        let Some(part) = element.attr("data-part").filter(|part| TEXTS.contains(part)) else { continue };
        if element.children().any(|child| !matches!(child.value(), Node::Text(_))) {
            return Err(format!("the {part} became markup"));
        }
    }
    let is_data = |element: &ElementRef<'_>| element.attr("type") == Some("application/ld+json");
    let Some(data) = elements().find(is_data) else { return Ok(()) };
    let parsed: Result<serde_json::Value, _> = serde_json::from_str(&data.text().collect::<String>());
    parsed.map(drop).map_err(|error| format!("the product's data do not parse: {error}"))
}

/// Parses the product feed as a price search engine does.
pub fn read_feed(feed: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(feed).map_err(|error| error.to_string())?;
    roxmltree::Document::parse(text).map(drop).map_err(|error| format!("the feed does not parse: {error}"))
}
