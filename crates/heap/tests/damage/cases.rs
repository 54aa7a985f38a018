//! One kind of damage at a time: what the error says, and what is recovered.

use heap::{Error, Loss, locate, parse, recover};

use super::corpus::file;
use super::invariants;

fn text(name: &str) -> String {
    String::from_utf8(file(name)).unwrap()
}

fn error(bytes: &[u8]) -> Error {
    invariants::check(bytes);
    parse(bytes, None).unwrap_err()
}

fn loss(bytes: &[u8]) -> Loss {
    recover(bytes, None).unwrap().loss.unwrap()
}

#[test]
fn what_is_no_json_is_refused_at_its_first_byte() {
    assert!(matches!(error(b""), Error::Empty));
    for bytes in [
        &b"hello"[..],
        b"\0\0\0\0",
        b"[1]",
        b"\x1f\x8b\x08",
        b"<html>",
    ] {
        assert!(
            matches!(error(bytes), Error::Syntax { offset: 0, .. }),
            "{bytes:?}"
        );
        assert!(recover(bytes, None).is_err());
    }
    assert!(matches!(error(b"{\"a\":1}"), Error::Missing("snapshot")));
    assert!(matches!(error(b"{}"), Error::Syntax { offset: 1, .. }));
}

#[test]
fn counts_that_are_too_large_are_refused_where_the_section_begins() {
    let whole = text("service");
    for (section, field) in [("nodes", "\"node_count\":2"), ("edges", "\"edge_count\":3")] {
        let wrong = whole.replace(field, &field.replace(':', ":9"));
        assert_ne!(wrong, whole);
        let start = wrong.find(&format!("\"{section}\":")).unwrap() + section.len() + 3;
        match error(wrong.as_bytes()) {
            Error::Count {
                section: named,
                offset,
                expected,
                found,
            } => {
                assert_eq!((named, offset), (section, start as u64));
                assert!(expected > found);
            }
            other => panic!("{other}"),
        }
        let loss = loss(wrong.as_bytes());
        assert!(
            loss.nodes.found == 23 && loss.missing_names == 0,
            "{loss:?}"
        );
    }
}

#[test]
fn an_edge_too_many_belongs_to_nobody() {
    let whole = text("old-fields");
    // The first node announces one edge less than it has.
    let wrong = whole.replacen("9,0,1,0,3,0", "9,0,1,0,2,0", 1);
    assert_ne!(wrong, whole);
    match error(wrong.as_bytes()) {
        Error::Count {
            section: "edges",
            expected,
            found,
            ..
        } => assert_eq!(found, expected + 1),
        other => panic!("{other}"),
    }
    let loss = loss(wrong.as_bytes());
    assert_eq!(loss.edges.expected, Some(loss.edges.found + 1));
}

#[test]
fn indexes_out_of_range_are_refused_with_their_record() {
    let whole = text("no-counts");
    let cases = [
        // A node's name, an edge's target beyond the end and between two nodes, an edge's name, a type.
        ("3,1,3,16", "3,77,3,16", "nodes", 1, "a string"),
        ("1,1,7", "1,1,14", "edges", 0, "a node"),
        ("1,1,7", "1,1,3", "edges", 0, "a node"),
        ("2,2,0", "2,99,0", "edges", 1, "a string"),
        ("9,0,1,0", "15,0,1,0", "nodes", 0, "a type"),
        ("1,1,7", "99,1,7", "edges", 0, "a type"),
    ];
    for (from, to, wanted, number, expected) in cases {
        let wrong = whole.replacen(from, to, 1);
        assert_ne!(wrong, whole, "{from}");
        match error(wrong.as_bytes()) {
            Error::Index {
                section,
                record,
                what,
                ..
            } => {
                assert_eq!((section, record, what), (wanted, number, expected), "{to}");
            }
            other => panic!("{to}: {other}"),
        }
        let place = locate(wrong.as_bytes(), &error(wrong.as_bytes()));
        assert_eq!(place, Some(wrong.find(to).unwrap() as u64), "{to}");
        let loss = loss(wrong.as_bytes());
        let is_dropped = expected == "a node";
        assert_eq!(
            (loss.nodes.found, loss.edges.found),
            (2, if is_dropped { 1 } else { 2 })
        );
        assert_eq!(
            loss.missing_names,
            u64::from(expected == "a string" || to.starts_with("15"))
        );
    }
}

