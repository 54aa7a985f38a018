//! Files that end too early, at every byte.

use heap::{Error, parse, recover};

use super::corpus::{corpus, file};
use super::invariants;

#[test]
fn a_file_cut_anywhere_is_an_error_or_whole() {
    for (name, bytes) in corpus() {
        for cut in 0..bytes.len() {
            invariants::check(&bytes[..cut]);
            let is_whole = bytes[cut..].iter().all(u8::is_ascii_whitespace);
            let parsed = parse(&bytes[..cut], None);
            if !is_whole {
                assert!(parsed.is_err(), "{name} cut at {cut}");
            }
        }
    }
}

#[test]
fn the_error_names_the_section_and_the_byte() {
    let bytes = file("service");
    let text = String::from_utf8(bytes.clone()).unwrap();
    for section in ["snapshot", "nodes", "edges", "locations", "strings"] {
        let cut = text.find(&format!("\"{section}\":")).unwrap() + section.len() + 10;
        match parse(&bytes[..cut], None) {
            Err(Error::CutShort {
                section: named,
                offset,
            }) => {
                assert_eq!(named, format!("`{section}`"));
                assert_eq!(offset, cut as u64);
            }
            other => panic!("{section}: {other:?}"),
        }
    }
}

#[test]
fn more_of_a_file_never_recovers_less() {
    let bytes = file("service");
    let whole = parse(&bytes[..], None).unwrap();
    let (mut nodes, mut edges, mut strings) = (0, 0, 0);
    for cut in 0..bytes.len() {
        let Ok(recovered) = recover(&bytes[..cut], None) else {
            assert_eq!(nodes, 0, "cut at {cut}");
            continue;
        };
        let Some(loss) = recovered.loss else {
            continue;
        };
        // An edge can lead to a node that a longer file would have.
        assert!(
            loss.nodes.found >= nodes && loss.strings >= strings,
            "cut at {cut}"
        );
        assert!(loss.edges.found >= edges || loss.nodes.found < whole.n_nodes() as u64);
        (nodes, edges, strings) = (loss.nodes.found, loss.edges.found, loss.strings);
    }
    assert_eq!(
        (nodes, edges),
        (whole.n_nodes() as u64, whole.n_edges() as u64)
    );
    assert!(strings > 0);
}

#[test]
fn what_is_recovered_is_what_was_there() {
    let bytes = file("service");
    let whole = parse(&bytes[..], None).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    // In the middle of the strings: the graph is whole, and some names are not.
    let cut = text.find("\"Session\"").unwrap() + 4;
    let recovered = recover(&bytes[..cut], None).unwrap();
    let loss = recovered.loss.unwrap();
    assert!(matches!(
        loss.error,
        Error::CutShort {
            section: "`strings`",
            ..
        }
    ));
    assert_eq!(loss.nodes.expected, Some(loss.nodes.found));
    assert!(loss.missing_names > 0);
    let snapshot = recovered.snapshot;
    for node in whole.nodes() {
        let (name, real) = (snapshot.name(node), whole.name(node));
        assert!(
            name == real || name.ends_with("(missing)"),
            "{name} for {real}"
        );
        assert_eq!(snapshot.edges(node).len(), whole.edges(node).len());
        assert_eq!(snapshot.node_id(node), whole.node_id(node));
    }
}
