//! XPath 1.0 over a response: what load scripts use of it.
//!
//! Location paths with the usual axes, predicates, unions and the core functions. Names are compared
//! without their namespace prefix, since a script cannot declare one. What is no well-formed XML is
//! read as HTML.

mod parser;
mod tree;

use serde_json::Value;

pub(crate) use tree::Tree;
use tree::{NodeIx, NodeKind};

/// An XPath expression, parsed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct XPath {
    root: Expr,
}

#[derive(Debug, Clone, PartialEq)]
enum Expr {
    Number(f64),
    Text(String),
    /// Steps from the root of the document, or from where we are.
    Path {
        is_absolute: bool,
        steps: Vec<Step>,
    },
    Union(Vec<Expr>),
    Binary(&'static str, Box<[Expr; 2]>),
    Minus(Box<Expr>),
    Call(String, Vec<Expr>),
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    axis: Axis,
    test: Test,
    predicates: Vec<Expr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Child,
    Descendant,
    DescendantOrSelf,
    Itself,
    Parent,
    Ancestor,
    AncestorOrSelf,
    FollowingSibling,
    PrecedingSibling,
    Attribute,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Name(String),
    AnyName,
    Text,
    Node,
}

/// What an expression comes to.
enum Found {
    /// In document order, each once.
    Nodes(Vec<NodeIx>),
    Text(String),
    Number(f64),
    Truth(bool),
}

struct Here {
    node: NodeIx,
    /// From 1.
    position: usize,
    size: usize,
}

impl XPath {
    /// Parses an expression.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let root = parser::parse(text)?;
        Ok(Self { root })
    }

    /// The texts of the nodes that it leads to, or the one value that it comes to.
    pub(crate) fn values(&self, tree: &Tree) -> Vec<Value> {
        let here = Here {
            node: Tree::ROOT,
            position: 1,
            size: 1,
        };
        match evaluate(&self.root, &here, tree) {
            Found::Nodes(nodes) => nodes.into_iter().map(|ix| tree.text(ix).into()).collect(),
            Found::Text(text) => vec![text.into()],
            Found::Number(number) => vec![crate::value::as_in_javascript(number.into())],
            Found::Truth(truth) => vec![truth.into()],
        }
    }
}

fn evaluate(expr: &Expr, here: &Here, tree: &Tree) -> Found {
    match expr {
        Expr::Number(number) => Found::Number(*number),
        Expr::Text(text) => Found::Text(text.clone()),
        Expr::Minus(inner) => Found::Number(-number(&evaluate(inner, here, tree), tree)),
        Expr::Path { is_absolute, steps } => {
            let start = if *is_absolute { Tree::ROOT } else { here.node };
            Found::Nodes(walk(start, steps, tree))
        }
        Expr::Union(exprs) => {
            let mut all = Vec::new();
            for expr in exprs {
                if let Found::Nodes(nodes) = evaluate(expr, here, tree) {
                    all.extend(nodes);
                }
            }
            Found::Nodes(in_order(all))
        }
        Expr::Binary(sign, sides) => {
            let [a, b] = &**sides;
            let a = evaluate(a, here, tree);
            match *sign {
                "and" if !truth(&a) => return Found::Truth(false),
                "or" if truth(&a) => return Found::Truth(true),
                _ => {}
            }
            let b = evaluate(b, here, tree);
            match *sign {
                "and" | "or" => Found::Truth(truth(&b)),
                "+" => Found::Number(number(&a, tree) + number(&b, tree)),
                "-" => Found::Number(number(&a, tree) - number(&b, tree)),
                "*" => Found::Number(number(&a, tree) * number(&b, tree)),
                "div" => Found::Number(number(&a, tree) / number(&b, tree)),
                "mod" => Found::Number(number(&a, tree) % number(&b, tree)),
                _ => Found::Truth(compare(sign, &a, &b, tree)),
            }
        }
        Expr::Call(name, args) => call(name, args, here, tree),
    }
}

