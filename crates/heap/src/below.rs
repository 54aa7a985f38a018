//! What lies new below an object: by which way it is reached, and how far down.
//!
//! New are the objects born between two snapshots. The ways lead through new objects and backing
//! stores; what is not reached so, through whatever else only the object keeps alive: a list in each
//! of a hundred places. Must not know what is worth telling of them.
//!
//! Cost: two walks over what lies below.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::holders::{Cohort, is_backing_store, is_strong};
use crate::retained_growth::keepers;
use crate::{Analysis, NodeIx, PathStep, Snapshot};

/// Dominators looked through for the object.
const DOMINATORS: usize = 32;

/// The ways from one object down to new ones.
pub struct Below<'a> {
    snapshot: &'a Snapshot,
    analysis: &'a Analysis,
    top: NodeIx,
    cohort: Cohort,
    came_by: HashMap<NodeIx, PathStep>,
    /// Everything reached, nearest first, with the number of steps; what was reached through new
    /// objects only comes before all else.
    reached: Vec<(NodeIx, u32)>,
}

impl<'a> Below<'a> {
    /// Walks down from `top`, an object of the newer snapshot.
    #[must_use]
    pub fn of(base: &Snapshot, newer: (&'a Snapshot, &'a Analysis), top: NodeIx) -> Self {
        let mut below = Self {
            snapshot: newer.0,
            analysis: newer.1,
            top,
            cohort: Cohort::of(base, newer.0),
            came_by: HashMap::new(),
            reached: Vec::new(),
        };
        below.walk(Self::is_new_or_folded);
        below.walk(Self::is_kept);
        below
    }

    /// How many steps down the first new object of each class is.
    #[must_use]
    pub fn depths(&self) -> HashMap<&'a str, u32> {
        let mut depths = HashMap::new();
        for &(node, depth) in self.new_objects() {
            depths.entry(self.class(node)).or_insert(depth);
        }
        depths
    }

    /// The way down to the nearest new object of a class.
    #[must_use]
    pub fn way_to(&self, class: &str) -> Option<Vec<PathStep>> {
        let (found, _) = self.new_objects().find(|&&(n, _)| self.class(n) == class)?;
        let first = self.came_by.get(found);
        let back = std::iter::successors(first, |step| self.came_by.get(&step.from));
        let mut steps: Vec<PathStep> = back.copied().collect();
        steps.reverse();
        Some(steps)
    }

    /// Whether an object is new.
    #[must_use]
    pub fn is_new(&self, node: NodeIx) -> bool {
        self.cohort.has(node)
    }

    fn new_objects(&self) -> impl Iterator<Item = &(NodeIx, u32)> {
        self.reached.iter().filter(|(node, _)| self.is_new(*node))
    }

    fn class(&self, node: NodeIx) -> &'a str {
        self.analysis.class_name(self.analysis.class_of(node))
    }

    /// Goes on from the top and everything reached so far to all that `follows` lets through.
    fn walk(&mut self, follows: fn(&Self, NodeIx, &HashSet<NodeIx>) -> bool) {
        let mut seen: HashSet<NodeIx> = self.reached.iter().map(|&(node, _)| node).collect();
        seen.insert(self.top);
        let mut queue = VecDeque::from([(self.top, 0)]);
        queue.extend(self.reached.iter().copied());
        while let Some((from, depth)) = queue.pop_front() {
            for edge in self.snapshot.edges(from) {
                let to = edge.to;
                let goes = !seen.contains(&to)
                    && is_strong(self.snapshot, edge)
                    && follows(self, to, &seen);
                if goes {
                    seen.insert(to);
                    self.came_by.insert(to, PathStep { from, edge });
                    self.reached.push((to, depth + 1));
                    queue.push_back((to, depth + 1));
                }
            }
        }
    }

    fn is_new_or_folded(&self, node: NodeIx, _: &HashSet<NodeIx>) -> bool {
        self.is_new(node) || is_backing_store(self.snapshot, node)
    }

    /// Whether the top alone keeps an object alive: `below` are some that it does.
    fn is_kept(&self, node: NodeIx, below: &HashSet<NodeIx>) -> bool {
        let mut above = keepers((self.snapshot, self.analysis), node).take(DOMINATORS);
        self.is_new(node) || above.any(|n| n == self.top || below.contains(&n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names along the way from `App` to the nearest new object of a class, and how far that is.
    fn way_to(newer: &str, class: &str) -> Option<(Vec<String>, u32)> {
        let base = "root -> app@11:App 100 property app
             root -> other@17:Other 100 property other
             app -> map@13:Map 100 property places
             map -> old@15:Place 100 property first";
        let parse = |text: &str| crate::parse(&*testkit::heap(text), None).unwrap();
        let (base, newer) = (parse(base), parse(newer));
        let analysis = Analysis::of(&newer);
        let app = newer.nodes().find(|&n| newer.name(n) == "App")?;
        let below = Below::of(&base, (&newer, &analysis), app);
        let way = below.way_to(class)?;
        let names = way.iter().map(|step| newer.name(step.edge.to).into_owned());
        Some((names.collect(), below.depths()[class]))
    }

    #[test]
    fn new_objects_are_reached_through_new_ones_first_then_through_what_is_kept() {
        let newer = "root -> app@11:App 100 property app
             root -> other@17:Other 100 property other
             app -> map@13:Map 100 property places
             app -> other property shared
             map -> old@15:Place 100 property first
             old -> visit@31:Visit 100 property last
             other -> call@33:Call 100 property last
             app -> head@35:Entry 100 property head
             head -> far@37:Visit 100 property visit";
        let told = |names: &[&str], depth| {
            let names = names.iter().map(|&name| name.to_owned());
            Some((names.collect(), depth))
        };
        assert_eq!(way_to(newer, "Visit"), told(&["Entry", "Visit"], 2));
        let without_head = newer.split("app -> head").next().unwrap();
        let through_old = told(&["Map", "Place", "Visit"], 3);
        assert_eq!(way_to(without_head, "Visit"), through_old);
        // Another keeps it alive as well.
        assert_eq!(way_to(newer, "Call"), None);
        assert_eq!(way_to(newer, "Place"), None);
    }
}
