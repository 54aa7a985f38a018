//! Several names for one object.
//!
//! Owns which variable or property was simply set to which other one: `const list = this.list`,
//! `this.list = list`, `{ list }`. Invariant: only plain copies of a reference count. Two variables
//! that copy one another are the same; a variable that copies a property is that property as far as
//! the property is concerned, but not the other way round, since properties are known by name only.

use std::collections::{HashMap, HashSet};

use crate::facts::Target;

/// Who was set to whom, in both directions.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    copies_of: HashMap<Target, Vec<Target>>,
    copied_from: HashMap<Target, Vec<Target>>,
}

impl Aliases {
    /// Notes that `copy` was set to `original`.
    pub(crate) fn note(&mut self, copy: Target, original: Target) {
        self.copies_of
            .entry(original.clone())
            .or_default()
            .push(copy.clone());
        self.copied_from.entry(copy).or_default().push(original);
    }

    /// The target, the variables that were set to it, and those that are the same as these.
    pub(crate) fn same_as(&self, target: &Target) -> HashSet<Target> {
        let mut same = HashSet::from([target.clone()]);
        let mut to_visit = vec![target.clone()];
        while let Some(next) = to_visit.pop() {
            let copies = self.copies_of.get(&next).into_iter().flatten();
            let originals = match next {
                Target::Symbol(_) => self.copied_from.get(&next),
                Target::Member(_) => None,
            };
            for other in copies.chain(originals.into_iter().flatten()) {
                if matches!(other, Target::Symbol(_)) && same.insert(other.clone()) {
                    to_visit.push(other.clone());
                }
            }
        }
        same
    }

    /// What stands on the other side of a copy between a property and one of these: the properties
    /// for variables, the variables for a property.
    pub(crate) fn holding(&self, same: &HashSet<Target>) -> HashSet<Target> {
        let both = [&self.copies_of, &self.copied_from];
        let others = same
            .iter()
            .flat_map(|t| both.map(|of| of.get(t).into_iter().flatten()));
        others
            .flatten()
            .filter(|other| !same.contains(*other))
            .cloned()
            .collect()
    }
}
