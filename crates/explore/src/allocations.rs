//! Where what is alive was allocated: V8's sampling heap profile as a flame graph.
//!
//! Cost: one pass over the profile. Calls of one function by one caller are one frame, as V8 has
//! them; frames too narrow to be seen are taken together.

use serde::{Deserialize, Serialize};

/// Frames whose share of everything is smaller are taken together with their neighbors.
const NARROWEST: f64 = 0.0005;

/// Levels of calls that are shown; nobody reads on from here, and a profile comes from a file.
const DEEPEST: usize = 200;

/// V8's sampling heap profile, as DevTools saves it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HeapProfile {
    /// The frame that all calls come from.
    pub head: ProfileNode,
}

/// A function as it was called by those above it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileNode {
    /// The function.
    pub call_frame: CallFrame,
    /// Bytes alive that it allocated itself.
    pub self_size: f64,
    /// What it called.
    #[serde(default)]
    pub children: Vec<ProfileNode>,
}

/// A function's name and place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallFrame {
    /// Its name; empty if it has none.
    pub function_name: String,
    /// Its script.
    pub url: String,
    /// From 0; -1 for the frames that V8 makes up.
    pub line_number: i64,
    /// From 0.
    pub column_number: i64,
}

/// Where what is alive was allocated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlameGraph {
    /// Bytes alive in all.
    pub total: u64,
    /// The frame that all calls come from.
    pub root: Frame,
}

/// One frame, as wide as its bytes. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frame {
    /// The function's name.
    pub function: String,
    /// Its script, as the run's folder sees it; empty if it has none.
    pub file: String,
    /// From 1; `None` for the frames that V8 makes up.
    pub line: Option<u64>,
    /// From 1.
    pub column: Option<u64>,
    /// Whose code it is.
    pub origin: Origin,
    /// What it allocated itself.
    pub self_size: u64,
    /// With what it called.
    pub total_size: u64,
    /// What it called, the widest first.
    pub children: Vec<Frame>,
    /// Bytes of what it called that is too narrow to be shown.
    pub narrow_size: u64,
}

/// Whose code a function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The service's own.
    Service,
    /// An installed package's.
    Package,
    /// Node.js's own.
    Node,
    /// The engine's.
    Engine,
}

/// The flame graph of a profile; paths are shown as seen from the service's folder.
#[must_use]
pub fn flame_graph(profile: &HeapProfile, working_dir: &str) -> FlameGraph {
    let total = total(&profile.head, 0);
    let maker = Maker {
        least: total * NARROWEST,
        working_dir: working_dir.trim_end_matches('/'),
    };
    FlameGraph {
        total: total as u64,
        root: maker.frame(&profile.head, total, 0),
    }
}

fn total(node: &ProfileNode, depth: usize) -> f64 {
    let below = node.children.iter().filter(|_| depth < DEEPEST);
    let own = node.self_size.max(0.0);
    own + below.map(|child| total(child, depth + 1)).sum::<f64>()
}

struct Maker<'w> {
    least: f64,
    working_dir: &'w str,
}

impl Maker<'_> {
    fn frame(&self, node: &ProfileNode, size: f64, depth: usize) -> Frame {
        let below = node.children.iter().filter(|_| depth < DEEPEST);
        let mut wide = Vec::new();
        let mut narrow = 0.0;
        for child in below {
            let size = total(child, depth + 1);
            match size >= self.least && size > 0.0 {
                true => wide.push(self.frame(child, size, depth + 1)),
                false => narrow += size,
            }
        }
        wide.sort_by(|a: &Frame, b| {
            let order = b.total_size.cmp(&a.total_size);
            order.then_with(|| (&a.function, a.line).cmp(&(&b.function, b.line)))
        });
        let frame = &node.call_frame;
        let place = |number: i64| u64::try_from(number).ok().map(|number| number + 1);
        Frame {
            function: match frame.function_name.is_empty() {
                true => "(anonymous)".into(),
                false => frame.function_name.clone(),
            },
            file: self.file(&frame.url),
            line: place(frame.line_number),
            column: place(frame.column_number),
            origin: origin(frame),
            self_size: node.self_size.max(0.0) as u64,
            total_size: size as u64,
            children: wide,
            narrow_size: narrow as u64,
        }
    }

    fn file(&self, url: &str) -> String {
        let path = url.strip_prefix("file://").unwrap_or(url);
        let inside = path.strip_prefix(self.working_dir);
        let inside = inside.and_then(|rest| rest.strip_prefix('/'));
        inside.unwrap_or(path).to_owned()
    }
}

fn origin(frame: &CallFrame) -> Origin {
    if frame.url.is_empty() {
        Origin::Engine
    } else if frame.url.starts_with("node:") {
        Origin::Node
    } else if frame.url.contains("/node_modules/") {
        Origin::Package
    } else {
        Origin::Service
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, url: &str, self_size: f64, children: Vec<ProfileNode>) -> ProfileNode {
        ProfileNode {
            call_frame: CallFrame {
                function_name: name.into(),
                url: url.into(),
                line_number: 9,
                column_number: 4,
            },
            self_size,
            children,
        }
    }

    #[test]
    fn frames_are_as_wide_as_what_is_alive_below_them() {
        let own = node("handle", "file:///srv/app.js", 700.0, vec![]);
        let package = node("", "file:///srv/node_modules/ws/x.js", 200.0, vec![own]);
        let crumb = node("crumb", "node:net", 0.1, vec![]);
        let head = node("(root)", "", 100.0, vec![crumb, package]);
        let graph = flame_graph(&HeapProfile { head }, "/srv/");
        assert_eq!((graph.total, graph.root.total_size), (1000, 1000));
        assert_eq!(graph.root.origin, Origin::Engine);
        let [package] = graph.root.children.as_slice() else {
            panic!("the crumb is too narrow: {:?}", graph.root.children);
        };
        assert_eq!(package.function, "(anonymous)");
        assert_eq!(package.origin, Origin::Package);
        assert_eq!((package.self_size, package.total_size), (200, 900));
        let own = &package.children[0];
        assert_eq!(
            (&*own.file, own.line, own.column),
            ("app.js", Some(10), Some(5))
        );
        assert_eq!(own.origin, Origin::Service);
    }

    #[test]
    fn endless_calls_are_cut() {
        let mut head = node("deep", "", 1.0, vec![]);
        for _ in 0..3 * DEEPEST {
            head = node("deep", "", 1.0, vec![head]);
        }
        let graph = flame_graph(&HeapProfile { head }, "/");
        assert_eq!(graph.total, DEEPEST as u64 + 1);
    }
}
