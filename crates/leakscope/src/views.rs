//! The commands that show snapshots on disk: what was asked for is checked before a file is read,
//! and answers are tables or JSON.

mod classes;
mod kinds;
mod kinship;
mod objects;
mod series;

use std::path::Path;

use explore::{Heap, Listed, Listing, Unfolding, Unknown, UnknownColumn, Wanted};
use heap::{NodeIx, Overview};
use report::printable;
use serde::Serialize;

use crate::args::{SnapshotArgs, TableArgs};
use crate::exit::Exit;
use crate::failure::{Failure, answer};
use crate::outputs::stdout_style;
use crate::snapshots::{self, Opened};

pub(crate) use classes::{diff, statistics, summary};
pub(crate) use kinds::{closures, collections, detached, strings};
pub(crate) use objects::{containment, dominators, nodes, object, path, retainers};
pub(crate) use series::{holders, trend};

/// Rows of a table that has the screen for itself.
const SCREEN: usize = 30;

/// Rows of a table that shares it with others.
const SECTION: usize = 10;

impl SnapshotArgs {
    fn open(&self) -> Result<Opened, Failure> {
        snapshots::open(&self.snapshot, self.reading)
    }

    fn overview(&self) -> Result<Overview, Failure> {
        snapshots::overview(&self.snapshot, self.reading)
    }
}

impl Opened {
    pub(crate) fn heap(&self) -> Heap<'_> {
        Heap {
            snapshot: &self.snapshot,
            analysis: &self.analysis,
        }
    }
}

/// The rows that are wanted of a list; that it has no such column is a mistake of the command line.
fn listing<T: Listed>(wanted: &Wanted) -> Result<Listing<T>, Failure> {
    wanted.listing().map_err(|unknown| no_column(&unknown))
}

/// Likewise of a tree.
fn unfolding<T: Listed>(table: &TableArgs, depth: usize) -> Result<Unfolding<T>, Failure> {
    let unfolding = table.wanted(SCREEN).unfolding(depth);
    unfolding.map_err(|unknown| no_column(&unknown))
}

/// In a view that has several lists, a column must be one of any of them.
fn listing_of_any(unknown: &[Option<UnknownColumn>]) -> Result<(), Failure> {
    let Some(all) = unknown
        .iter()
        .map(Option::as_ref)
        .collect::<Option<Vec<_>>>()
    else {
        return Ok(());
    };
    let mut columns: Vec<&str> = all
        .iter()
        .flat_map(|unknown| &unknown.columns)
        .copied()
        .collect();
    columns.sort_unstable();
    columns.dedup();
    let wanted = all.first().map(|unknown| unknown.wanted.clone());
    Err(no_column(&UnknownColumn {
        wanted: wanted.unwrap_or_default(),
        columns,
    }))
}

fn no_column(unknown: &UnknownColumn) -> Failure {
    let columns = unknown.columns.join("`, `");
    let wanted = printable(&unknown.wanted);
    let message = format!("cannot sort by `{wanted}`: no such column");
    let hint = format!("the columns are `{columns}`");
    Failure::new(Exit::Usage, message).hint(Some(hint))
}

/// The object that a person named, or the root.
fn find_or_root(heap: Heap<'_>, wanted: Option<&str>, file: &Path) -> Result<NodeIx, Failure> {
    match wanted {
        Some(wanted) => find(heap, wanted, file),
        None => Ok(heap.snapshot.root()),
    }
}

/// The object that a person named.
fn find(heap: Heap<'_>, wanted: &str, file: &Path) -> Result<NodeIx, Failure> {
    heap.find(wanted)
        .map_err(|unknown| not_found(wanted, &unknown, file))
}

fn not_found(wanted: &str, unknown: &Unknown, file: &Path) -> Failure {
    let file = printable(&file.display().to_string());
    match unknown {
        Unknown::Id(id) => Failure::new(Exit::Usage, format!("no object `@{id}` in `{file}`"))
            .hint(Some(
                "ids are V8's, and hold for the snapshots of one process only",
            )),
        Unknown::Class(similar) => {
            let wanted = printable(wanted);
            let failure = Failure::new(Exit::Usage, format!("no class `{wanted}` in `{file}`"));
            let hint = match similar.as_slice() {
                [] => format!("`leakscope summary {file}` lists its classes"),
                names => format!("did you mean `{}`?", printable(&names.join("`, `"))),
            };
            failure.hint(Some(hint))
        }
    }
}

/// Prints a view as JSON or as text.
fn show<V: Serialize>(
    view: &V,
    as_json: bool,
    text: impl FnOnce(&V, report::Style) -> String,
) -> Result<Exit, Failure> {
    if as_json {
        let text = serde_json::to_string_pretty(view);
        let text = text.map_err(|error| Failure::of(Exit::Output, &error))?;
        answer(&(text + "\n"))?;
    } else {
        answer(&text(view, stdout_style()))?;
    }
    Ok(Exit::Clean)
}
