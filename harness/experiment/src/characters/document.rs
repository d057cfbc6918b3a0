//! A page as an HTML5 parser sees it. Teaches that HTML has no invalid input, only parse errors: the parser always builds a
//! tree, but not always the tree that the author meant.

use html5ever::{
    ParseOpts, parse_document, tendril::TendrilSink, tokenizer::TokenizerOpts, tree_builder::TreeBuilderOpts,
};
use scraper::{ElementRef, Html, HtmlTreeSink, Node};

#[derive(Debug)]
pub struct Document {
    /// The parse errors, in order.
    pub errors: Vec<String>,
    html: Html,
}

impl Document {
    /// Parses a page, and collects every parse error that the parser reports.
    pub fn parse(page: &str) -> Self {
        let options = ParseOpts {
            // Without this option, the tokenizer does not report characters that HTML forbids.
            tokenizer: TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() },
            tree_builder: TreeBuilderOpts { exact_errors: true, ..TreeBuilderOpts::default() },
        };
        let html = parse_document(HtmlTreeSink::new(Html::new_document()), options).one(page);
        Self { errors: html.errors.iter().map(ToString::to_string).collect(), html }
    }

    /// The names of all elements, in document order.
    pub fn elements(&self) -> Vec<String> {
        self.all().map(|element| element.value().name().to_owned()).collect()
    }

    /// The part of a page that is marked with this `data-part`.
    pub fn part(&self, name: &str) -> Option<Element<'_>> {
        self.all().find(|element| element.attr("data-part") == Some(name)).map(Element)
    }

    /// The script with this `type` attribute; for `None`, the script without one.
    pub fn script(&self, media_type: Option<&str>) -> Option<Element<'_>> {
        let is_wanted = |element: &ElementRef<'_>| {
            element.value().name() == "script" && element.attr("type") == media_type
        };
        self.all().find(is_wanted).map(Element)
    }

    fn all(&self) -> impl Iterator<Item = ElementRef<'_>> {
        self.html.tree.root().descendants().filter_map(ElementRef::wrap)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Element<'a>(ElementRef<'a>);

impl Element<'_> {
    pub fn text(&self) -> String {
        self.0.text().collect()
    }

    /// The first thing inside it that is not text.
    pub fn first_markup(&self) -> Option<String> {
        self.0.children().find_map(|child| match child.value() {
            Node::Text(_) => None,
            Node::Element(element) => Some(format!("<{}>", element.name())),
            _ => Some("a comment".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_that_of_the_standard() {
        let page = "<!doctype html><html><head><title>t</title><script>var a = '<b>';</script></head>\
            <body><p data-part=\"x\">one <b>two</b></p><table>three<tr><td>four</table></body></html>";
        let document = Document::parse(page);
        let names = ["html", "head", "title", "script", "body", "p", "b", "table", "tbody", "tr", "td"];
        assert_eq!(document.elements(), names);
        let part = document.part("x").unwrap();
        assert_eq!((part.text().as_str(), part.first_markup().as_deref()), ("one two", Some("<b>")));
        assert_eq!(document.script(None).unwrap().text(), "var a = '<b>';");
        assert!(!document.errors.is_empty(), "text in a table is moved in front of it, with a complaint");
    }

    #[test]
    fn characters_that_html_forbids_are_noted() {
        let errors = |text: &str| {
            Document::parse(&format!("<!doctype html><title>t</title><p>{text}</p>")).errors.len()
        };
        assert_eq!(errors("plain, \t\n\u{c} and \u{e000}"), 0);
        for text in ["\0", "\u{b}", "\u{7f}", "\u{85}", "\u{fdd0}", "\u{ffff}", "\u{10fffe}"] {
            assert!(errors(text) > 0, "{text:?}");
        }
    }
}