#[test]
fn a_lost_name_reads_missing() {
    let wrong = text("no-counts").replacen("3,1,3,16", "3,77,3,16", 1);
    let recovered = recover(wrong.as_bytes(), None).unwrap();
    let names: Vec<_> = recovered
        .snapshot
        .nodes()
        .map(|n| recovered.snapshot.name(n))
        .collect();
    assert_eq!(names, ["", "(missing)"]);
}

#[test]
fn sections_in_another_order_are_read() {
    let (usual, other) = (file("service"), file("edges-first"));
    let (usual, other) = (
        parse(&usual[..], None).unwrap(),
        parse(&other[..], None).unwrap(),
    );
    for node in usual.nodes() {
        assert_eq!(usual.name(node), other.name(node));
        assert!(usual.edges(node).eq(other.edges(node)));
    }
}

#[test]
fn a_second_section_of_a_name_is_refused_and_the_first_counts() {
    let bytes = file("damaged-twice");
    let second = String::from_utf8(bytes.clone())
        .unwrap()
        .rfind("\"edges\":")
        .unwrap();
    match error(&bytes) {
        Error::Repeated {
            section: "edges",
            offset,
        } => assert_eq!(offset, second as u64 + 8),
        other => panic!("{other}"),
    }
    assert_eq!(loss(&bytes).edges.found, 2);
}

#[test]
fn sections_after_the_damage_are_found_again() {
    let whole = text("service");
    let middle = whole.find("\"edges\":").unwrap() + 60;
    let mut wrong = whole.clone().into_bytes();
    wrong[middle..middle + 8].fill(0);
    match error(&wrong) {
        Error::Syntax {
            section: "`edges`",
            offset,
            ..
        } => assert_eq!(offset, middle as u64),
        other => panic!("{other}"),
    }
    let loss = loss(&wrong);
    assert_eq!((loss.nodes.found, loss.missing_names), (23, 0));
    assert!(loss.edges.found > 0 && loss.edges.found < loss.edges.expected.unwrap());
}

#[test]
fn numbers_beyond_all_size_are_refused() {
    let whole = text("no-counts");
    let long = "9".repeat(10_000);
    for number in ["18446744073709551615", "18446744073709551623", &long] {
        let wrong = whole.replacen("3,1,3,16", &format!("3,1,3,{number}"), 1);
        let error_of_node = error(wrong.as_bytes());
        assert!(
            matches!(error_of_node, Error::Number { record: 1, .. }),
            "{error_of_node}"
        );
        let wrong = whole.replacen("1,1,7", &format!("1,1,{number}"), 1);
        let error_of_edge = error(wrong.as_bytes());
        assert!(
            matches!(error_of_edge, Error::Number { record: 0, .. }),
            "{error_of_edge}"
        );
    }
    let huge = whole.replacen("3,1,3,16,1", "3,1,3,16,4294967295", 1);
    assert!(matches!(
        error(huge.as_bytes()),
        Error::Count {
            section: "edges",
            ..
        }
    ));
}

#[test]
fn what_follows_the_end_is_refused() {
    for tail in ["x", "{}", "\n\0\0"] {
        let wrong = text("no-counts") + tail;
        match error(wrong.as_bytes()) {
            Error::Syntax { offset, .. } => {
                let end = wrong.len() - tail.trim_start().len();
                assert_eq!(offset, end as u64);
            }
            other => panic!("{other}"),
        }
        assert_eq!(loss(wrong.as_bytes()).edges.found, 2);
    }
}

#[test]
fn more_than_can_be_held_is_refused_before_any_work() {
    let wrong = text("service").replace("\"node_count\":23", "\"node_count\":999999999999");
    assert!(matches!(
        error(wrong.as_bytes()),
        Error::TooLarge {
            count: 999_999_999_999,
            ..
        }
    ));
    assert!(recover(wrong.as_bytes(), None).is_err());
}
