//! Heaps as text, for tests: written as arrows, turned into a snapshot in V8's own format.
//!
//! Owns the notation. Knows nothing of the engine: what a test reads is read by the real parser.
//!
//! ```text
//! root     -> server:Server 48          property app
//! server   -> sessions:Map 64           property sessions
//! sessions -> session*1000:Session 96   element
//! session  ~> server                    weak
//! f:closure/onData 32 at 7:12:4
//! ```
//!
//! An object is declared where it is first named: `alias:Class size`, with a number of copies as
//! `alias*N:…`, V8's id (of the first copy) as `alias@ID:…`, and V8's type in front of a name as
//! `alias:type/Name` (`cons string` is written `concatenated-string`). A name with blanks stands in
//! JSON quotes. The words after an arrow are the reference's kind and its name; an element or hidden
//! reference without a name gets the next index. `~>` is a weak reference. A line with an object
//! alone declares it or says more of it: `at SCRIPT:LINE:COLUMN`, `detached N`. `root` is there
//! from the start, and `#` begins a comment.
//!
//! An arrow between two groups of copies of one size joins them pairwise; any other joins all with
//! all.

mod notation;
mod snapshot;

use notation::Heap;

/// The bytes of a heap snapshot, as V8 would write it.
///
/// # Panics
/// If the text is not in the notation; the message names the line.
#[must_use]
pub fn heap(text: &str) -> Vec<u8> {
    snapshot::bytes(&Heap::parse(text))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    fn parsed(text: &str) -> Value {
        serde_json::from_slice(&super::heap(text)).unwrap()
    }

    fn numbers(value: &Value) -> Vec<u64> {
        let numbers = value.as_array().unwrap().iter();
        numbers.map(|n| n.as_u64().unwrap()).collect()
    }

    #[test]
    fn copies_are_joined_one_by_one_or_all_with_all() {
        let heap = parsed(
            "root -> list:Array 16      property list
             list -> entry*3:Entry 24   element
             entry -> text*3:string/\"a b\" 32 property text # pairwise
             text ~> list                weak",
        );
        assert_eq!(heap["snapshot"]["node_count"], 8);
        assert_eq!(heap["snapshot"]["edge_count"], 1 + 3 + 3 + 3);
        let strings = heap["strings"].as_array().unwrap();
        assert!(strings.contains(&"a b".into()) && strings.contains(&"Entry".into()));
        let edges = numbers(&heap["edges"]);
        let elements: Vec<_> = edges.chunks(3).filter(|edge| edge[0] == 1).collect();
        assert_eq!(elements.iter().map(|e| e[1]).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn ids_places_and_states_are_as_written() {
        let heap = parsed(
            "root -> f@41:closure/f 32 property f
             f at 7:12:4
             root -> d:native/Node 8 internal d
             d detached 2",
        );
        let nodes = numbers(&heap["nodes"]);
        let ids: Vec<u64> = nodes.chunks(7).map(|node| node[2]).collect();
        assert_eq!(ids, [1, 41, 5]);
        assert_eq!(nodes[2 * 7 + 6], 2);
        assert_eq!(numbers(&heap["locations"]), [7, 7, 12, 4]);
    }

    #[test]
    #[should_panic(expected = "line 1: `nobody` is not declared")]
    fn a_slip_is_told_with_its_line() {
        let _ = super::heap("nobody -> x:X 8 property x");
    }
}
