//! Hits, misses, damage and room.

use std::os::unix::fs::PermissionsExt;

use heap::Statistics;
use tempfile::TempDir;

use super::*;

struct Scene {
    dir: TempDir,
    cache: Cache,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("caches/leakscope");
        let cache = Cache {
            folder,
            limit: LIMIT,
        };
        Self { dir, cache }
    }

    /// The fingerprint of a file with this content.
    fn file(&self, name: &str, content: &[u8]) -> Fingerprint {
        let path = self.dir.path().join(name);
        fs::write(&path, content).unwrap();
        Fingerprint::of(&path).unwrap().unwrap()
    }

    fn entries(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.cache.folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn overview(n_nodes: u64) -> Overview {
    Overview {
        n_nodes,
        n_edges: 2,
        statistics: Statistics::default(),
        aggregates: Vec::new(),
    }
}

#[test]
fn a_file_that_has_not_changed_is_known_again() {
    let scene = Scene::new();
    let print = scene.file("a", b"snapshot");
    assert_eq!(scene.cache.get(&print), None);
    scene.cache.put(&print, &overview(1)).unwrap();
    let again = Fingerprint::of(&scene.dir.path().join("a"))
        .unwrap()
        .unwrap();
    assert_eq!(scene.cache.get(&again), Some(overview(1)));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&scene.cache.folder), 0o700);
    assert_eq!(
        scene
            .entries()
            .iter()
            .map(|path| mode(path))
            .collect::<Vec<_>>(),
        [0o600]
    );
}

#[test]
fn a_changed_file_is_another_even_at_the_same_size_and_time() {
    let scene = Scene::new();
    let print = scene.file("a", b"snapshot");
    let path = scene.dir.path().join("a");
    let modified = path.metadata().unwrap().modified().unwrap();
    scene.cache.put(&print, &overview(1)).unwrap();
    let changed = scene.file("a", b"snapshoz");
    File::options()
        .append(true)
        .open(&path)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    let restored = Fingerprint::of(&path).unwrap().unwrap();
    for other in [&changed, &restored] {
        assert_ne!(*other, print);
        assert_eq!(scene.cache.get(other), None);
    }
    scene.cache.put(&restored, &overview(2)).unwrap();
    assert_eq!(scene.cache.get(&restored), Some(overview(2)));
    assert_eq!(scene.entries().len(), 1, "the earlier state has given way");
}

#[test]
fn a_damaged_or_foreign_entry_is_as_if_it_were_not_there() {
    let scene = Scene::new();
    let print = scene.file("a", b"snapshot");
    scene.cache.put(&print, &overview(1)).unwrap();
    let entry = scene.entries().remove(0);
    let whole = fs::read(&entry).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&entry, &damaged).unwrap();
        assert_eq!(scene.cache.get(&print), None, "byte {at}");
        fs::write(&entry, &whole[..at]).unwrap();
        assert_eq!(scene.cache.get(&print), None, "cut at {at}");
    }
    fs::write(&entry, b"something else").unwrap();
    assert_eq!(scene.cache.get(&print), None);
    scene.cache.put(&print, &overview(3)).unwrap();
    assert_eq!(scene.cache.get(&print), Some(overview(3)));
}

#[test]
fn the_oldest_entries_give_way_and_others_files_stay() {
    let mut scene = Scene::new();
    let prints: Vec<_> = (0_u8..6)
        .map(|i| scene.file(&format!("f{i}"), &[i; 10]))
        .collect();
    scene.cache.put(&prints[0], &overview(0)).unwrap();
    let one = scene.entries()[0].metadata().unwrap().len();
    scene.cache.limit = 4 * one + one / 2;
    let foreign = scene.cache.folder.join("notes.txt");
    fs::write(&foreign, vec![0; 10_000]).unwrap();
    let abandoned = scene.cache.folder.join("x.1.unfinished");
    fs::write(&abandoned, b"x").unwrap();
    let long_ago = SystemTime::now() - 2 * ABANDONED;
    File::options()
        .append(true)
        .open(&abandoned)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    for (i, print) in prints.iter().enumerate() {
        scene.cache.put(print, &overview(i as u64)).unwrap();
        // Entries of one moment would have no order.
        let age = SystemTime::now() - Duration::from_secs(100 - i as u64);
        let path = scene.cache.path(print);
        File::options()
            .append(true)
            .open(path)
            .unwrap()
            .set_modified(age)
            .unwrap();
    }
    // Looking at one makes it young.
    let kept: Vec<_> = prints
        .iter()
        .map(|print| scene.cache.get(print).is_some())
        .collect();
    assert_eq!(kept, [false, false, true, true, true, true]);
    assert!(foreign.exists() && !abandoned.exists());
    let newest = scene.file("g", b"one more");
    let old = SystemTime::now() - Duration::from_secs(200);
    let path = scene.cache.path(&prints[4]);
    File::options()
        .append(true)
        .open(path)
        .unwrap()
        .set_modified(old)
        .unwrap();
    scene.cache.put(&newest, &overview(9)).unwrap();
    let gone: Vec<_> = prints
        .iter()
        .filter(|print| scene.cache.get(print).is_none())
        .collect();
    assert_eq!(gone, [&prints[0], &prints[1], &prints[4]]);
}

#[test]
fn what_is_no_regular_file_is_not_kept() {
    assert_eq!(Fingerprint::of(Path::new("/dev/null")).unwrap(), None);
    assert!(Fingerprint::of(Path::new("/no/such/file")).is_err());
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_and_leaves_nothing() {
    let mut scene = Scene::new();
    let print = scene.file("a", b"snapshot");
    scene.cache.folder = scene.dir.path().join("a/leakscope");
    assert!(scene.cache.put(&print, &overview(1)).is_err());
    assert_eq!(scene.cache.get(&print), None);
}
