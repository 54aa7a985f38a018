//! What must hold of whatever the parser answers. The fuzz target and the tests share it.

use heap::{Analysis, Error, Loss, Overview, Snapshot, parse, recover};

/// Reads bytes both ways, and checks what comes out.
///
/// # Panics
/// If an invariant does not hold.
pub fn check(bytes: &[u8]) {
    let parsed = parse(bytes, Some(bytes.len() as u64));
    // Without a size the columns grow as they are read.
    let size_hint = (!bytes.len().is_multiple_of(8)).then_some(bytes.len() as u64);
    let recovered = recover(bytes, size_hint);
    match (&parsed, &recovered) {
        (Ok(whole), Ok(recovered)) => {
            assert!(recovered.loss.is_none(), "what is whole has lost nothing");
            assert_eq!(whole.n_edges(), recovered.snapshot.n_edges());
            check_snapshot(whole);
        }
        (Err(error), Ok(recovered)) => {
            check_error(error, bytes);
            let loss = recovered.loss.as_ref().expect("an error is a loss");
            check_loss(loss, &recovered.snapshot);
            check_snapshot(&recovered.snapshot);
        }
        (Err(error), Err(lost)) => {
            check_error(error, bytes);
            check_error(lost, bytes);
        }
        (Ok(_), Err(error)) => panic!("what is whole cannot be recovered: {error}"),
    }
    check_redacted(bytes);
}

/// What can be redacted is whole if the bytes were, and then the same graph.
fn check_redacted(bytes: &[u8]) {
    let mut out = Vec::new();
    match heap::redact(bytes, &mut out, &heap::Redaction::default()) {
        Ok(_) => {
            let before = parse(bytes, None);
            let after = parse(&out[..], None);
            assert_eq!(before.is_ok(), after.is_ok(), "{before:?} and {after:?}");
            if let (Ok(before), Ok(after)) = (before, after) {
                let counts = |snapshot: &Snapshot| (snapshot.n_nodes(), snapshot.n_edges());
                assert_eq!(counts(&before), counts(&after));
            }
        }
        Err(error) => check_error(&error, bytes),
    }
}

/// An error says where, within the bytes.
fn check_error(error: &Error, bytes: &[u8]) {
    match *error {
        Error::CutShort { offset, .. } => assert_eq!(offset, bytes.len() as u64),
        Error::Repeated { offset, .. } => assert!(offset <= bytes.len() as u64),
        Error::Syntax { offset, .. }
        | Error::Count { offset, .. }
        | Error::Number { offset, .. }
        | Error::Index { offset, .. } => assert!(offset < bytes.len() as u64, "{error}"),
        Error::Read { .. } | Error::Write { .. } => panic!("bytes at hand can be read: {error}"),
        Error::Empty => assert!(bytes.is_empty()),
        Error::Header(_) | Error::Missing(_) | Error::TooLarge { .. } => {}
    }
    assert!(!error.to_string().is_empty());
}

fn check_loss(loss: &Loss, snapshot: &Snapshot) {
    assert_eq!(loss.nodes.found, snapshot.n_nodes() as u64);
    assert_eq!(loss.edges.found, snapshot.n_edges() as u64);
}

/// Every index is in range, and everything that is computed from them.
fn check_snapshot(snapshot: &Snapshot) {
    assert!(snapshot.root().index() < snapshot.n_nodes());
    let mut n_edges = 0;
    for node in snapshot.nodes() {
        let _ = snapshot.name(node).into_owned();
        let _ = snapshot.node_type_name(node);
        let _ = snapshot.location(node);
        for edge in snapshot.edges(node) {
            assert!(edge.to.index() < snapshot.n_nodes());
            let _ = snapshot.edge_name(edge).to_string();
            n_edges += 1;
        }
    }
    assert_eq!(n_edges, snapshot.n_edges());
    let analysis = Analysis::of(snapshot);
    for node in snapshot.nodes() {
        assert!(analysis.dominator(node).index() < snapshot.n_nodes());
        let _ = analysis.class_name(analysis.class_of(node)).to_owned();
    }
    let overview = Overview::of(snapshot, &analysis);
    assert_eq!(Overview::from_bytes(&overview.to_bytes()), Some(overview));
}
