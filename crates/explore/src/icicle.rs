//! The dominator tree as a drawing: every object as wide as what would be freed with it, below the
//! object that keeps it.
//!
//! Owns which of them are worth a place. Objects too small to be seen are taken together; so are
//! objects of one class below the same object, where they are many.

use std::collections::HashMap;

use heap::{ClassIx, NodeIx};
use serde::Serialize;

use crate::desk::Desk;
use crate::object::ObjectRow;

/// What is narrower than this share of the whole drawing has no place of its own.
const NARROWEST: f64 = 0.002;

/// Levels of the drawing.
const DEEPEST: usize = 24;

/// Objects of one class below one object that have a place of their own; the others are together.
const SINGLE: usize = 12;

/// A part of the dominator tree. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Icicle {
    /// The objects above the first, the nearest first.
    pub above: Vec<ObjectRow>,
    /// The first object, as wide as the drawing.
    pub cell: Cell,
}

/// One place of the drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The object; `None` for several that are taken together.
    pub object: Option<ObjectRow>,
    /// The class, if all are of one.
    pub class: Option<String>,
    /// How many objects.
    pub count: u64,
    /// What would be freed with them.
    pub retained_size: u64,
    /// What they dominate immediately, the widest first.
    pub cells: Vec<Cell>,
}

impl Desk<'_> {
    /// The drawing of what an object dominates.
    #[must_use]
    pub fn icicle(&self, node: NodeIx) -> Icicle {
        let whole = self.heap().analysis.retained_size(node);
        let least = (whole as f64 * NARROWEST) as u64;
        Icicle {
            above: crate::dominators::chain(self.heap(), node),
            cell: self.cell(node, least.max(1), DEEPEST),
        }
    }

    fn cell(&self, node: NodeIx, least: u64, levels: usize) -> Cell {
        let object = self.heap().object(node);
        Cell {
            class: Some(object.class().to_owned()),
            count: 1,
            retained_size: object.retained_size(),
            object: Some(object.row()),
            cells: match levels {
                0 => Vec::new(),
                _ => self.cells_below(node, least, levels - 1),
            },
        }
    }

    fn cells_below(&self, node: NodeIx, least: u64, levels: usize) -> Vec<Cell> {
        let analysis = self.heap().analysis;
        let size = |node: &NodeIx| analysis.retained_size(*node);
        let mut classes: HashMap<ClassIx, Vec<NodeIx>> = HashMap::new();
        for &child in self.dominated().below(node) {
            let class = analysis.class_of(child);
            classes.entry(class).or_default().push(child);
        }
        let mut cells = Vec::new();
        let mut rest = Together::default();
        for (class, mut nodes) in classes {
            nodes.sort_unstable_by_key(|node| (std::cmp::Reverse(size(node)), *node));
            let singles = nodes.iter().take(SINGLE);
            let singles = singles.take_while(|node| size(node) >= least).count();
            cells.extend(
                nodes[..singles]
                    .iter()
                    .map(|&n| self.cell(n, least, levels)),
            );
            let others = Together {
                count: (nodes.len() - singles) as u64,
                retained_size: nodes[singles..].iter().map(size).sum(),
            };
            if others.retained_size >= least {
                cells.push(others.cell(Some(analysis.class_name(class))));
            } else {
                rest.count += others.count;
                rest.retained_size += others.retained_size;
            }
        }
        if rest.retained_size >= least {
            cells.push(rest.cell(None));
        }
        cells.sort_by(|a, b| {
            let order = b.retained_size.cmp(&a.retained_size);
            let id = |cell: &Cell| cell.object.as_ref().map(|object| object.id);
            order.then_with(|| (&a.class, id(a)).cmp(&(&b.class, id(b))))
        });
        cells
    }
}

/// Several objects in one place.
#[derive(Debug, Default)]
struct Together {
    count: u64,
    retained_size: u64,
}

impl Together {
    fn cell(self, class: Option<&str>) -> Cell {
        Cell {
            object: None,
            class: class.map(str::to_owned),
            count: self.count,
            retained_size: self.retained_size,
            cells: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Opened;

    #[test]
    fn many_of_one_class_and_crumbs_are_taken_together() {
        let opened = Opened::of(
            "root -> app:App 100         property app
             app  -> big:Big 5000        property big
             big  -> inner:Inner 4000    property inner
             app  -> item*20:Item 50     element
             app  -> crumb*3:Crumb 1     element",
        );
        let desk = Desk::of(opened.heap());
        let app = desk.find("App").unwrap();
        let drawing = desk.icicle(app);
        assert_eq!(drawing.cell.retained_size, 100 + 9000 + 1000 + 3);
        let below = &drawing.cell.cells;
        let told = |cell: &Cell| (cell.class.clone(), cell.count, cell.retained_size);
        assert_eq!(told(&below[0]), (Some("Big".into()), 1, 9000));
        assert_eq!(told(&below[0].cells[0]), (Some("Inner".into()), 1, 4000));
        let together: Vec<_> = below.iter().filter(|cell| cell.object.is_none()).collect();
        assert_eq!(together.len(), 1, "the crumbs have no place: {below:?}");
        assert_eq!(told(together[0]), (Some("Item".into()), 8, 400));
        assert_eq!(drawing.above[0].id, 1);
    }
}
