//! Whether two snapshots can be compared: V8 numbers its objects anew when a session of its inspector
//! ends, and a comparison knows an object by its number.

use std::path::Path;

use heap::{NodeType, Snapshot};

use crate::failure::warn_in_detail;

/// Functions that are looked for, at most; and how many there must be for an answer.
const SAMPLE: usize = 2_000;
const LEAST: usize = 100;

/// Warns where hardly any function of the older snapshot is one in the newer: functions live as long
/// as the program.
pub(super) fn check((base, older): (&Snapshot, &Path), (newer, path): (&Snapshot, &Path)) {
    if are_strangers(base, newer) {
        let message = format!(
            "`{}` and `{}` have hardly an object in common: what is new and what is gone cannot be told",
            older.display(),
            path.display()
        );
        let hint = "V8 numbers objects anew when an inspector's session ends: take both with one \
                    command, `leakscope snapshot TARGET -n 2 --every 60s`";
        warn_in_detail(&message, &[hint.to_owned()]);
    }
}

fn are_strangers(base: &Snapshot, newer: &Snapshot) -> bool {
    let is_function = |snapshot: &Snapshot, node| snapshot.node_type(node) == NodeType::Closure;
    let functions = base.nodes().filter(|&node| is_function(base, node));
    let (mut n_functions, mut n_common) = (0, 0);
    for function in functions.take(SAMPLE) {
        n_functions += 1;
        let same = newer.node_by_id(base.node_id(function));
        // Numbers given in the same order hit a function often, but seldom the same.
        let is_same = |node| is_function(newer, node) && newer.name(node) == base.name(function);
        n_common += usize::from(same.is_some_and(is_same));
    }
    n_functions >= LEAST && 2 * n_common < n_functions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(first_id: u32) -> Snapshot {
        let text = format!("root -> f*200@{first_id}:closure/f 32 property f");
        let bytes = testkit::heap(&text);
        heap::parse(bytes.as_slice(), None).unwrap()
    }

    #[test]
    fn snapshots_whose_functions_have_other_ids_are_strangers() {
        assert!(!are_strangers(&snapshot(101), &snapshot(101)));
        assert!(!are_strangers(&snapshot(101), &snapshot(121)));
        assert!(are_strangers(&snapshot(101), &snapshot(100_001)));
    }
}
