//! Small snapshots of every form, whole and damaged: where the fuzz target begins too.

use std::path::{Path, PathBuf};

/// The bytes of every file of the corpus, with its name.
pub fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/parse");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let read = |path: PathBuf| (name(&path), std::fs::read(&path).unwrap());
    files.into_iter().map(read).collect()
}

/// One file of the corpus.
pub fn file(name: &str) -> Vec<u8> {
    let mut named = corpus().into_iter().filter(|(known, _)| known == name);
    named.next().unwrap().1
}

#[test]
fn what_is_whole_is_read_and_what_is_damaged_refused() {
    let files = corpus();
    assert!(files.len() > 15, "{}", files.len());
    for (name, bytes) in files {
        let parsed = heap::parse(&bytes[..], None);
        let is_damaged = name.starts_with("damaged-");
        assert_eq!(parsed.is_err(), is_damaged, "{name}: {parsed:?}");
        super::invariants::check(&bytes);
    }
}
