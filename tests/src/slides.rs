//! Slides for a class: `docs/slides.md` as one page, with one slide per sheet.
//!
//! The Markdown is the original, and is readable as it is. A line `---` begins a slide. The colours are those of all pages.

use std::fs;

use pulldown_cmark::{Options, Parser, html};

use crate::process::root;

const SOURCE: &str = "docs/slides.md";

/// The colours that room and reports share.
const TOKENS: &str = "harness/debrief/templates/tokens.css";

const STYLE: &str = include_str!("slides.css");

/// All slides as one page.
///
/// # Panics
///
/// When a source cannot be read.
pub fn page() -> String {
    let [markdown, tokens] = [SOURCE, TOKENS]
        .map(|path| fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}")));
    let slides: String = markdown.split("\n---\n").map(slide).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>One morning, one shop</title>\n\
         <style>\n{tokens}\n{STYLE}</style>\n{slides}</html>\n"
    )
}

/// One slide. A first-level heading opens a part.
fn slide(markdown: &str) -> String {
    let opens = if markdown.trim_start().starts_with("# ") { " class=\"part\"" } else { "" };
    let mut inside = String::new();
    html::push_html(&mut inside, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    format!("<section{opens}>\n{inside}</section>\n")
}