fn in_order(mut nodes: Vec<NodeIx>) -> Vec<NodeIx> {
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

fn walk(start: NodeIx, steps: &[Step], tree: &Tree) -> Vec<NodeIx> {
    let mut nodes = vec![start];
    for step in steps {
        let mut next = Vec::new();
        for &node in &nodes {
            let mut found: Vec<NodeIx> = axis(node, step.axis, tree)
                .into_iter()
                .filter(|&ix| passes(ix, &step.test, step.axis, tree))
                .collect();
            for predicate in &step.predicates {
                let size = found.len();
                let mut position = 0;
                found.retain(|&node| {
                    position += 1;
                    let here = Here {
                        node,
                        position,
                        size,
                    };
                    match evaluate(predicate, &here, tree) {
                        Found::Number(number) => number == position as f64,
                        other => truth(&other),
                    }
                });
            }
            next.extend(found);
        }
        nodes = in_order(next);
    }
    nodes
}

/// The nodes of an axis, nearest first.
fn axis(node: NodeIx, axis: Axis, tree: &Tree) -> Vec<NodeIx> {
    let siblings = |is_after: bool| -> Vec<NodeIx> {
        let Some(parent) = tree.parent(node) else {
            return Vec::new();
        };
        let all = tree.children(parent).iter().copied();
        match is_after {
            true => all.filter(|ix| *ix > node).collect(),
            false => {
                let before: Vec<_> = all.filter(|ix| *ix < node).collect();
                before.into_iter().rev().collect()
            }
        }
    };
    let ancestors = |from: Option<NodeIx>| -> Vec<NodeIx> {
        std::iter::successors(from, |ix| tree.parent(*ix)).collect()
    };
    match axis {
        Axis::Child => tree.children(node).to_vec(),
        Axis::Descendant => tree.descendants(node).skip(1).collect(),
        Axis::DescendantOrSelf => tree.descendants(node).collect(),
        Axis::Itself => vec![node],
        Axis::Parent => tree.parent(node).into_iter().collect(),
        Axis::Ancestor => ancestors(tree.parent(node)),
        Axis::AncestorOrSelf => ancestors(Some(node)),
        Axis::FollowingSibling => siblings(true),
        Axis::PrecedingSibling => siblings(false),
        Axis::Attribute => tree.attributes(node).to_vec(),
    }
}

fn passes(ix: NodeIx, test: &Test, axis: Axis, tree: &Tree) -> bool {
    let is_named = match axis {
        Axis::Attribute => NodeKind::Attribute,
        _ => NodeKind::Element,
    };
    match test {
        Test::Node => true,
        Test::Text => tree.kind(ix) == NodeKind::Text,
        Test::AnyName => tree.kind(ix) == is_named,
        Test::Name(name) => tree.kind(ix) == is_named && tree.is_named(ix, name),
    }
}

fn truth(found: &Found) -> bool {
    match found {
        Found::Nodes(nodes) => !nodes.is_empty(),
        Found::Text(text) => !text.is_empty(),
        Found::Number(number) => *number != 0.0 && !number.is_nan(),
        Found::Truth(truth) => *truth,
    }
}

fn text(found: &Found, tree: &Tree) -> String {
    match found {
        Found::Nodes(nodes) => nodes.first().map(|ix| tree.text(*ix)).unwrap_or_default(),
        Found::Text(text) => text.clone(),
        Found::Number(number) => number.to_string(),
        Found::Truth(truth) => truth.to_string(),
    }
}

fn number(found: &Found, tree: &Tree) -> f64 {
    match found {
        Found::Number(number) => *number,
        Found::Truth(truth) => f64::from(u8::from(*truth)),
        other => text(other, tree).trim().parse().unwrap_or(f64::NAN),
    }
}

fn compare(sign: &str, a: &Found, b: &Found, tree: &Tree) -> bool {
    // A set of nodes compares if any of them does.
    for (set, other, is_left) in [(a, b, true), (b, a, false)] {
        if let Found::Nodes(nodes) = set
            && !matches!(other, Found::Truth(_))
        {
            return nodes.iter().any(|ix| {
                let one = Found::Text(tree.text(*ix));
                match is_left {
                    true => compare(sign, &one, other, tree),
                    false => compare(sign, other, &one, tree),
                }
            });
        }
    }
    let is_numeric = matches!(a, Found::Number(_)) || matches!(b, Found::Number(_));
    let is_equal = || match (a, b) {
        (Found::Truth(_), _) | (_, Found::Truth(_)) => truth(a) == truth(b),
        _ if is_numeric => number(a, tree) == number(b, tree),
        _ => text(a, tree) == text(b, tree),
    };
    let (x, y) = (number(a, tree), number(b, tree));
    match sign {
        "=" => is_equal(),
        "!=" => !is_equal(),
        "<" => x < y,
        "<=" => x <= y,
        ">" => x > y,
        _ => x >= y,
    }
}

fn call(name: &str, args: &[Expr], here: &Here, tree: &Tree) -> Found {
    let arg = |at: usize| match args.get(at) {
        Some(expr) => evaluate(expr, here, tree),
        None => Found::Nodes(vec![here.node]),
    };
    let as_text = |at: usize| text(&arg(at), tree);
    let as_number = |at: usize| number(&arg(at), tree);
    let nodes = |at: usize| match arg(at) {
        Found::Nodes(nodes) => nodes,
        _ => Vec::new(),
    };
    let spaced = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match name {
        "position" => Found::Number(here.position as f64),
        "last" => Found::Number(here.size as f64),
        "count" => Found::Number(nodes(0).len() as f64),
        "sum" => {
            let all = nodes(0).into_iter().map(|ix| Found::Text(tree.text(ix)));
            Found::Number(all.map(|found| number(&found, tree)).sum())
        }
        "name" | "local-name" => {
            let first = nodes(0).first().copied();
            Found::Text(first.map(|ix| tree.name(ix).to_owned()).unwrap_or_default())
        }
        "string" => Found::Text(as_text(0)),
        "number" => Found::Number(as_number(0)),
        "boolean" => Found::Truth(truth(&arg(0))),
        "not" => Found::Truth(!truth(&arg(0))),
        "true" => Found::Truth(true),
        "false" => Found::Truth(false),
        "contains" => Found::Truth(as_text(0).contains(&as_text(1))),
        "starts-with" => Found::Truth(as_text(0).starts_with(&as_text(1))),
        "normalize-space" => Found::Text(spaced(as_text(0))),
        "string-length" => Found::Number(as_text(0).chars().count() as f64),
        "concat" => Found::Text((0..args.len()).map(as_text).collect()),
        "substring-before" => {
            let whole = as_text(0);
            let part = whole.split_once(&as_text(1)).map(|(before, _)| before);
            Found::Text(part.unwrap_or_default().to_owned())
        }
        "substring-after" => {
            let whole = as_text(0);
            let part = whole.split_once(&as_text(1)).map(|(_, after)| after);
            Found::Text(part.unwrap_or_default().to_owned())
        }
        "floor" => Found::Number(as_number(0).floor()),
        "ceiling" => Found::Number(as_number(0).ceil()),
        // The parser knows no others.
        _ => Found::Number(as_number(0).round()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn xpath_leads_to_values() {
        let xml = "<?xml version='1.0'?><o:orders xmlns:o='urn:o'><o:order id='1' paid='yes'>\
                   <item>Pen</item><item>Ink</item></o:order><o:order id='2'><item>Paper</item>\
                   <total>7.5</total></o:order></o:orders>";
        let tree = Tree::parse(xml).unwrap();
        for (path, expected) in [
            ("/orders/order/@id", json!(["1", "2"])),
            ("//item", json!(["Pen", "Ink", "Paper"])),
            ("//order[1]/item[2]", json!(["Ink"])),
            ("//order[@id='2']/item/text()", json!(["Paper"])),
            ("//order[@paid]/@id", json!(["1"])),
            ("//order[not(@paid)]/total", json!(["7.5"])),
            ("//order[last()]/@id", json!(["2"])),
            ("//order[total > 7]/@id", json!(["2"])),
            ("//item[contains(., 'n')]", json!(["Pen", "Ink"])),
            (
                "//item[starts-with(text(), 'P') and position() = 1]",
                json!(["Pen", "Paper"]),
            ),
            ("//total/../@id", json!(["2"])),
            ("//total/preceding-sibling::item", json!(["Paper"])),
            ("//item/ancestor::o:order[@id=1]/@id", json!(["1"])),
            ("//total | //order/@paid", json!(["yes", "7.5"])),
            ("count(//item)", json!([3])),
            ("string(//order[2]/item)", json!(["Paper"])),
            ("concat('a', name(//total))", json!(["atotal"])),
            ("//total + 0.5", json!([8])),
            ("//nothing", json!([])),
            ("//*[local-name()='total']", json!(["7.5"])),
        ] {
            let parsed = XPath::parse(path).unwrap_or_else(|e| panic!("{path}: {e}"));
            assert_eq!(json!(parsed.values(&tree)), expected, "{path}");
        }
    }

    #[test]
    fn html_is_read_too() {
        let html = "<p>One<p>Two <b class=x>bold</b><br><input name=csrf value=t0k>";
        let tree = Tree::parse(html).unwrap();
        for (path, expected) in [
            ("//p[2]/b[@class='x']", json!(["bold"])),
            ("//input[@name='csrf']/@value", json!(["t0k"])),
            ("/html/body/p[1]", json!(["One"])),
        ] {
            let parsed = XPath::parse(path).unwrap();
            assert_eq!(json!(parsed.values(&tree)), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_xpath_says_why() {
        for text in [
            "",
            "//",
            "//a[",
            "//a[@]",
            "frob(1)",
            "//a b",
            "'open",
            "//frob::a",
        ] {
            assert!(XPath::parse(text).is_err(), "{text}");
        }
        assert!(XPath::parse(&"(".repeat(100_000)).is_err());
        assert!(XPath::parse(&"-".repeat(100_000)).is_err());
    }
}
