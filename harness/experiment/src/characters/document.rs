//! A page as an HTML5 parser sees it. Teaches that HTML has no invalid input, only parse errors: the parser always makes a
//! tree, and the question is whose tree it is.

use std::{
    borrow::Cow,
    cell::RefCell,
    rc::{Rc, Weak},
};

use html5ever::{
    Attribute, ExpandedName, ParseOpts, QualName, parse_document,
    tendril::{StrTendril, TendrilSink},
    tokenizer::TokenizerOpts,
    tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeBuilderOpts, TreeSink},
};

/// A parsed page.
#[derive(Debug)]
pub struct Document {
    /// What the parser complained of, in order.
    pub errors: Vec<String>,
    root: Handle,
}

impl Document {
    /// Parses a page, and notes every parse error that the parser knows of.
    pub fn parse(page: &str) -> Self {
        let options = ParseOpts {
            // Without, characters that HTML forbids pass unremarked.
            tokenizer: TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() },
            tree_builder: TreeBuilderOpts { exact_errors: true, ..TreeBuilderOpts::default() },
        };
        parse_document(Builder::default(), options).one(page)
    }

    /// The names of all elements, in document order.
    pub fn elements(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.visit(&mut |node| names.extend(node.name().map(str::to_owned)));
        names
    }

    /// The part of a page that is marked with this `data-part`.
    pub fn part(&self, name: &str) -> Option<Element> {
        self.find(|node| node.attribute("data-part").as_deref() == Some(name))
    }

    /// The script of this type; with none, the script that names none.
    pub fn script(&self, media_type: Option<&str>) -> Option<Element> {
        self.find(|node| node.name() == Some("script") && node.attribute("type").as_deref() == media_type)
    }

    fn find(&self, is_wanted: impl Fn(&Node) -> bool) -> Option<Element> {
        let mut found = None;
        self.visit(&mut |node| {
            if found.is_none() && is_wanted(node) {
                found = Some(Element { node: Rc::clone(node) });
            }
        });
        found
    }

    /// Iteratively, because a page may nest as deep as its author likes.
    fn visit(&self, look: &mut impl FnMut(&Handle)) {
        descend(&self.root, look);
    }
}

/// One element of a page.
#[derive(Debug)]
pub struct Element {
    node: Handle,
}

impl Element {
    /// All text inside it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        descend(&self.node, &mut |node| {
            if let Content::Text(part) = &node.content {
                text.push_str(&part.borrow());
            }
        });
        text
    }

    /// The first thing inside it that is not text.
    pub fn first_markup(&self) -> Option<String> {
        let children = self.node.children.borrow();
        children.iter().find_map(|child| match &child.content {
            Content::Text(_) => None,
            Content::Element(name, _) => Some(format!("<{}>", name.local)),
            Content::Other => Some("a comment".to_owned()),
        })
    }
}

type Handle = Rc<Node>;

/// One node of the tree. The root is `Other`, as is whatever shows nothing.
#[derive(Debug)]
struct Node {
    content: Content,
    parent: RefCell<Weak<Node>>,
    children: RefCell<Vec<Handle>>,
}

#[derive(Debug)]
enum Content {
    Element(QualName, RefCell<Vec<Attribute>>),
    Text(RefCell<String>),
    Other,
}

impl Node {
    fn new(content: Content) -> Handle {
        Rc::new(Self { content, parent: RefCell::default(), children: RefCell::default() })
    }

    fn name(&self) -> Option<&str> {
        match &self.content {
            Content::Element(name, _) => Some(&name.local),
            _ => None,
        }
    }

    fn attribute(&self, name: &str) -> Option<String> {
        let Content::Element(_, attributes) = &self.content else { return None };
        let attributes = attributes.borrow();
        attributes
            .iter()
            .find(|attribute| &*attribute.name.local == name)
            .map(|found| found.value.to_string())
    }

    /// Puts a node among the children, or joins a text to the one before it.
    fn insert(self: &Handle, index: usize, new: NodeOrText<Handle>) {
        let mut children = self.children.borrow_mut();
        let before = index.checked_sub(1).map(|before| &children[before].content);
        let node = match (new, before) {
            (NodeOrText::AppendText(text), Some(Content::Text(before))) => {
                before.borrow_mut().push_str(&text);
                return;
            }
            (NodeOrText::AppendText(text), _) => Self::new(Content::Text(RefCell::new(text.to_string()))),
            (NodeOrText::AppendNode(node), _) => node,
        };
        *node.parent.borrow_mut() = Rc::downgrade(self);
        children.insert(index, node);
    }

    /// The parent, and the place among its children.
    fn place(self: &Handle) -> Option<(Handle, usize)> {
        let parent = self.parent.borrow().upgrade()?;
        let index = parent.children.borrow().iter().position(|child| Rc::ptr_eq(child, self))?;
        Some((parent, index))
    }
}

fn descend(from: &Handle, look: &mut impl FnMut(&Handle)) {
    let mut open = vec![Rc::clone(from)];
    while let Some(node) = open.pop() {
        look(&node);
        open.extend(node.children.borrow().iter().rev().map(Rc::clone));
    }
}

/// Keeps the tree that html5ever builds, and its complaints. What is a tree is html5ever's decision alone.
#[derive(Debug)]
struct Builder {
    errors: RefCell<Vec<String>>,
    root: Handle,
}

impl Default for Builder {
    fn default() -> Self {
        Self { errors: RefCell::default(), root: Node::new(Content::Other) }
    }
}

impl TreeSink for Builder {
    type Handle = Handle;
    type Output = Document;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Document {
        Document { errors: self.errors.into_inner(), root: self.root }
    }

    fn parse_error(&self, message: Cow<'static, str>) {
        self.errors.borrow_mut().push(message.into_owned());
    }

    fn get_document(&self) -> Handle {
        Rc::clone(&self.root)
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        match &target.content {
            Content::Element(name, _) => name.expanded(),
            _ => unreachable!("the parser asks for the names of elements only"),
        }
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> Handle {
        Node::new(Content::Element(name, RefCell::new(attributes)))
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        Node::new(Content::Other)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        Node::new(Content::Other)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        let end = parent.children.borrow().len();
        parent.insert(end, child);
    }

    fn append_before_sibling(&self, sibling: &Handle, new: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(node) = &new {
            self.remove_from_parent(node);
        }
        let (parent, index) = sibling.place().expect("the parser names a sibling that stands in the tree");
        parent.insert(index, new);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        if element.place().is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    // Nothing of the shop is a template; should a text open one, what is inside counts as its children.
    fn get_template_contents(&self, target: &Handle) -> Handle {
        Rc::clone(target)
    }

    fn same_node(&self, one: &Handle, other: &Handle) -> bool {
        Rc::ptr_eq(one, other)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn add_attrs_if_missing(&self, target: &Handle, attributes: Vec<Attribute>) {
        if let Content::Element(_, present) = &target.content {
            let mut present = present.borrow_mut();
            for attribute in attributes {
                if present.iter().all(|known| known.name != attribute.name) {
                    present.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        if let Some((parent, index)) = target.place() {
            parent.children.borrow_mut().remove(index);
            *target.parent.borrow_mut() = Weak::new();
        }
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let children = std::mem::take(&mut *node.children.borrow_mut());
        for child in children {
            self.append(new_parent, NodeOrText::AppendNode(child));
        }
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
