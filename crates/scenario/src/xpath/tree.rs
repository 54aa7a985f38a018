//! A marked-up document as XPath sees it, from XML or HTML, in document order.

use scraper::Node as HtmlNode;

/// A position in one document; the order of positions is the document's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeIx(usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    Root,
    Element,
    Attribute,
    Text,
}

/// A document.
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

struct Node {
    kind: NodeKind,
    /// Without its prefix.
    name: String,
    /// Of a text or an attribute.
    text: String,
    parent: Option<NodeIx>,
    attributes: Vec<NodeIx>,
    children: Vec<NodeIx>,
    /// One past the last node below it.
    end: usize,
}

impl Tree {
    pub(super) const ROOT: NodeIx = NodeIx(0);

    /// Reads XML, or else HTML, which anything is.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut tree = Self { nodes: Vec::new() };
        let root = tree.begin(NodeKind::Root, "", "", None);
        match roxmltree::Document::parse(text) {
            Ok(document) => tree.add_xml(document.root(), root),
            Err(_) => {
                let html = scraper::Html::parse_document(text);
                tree.add_html(html.tree.root(), root);
            }
        }
        tree.end(root);
        Some(tree)
    }

    fn begin(&mut self, kind: NodeKind, name: &str, text: &str, parent: Option<NodeIx>) -> NodeIx {
        let ix = NodeIx(self.nodes.len());
        self.nodes.push(Node {
            kind,
            name: name.to_owned(),
            text: text.to_owned(),
            parent,
            attributes: Vec::new(),
            children: Vec::new(),
            end: ix.0 + 1,
        });
        if let Some(NodeIx(parent)) = parent {
            let parent = &mut self.nodes[parent];
            match kind {
                NodeKind::Attribute => parent.attributes.push(ix),
                _ => parent.children.push(ix),
            }
        }
        ix
    }

    fn end(&mut self, NodeIx(ix): NodeIx) {
        self.nodes[ix].end = self.nodes.len();
    }

    fn add_xml(&mut self, root: roxmltree::Node<'_, '_>, into: NodeIx) {
        // With a stack of its own: a document may be nested deeper than ours.
        let mut open = vec![(root.children(), into)];
        while let Some((children, parent)) = open.last_mut() {
            let parent = *parent;
            let Some(child) = children.next() else {
                self.end(parent);
                open.pop();
                continue;
            };
            if child.is_element() {
                let ix = self.begin(NodeKind::Element, child.tag_name().name(), "", Some(parent));
                for attribute in child.attributes() {
                    let (name, value) = (attribute.name(), attribute.value());
                    self.begin(NodeKind::Attribute, name, value, Some(ix));
                }
                open.push((child.children(), ix));
            } else if child.is_text() {
                let text = child.text().unwrap_or_default();
                self.begin(NodeKind::Text, "", text, Some(parent));
            }
        }
    }

    fn add_html(&mut self, root: ego_tree::NodeRef<'_, HtmlNode>, into: NodeIx) {
        let mut open = vec![(root.children(), into)];
        while let Some((children, parent)) = open.last_mut() {
            let parent = *parent;
            let Some(child) = children.next() else {
                self.end(parent);
                open.pop();
                continue;
            };
            match child.value() {
                HtmlNode::Element(element) => {
                    let ix = self.begin(NodeKind::Element, element.name(), "", Some(parent));
                    for (name, value) in element.attrs() {
                        self.begin(NodeKind::Attribute, name, value, Some(ix));
                    }
                    open.push((child.children(), ix));
                }
                HtmlNode::Text(text) => {
                    self.begin(NodeKind::Text, "", text, Some(parent));
                }
                _ => {}
            }
        }
    }

    pub(super) fn kind(&self, NodeIx(ix): NodeIx) -> NodeKind {
        self.nodes[ix].kind
    }

    pub(super) fn name(&self, NodeIx(ix): NodeIx) -> &str {
        &self.nodes[ix].name
    }

    pub(super) fn is_named(&self, ix: NodeIx, name: &str) -> bool {
        self.name(ix) == name
    }

    pub(super) fn parent(&self, NodeIx(ix): NodeIx) -> Option<NodeIx> {
        self.nodes[ix].parent
    }

    pub(super) fn children(&self, NodeIx(ix): NodeIx) -> &[NodeIx] {
        &self.nodes[ix].children
    }

    pub(super) fn attributes(&self, NodeIx(ix): NodeIx) -> &[NodeIx] {
        &self.nodes[ix].attributes
    }

    /// The node and what is below it, but for attributes.
    pub(super) fn descendants(&self, NodeIx(ix): NodeIx) -> impl Iterator<Item = NodeIx> + '_ {
        let end = self.nodes[ix].end;
        let is_node = |at: &usize| self.nodes[*at].kind != NodeKind::Attribute;
        (ix..end).filter(is_node).map(NodeIx)
    }

    /// The text of a node: an element's is all the text below it.
    pub(super) fn text(&self, ix: NodeIx) -> String {
        match self.kind(ix) {
            NodeKind::Attribute | NodeKind::Text => self.nodes[ix.0].text.clone(),
            _ => {
                let below = self.descendants(ix);
                let texts = below.filter(|ix| self.kind(*ix) == NodeKind::Text);
                texts
                    .map(|NodeIx(ix)| self.nodes[ix].text.as_str())
                    .collect()
            }
        }
    }
}
