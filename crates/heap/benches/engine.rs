//! Time of the engine's parts on one file: `cargo bench -p leakscope-heap -- FILE [REPEATS [parse]]`.
//!
//! Whole-process comparisons with other engines are `cargo xtask bench heap`.
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::fs::File;
use std::time::Instant;

use heap::Analysis;

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let Some(path) = args.next() else {
        println!("usage: cargo bench -p leakscope-heap -- FILE [REPEATS [parse]]");
        return;
    };
    let repeats = args.next().map_or(1, |n| n.parse().expect("a number"));
    let parses_only = args.next().is_some();
    for _ in 0..repeats {
        let file = File::open(&path).expect("the file opens");
        let bytes = file.metadata().expect("its size is known").len();
        let start = Instant::now();
        let snapshot = heap::parse(file, Some(bytes)).expect("it is a snapshot");
        let parsed = start.elapsed();
        if parses_only {
            let rate = bytes as f64 / parsed.as_secs_f64() / 1e9;
            println!(
                "parse {parsed:?} ({rate:.2} GB/s), {} nodes",
                snapshot.n_nodes()
            );
            continue;
        }
        let analysis = Analysis::of(&snapshot);
        println!(
            "parse {parsed:?} ({:.2} GB/s), analysis {:?}, total size {}",
            bytes as f64 / parsed.as_secs_f64() / 1e9,
            start.elapsed() - parsed,
            analysis.statistics().total
        );
    }
}
