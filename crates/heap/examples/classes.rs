//! Prints a snapshot's classes by retained size, as DevTools' Summary view shows them.
//!
//! ```sh
//! cargo run --release --package leakscope-heap --example classes app.heapsnapshot
//! ```

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write, stdout};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("a snapshot is wanted")?;
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let snapshot = heap::parse(file, Some(size))?;
    let analysis = heap::Analysis::of(&snapshot);

    let mut classes: Vec<_> = analysis.aggregates().iter().collect();
    classes.sort_by_key(|class| std::cmp::Reverse(class.retained_size));
    let mut out = BufWriter::new(stdout());
    writeln!(
        out,
        "{:>12} {:>14} {:>14}  class",
        "count", "shallow", "retained"
    )?;
    for class in classes {
        writeln!(
            out,
            "{:>12} {:>14} {:>14}  {}",
            class.count, class.shallow_size, class.retained_size, class.name
        )?;
    }
    Ok(out.flush()?)
}
