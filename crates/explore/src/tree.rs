//! How far a tree of objects is unfolded.
//!
//! The first level is listed as any other list; below it each object shows its first rows only,
//! as many levels deep as asked for. A tree of a heap can be endless: an object that is on its own
//! branch already is not unfolded again, and a tree ends after so many rows in all.

use std::collections::HashSet;

use heap::NodeIx;

use crate::listing::{Listed, Listing, Wanted};

/// Rows of a tree, however deep and wide it was asked for.
const MOST_ROWS: usize = 50_000;

/// Rows of each level below the first, if none is asked for.
const ROWS_BELOW: usize = 10;

/// What is wanted of a tree.
#[derive(Debug)]
pub struct Unfolding<T> {
    /// The first level.
    pub(crate) first: Listing<T>,
    /// Every level below.
    pub(crate) below: Listing<T>,
    /// Levels in all.
    depth: usize,
}

/// Where on a tree the unfolding is.
#[derive(Debug)]
pub(crate) struct Branch {
    depth: usize,
    rows_left: usize,
    /// The objects above, so that a cycle ends.
    above: HashSet<NodeIx>,
}

impl Wanted {
    /// The unfolding of a tree of rows of this kind.
    ///
    /// # Errors
    /// If they have no such column.
    pub fn unfolding<T: Listed>(
        &self,
        depth: usize,
    ) -> Result<Unfolding<T>, crate::listing::UnknownColumn> {
        let below = Self {
            filter: None,
            skip: 0,
            top: Some(self.top.map_or(ROWS_BELOW, |top| top.min(ROWS_BELOW))),
            ..self.clone()
        };
        Ok(Unfolding {
            first: self.listing()?,
            below: below.listing()?,
            depth,
        })
    }
}

impl<T> Unfolding<T> {
    /// At the object that the tree hangs from.
    pub(crate) fn start(&self, node: NodeIx) -> Branch {
        Branch {
            depth: self.depth,
            rows_left: MOST_ROWS,
            above: HashSet::from([node]),
        }
    }
}

impl Branch {
    /// Goes one level down below a row about `node` and comes back; `None` if the tree ends there.
    pub(crate) fn below<R>(
        &mut self,
        node: NodeIx,
        unfold: impl FnOnce(&mut Self) -> R,
    ) -> Option<R> {
        self.rows_left = self.rows_left.saturating_sub(1);
        if self.depth <= 1 || self.rows_left == 0 || !self.above.insert(node) {
            return None;
        }
        self.depth -= 1;
        let unfolded = unfold(self);
        self.depth += 1;
        self.above.remove(&node);
        Some(unfolded)
    }
}
