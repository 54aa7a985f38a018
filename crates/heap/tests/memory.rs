//! Memory stays within a multiple of the bytes that are there, whatever they promise.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};

use heap::{Analysis, parse, recover};

/// The system's allocator, and how much of it is in use.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every request is passed on to the system's allocator as it came, and its answer back; the
// counters beside it are atomic and do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of the same method.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of the same method.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that was in use while something was done, beyond what was before.
fn peak(work: impl FnOnce()) -> usize {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    work();
    PEAK.load(Ordering::Relaxed) - before
}

/// Buffers of the threads, whatever the file.
const ALWAYS: usize = 8 << 20;

/// Bytes of memory for a byte of the file: the densest records, with all that is computed of them.
const MOST: usize = 8;

fn header(node_count: &str, edge_count: &str) -> String {
    format!(
        r#"{{"snapshot":{{"meta":{{
        "node_fields":["type","name","id","self_size","edge_count"],
        "node_types":[["synthetic","object"],"string","number","number","number"],
        "edge_fields":["type","name_or_index","to_node"],
        "edge_types":[["element","property"],"string_or_number","node"],
        "location_fields":["object_index","script_id","line","column"]}}
        {node_count}{edge_count}}},"#
    )
}

/// Many of the shortest nodes, each with an edge to the next.
fn dense() -> String {
    const N: usize = 200_000;
    let mut text = header(
        &format!(",\"node_count\":{N}"),
        &format!(",\"edge_count\":{N}"),
    );
    text += "\"nodes\":[";
    text += &vec!["0,0,1,8,1"; N].join(",");
    text += "],\"edges\":[";
    for node in 0..N {
        let comma = if node == 0 { "" } else { "," };
        write!(text, "{comma}0,0,{}", (node + 1) % N * 5).unwrap();
    }
    text + "],\"strings\":[\"\"]}"
}

#[test]
fn no_file_takes_more_than_a_multiple_of_its_bytes() {
    let most = 536_000_000_u64;
    let lying = header(
        &format!(",\"node_count\":{most}"),
        ",\"edge_count\":4000000000",
    );
    let empty = "\"nodes\":[],\"edges\":[],\"strings\":[]}";
    let cases = [
        ("counts of nothing", lying.clone() + empty),
        (
            "counts of one",
            lying.clone() + "\"nodes\":[0,0,1,8,0],\"edges\":[],\"strings\":[\"\"]}",
        ),
        (
            "zeros",
            lying + "\"nodes\":[" + &"0,".repeat(2_000_000) + "0]}",
        ),
        ("a dense graph", dense()),
        (
            "empty strings",
            header("", "")
                + "\"nodes\":[0,0,1,8,0],\"edges\":[],\"strings\":["
                + &"\"\",".repeat(500_000)
                + "\"\"]}",
        ),
        (
            "locations",
            header("", "")
                + "\"nodes\":[0,0,1,8,0],\"edges\":[],\"locations\":["
                + &"0,".repeat(1_000_000)
                + "0],\"strings\":[\"\"]}",
        ),
        (
            "a deep tree",
            header("", "") + "\"trace_tree\":" + &"[".repeat(2_000_000),
        ),
        (
            "a long header",
            "{\"snapshot\":{\"meta\":[".to_owned() + &"0,".repeat(2_000_000),
        ),
        ("a long name", "{\"".to_owned() + &"a".repeat(3_000_000)),
        (
            "one number",
            header("", "") + "\"nodes\":[" + &"1".repeat(3_000_000),
        ),
        ("blanks", " ".repeat(3_000_000)),
    ];
    for (name, text) in cases {
        let bytes = text.as_bytes();
        let limit = ALWAYS + MOST * bytes.len();
        for size_hint in [None, Some(bytes.len() as u64)] {
            let used = peak(|| {
                if let Ok(snapshot) = parse(bytes, size_hint) {
                    drop(Analysis::of(&snapshot));
                }
            });
            assert!(used <= limit, "{name}: {used} for {} bytes", bytes.len());
            let used = peak(|| drop(recover(bytes, size_hint)));
            assert!(
                used <= limit,
                "{name} recovered: {used} for {} bytes",
                bytes.len()
            );
        }
    }
    endless();
}

/// Zeros without end are refused at the first byte, and not read.
fn endless() {
    let used = peak(|| assert!(parse(std::io::repeat(0), None).is_err()));
    assert!(used <= ALWAYS, "{used}");
    let header = header("", "") + "\"nodes\":[";
    let used = peak(|| {
        let stream = header.as_bytes().chain(std::io::repeat(b'1'));
        assert!(parse(stream, None).is_err());
    });
    assert!(used <= ALWAYS, "{used}");
}
