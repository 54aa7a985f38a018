//! Snapshots that a service writes into our pipe.

use std::path::Path;

use probe::{Error, Inspector, Opening, Packing, Unreachable};

use crate::child::{Running, free_port, node_of_major};

/// Some megabytes of snapshot: more than fits into the pipe.
const LARGE: &str = "globalThis.kept = Array.from({ length: 1e5 }, (_, i) => ({ i }));
    setInterval(() => {}, 1000); setImmediate(() => console.log('up'))";

/// Nobody must be left with half a file.
fn files(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

async fn alive(inspector: &Inspector) -> bool {
    inspector.heap_figures().await.is_ok()
}

#[tokio::test]
async fn every_major_writes_a_whole_snapshot_into_a_pipe_and_goes_on_when_nobody_reads_it() {
    let others = [18, 22, 24, 26].map(node_of_major);
    for node in ["node"]
        .into_iter()
        .chain(others.iter().map(String::as_str))
    {
        let port = format!("--inspect-port={}", free_port());
        let running = Running::start(&[node, &port, "-e", LARGE]);
        let attached = probe::attach(&running.process(), Opening::BySignal).await;
        let attached = attached.unwrap();
        let inspector = attached.inspector();
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("a.heapsnapshot");
        let mut told = 0;
        let taken = inspector
            .take_piped_snapshot(&path, Packing::Plain, |bytes| told = bytes)
            .await;
        let facts = taken.unwrap().expect("the pipe is in reach");
        let size = path.metadata().unwrap().len();
        assert_eq!((facts.bytes, told), (size, size), "{node}");
        assert!(size > 5_000_000, "{node}: {size}");

        // Given up after the first bytes.
        let other = dir.path().join("b.heapsnapshot");
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let given_up = async {
            let tell = |_| begun.send(()).unwrap();
            let taking = inspector.take_piped_snapshot(&other, Packing::Plain, tell);
            tokio::select! {
                taken = taking => panic!("{taken:?}"),
                _ = begins.recv() => {}
            }
        };
        given_up.await;
        assert_eq!(files(dir.path()), 1, "{node}");
        assert!(alive(inspector).await, "{node}");
        attached.detach().await.unwrap();
        assert!(running.process().is_alive());
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told_and_the_service_goes_on() {
    let port = format!("--inspect-port={}", free_port());
    let running = Running::start(&["node", &port, "-e", LARGE]);
    let attached = probe::attach(&running.process(), Opening::BySignal).await;
    let attached = attached.unwrap();
    let path = Path::new("/proc/no/such.heapsnapshot");
    let taken = attached
        .inspector()
        .take_piped_snapshot(path, Packing::Plain, |_| {})
        .await;
    assert!(taken.unwrap_err().is_disk());
    assert!(alive(attached.inspector()).await);
}

/// Its permission model forbids it to write anything, and the inspector too unless that is allowed.
#[tokio::test]
async fn a_service_that_may_write_no_file_sends_its_snapshot_as_messages() {
    let port = format!("--inspect-port={}", free_port());
    let words = [
        &node_of_major(24),
        &port,
        "--permission",
        "--allow-fs-read=*",
        "--allow-inspector",
        "-e",
        LARGE,
    ];
    let running = Running::start(&words);
    let attached = probe::attach(&running.process(), Opening::BySignal).await;
    let attached = attached.unwrap();
    let inspector = attached.inspector();
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("a.heapsnapshot");
    let piped = inspector.take_piped_snapshot(&path, Packing::Plain, |_| {});
    assert!(piped.await.unwrap().is_none());
    assert_eq!(files(dir.path()), 0);
    let taken = inspector.take_packed_snapshot(&path, Packing::Plain, |_, _| {});
    assert!(taken.await.unwrap().bytes > 5_000_000);
    attached.detach().await.unwrap();

    let without: Vec<&str> = words
        .into_iter()
        .filter(|w| *w != "--allow-inspector")
        .collect();
    let running = Running::start(&without);
    let error = probe::attach(&running.process(), Opening::BySignal).await;
    let Err(Error::Unreachable(error @ Unreachable::Disabled { .. })) = error else {
        panic!("{error:?}");
    };
    assert!(error.hint().unwrap().contains("--allow-inspector"));
    assert!(running.process().is_alive());
}

/// About 220 MB of snapshot; writes one itself when it is asked to, and says how long that took.
const BY_ITSELF: &str = "class Item { constructor(i) {
      this.id = i; this.name = 'item ' + i; this.tags = ['a' + i % 100, i]; this.map = new Map([[i, { i }]]);
    } }
    globalThis.kept = Array.from({ length: 4e5 }, (_, i) => new Item(i));
    process.on('SIGWINCH', () => {
      const begun = process.hrtime.bigint();
      require('v8').writeHeapSnapshot(process.argv[1]);
      console.log(Number(process.hrtime.bigint() - begun) / 1e9);
    });
    setInterval(() => {}, 1000); setImmediate(() => console.log('up'))";

#[tokio::test]
#[ignore = "measures: run it alone, with --release and --nocapture"]
async fn a_pipe_is_held_against_what_node_writes_itself_and_against_messages() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    let own = path("own.heapsnapshot");
    let port = format!("--inspect-port={}", free_port());
    let words = ["node", &port, "-e", BY_ITSELF, own.to_str().unwrap()];
    let (running, mut lines) = Running::with_lines(&words);
    let attached = probe::attach(&running.process(), Opening::BySignal).await;
    let attached = attached.unwrap();
    let inspector = attached.inspector();
    for _ in 0..5 {
        running.signal(rustix::process::Signal::WINCH);
        let by_itself: f64 = lines.next().unwrap().unwrap().parse().unwrap();
        let piped = inspector
            .take_piped_snapshot(&path("piped.heapsnapshot"), Packing::Plain, |_| {})
            .await;
        let piped = piped.unwrap().unwrap();
        let told = inspector
            .take_snapshot(&path("told.heapsnapshot"), |_, _| {})
            .await;
        let told = told.unwrap();
        eprintln!(
            "{} bytes: v8.writeHeapSnapshot {by_itself:.2} s, pipe {:.2} s, messages {:.2} s",
            piped.bytes,
            piped.took.as_secs_f64(),
            told.took.as_secs_f64(),
        );
        assert!(own.is_file());
    }
}
