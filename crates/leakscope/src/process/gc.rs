//! `leakscope gc`: forces the last-resort collection and says what it freed, space by space.

use probe::{HeapSpace, HeapSpaces, Inspector};
use report::{Column, Style};
use serde::Serialize;
use units::{ByteDelta, Bytes};

use super::{Turn, on_subject};
use crate::args::GcArgs;
use crate::exit::Exit;
use crate::failure::{Failure, answer};
use crate::outputs::stdout_style;
use crate::targets::failed;

/// What a collection did to one isolate.
#[derive(Debug, Serialize)]
struct Collected {
    /// The process's id; absent where it runs on another machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    isolate: String,
    #[serde(skip)]
    title: String,
    spaces: Vec<Space>,
    heap: Change,
    external: Change,
    array_buffers: Change,
    #[serde(skip_serializing_if = "Option::is_none")]
    rss: Option<Change>,
}

/// One space of the heap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Space {
    name: String,
    #[serde(flatten)]
    change: Change,
}

/// Bytes before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Change {
    before: u64,
    after: u64,
    freed: i64,
}

impl Change {
    fn new(before: u64, after: u64) -> Self {
        Self {
            before,
            after,
            freed: Bytes(before).since(Bytes(after)).0,
        }
    }
}

pub(crate) fn gc(args: &GcArgs) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    let result = on_subject(&args.subject, async |subject, stop| {
        let collecting = async |turn: &Turn<'_>| {
            all.push(collect(turn).await?);
            Ok(())
        };
        subject.each(stop, collecting).await?;
        Ok(Exit::Clean)
    });
    // What was collected is told, even if another isolate did not answer.
    if !all.is_empty() {
        show(&all, args.json)?;
    }
    result
}

async fn collect(turn: &Turn<'_>) -> Result<Collected, Failure> {
    let inspector = &turn.isolate.inspector;
    let rss = || {
        let process = turn.process?;
        probe::read_memory(process.pid)
            .ok()
            .map(|memory| memory.rss)
    };
    let rss_before = rss();
    let before = inspector.heap_spaces().await.map_err(|e| failed(&e))?;
    twice(inspector).await.map_err(|e| failed(&e))?;
    let after = inspector.heap_spaces().await.map_err(|e| failed(&e))?;
    Ok(Collected {
        pid: turn.process.map(|process| process.pid),
        isolate: turn.isolate.name.clone(),
        title: turn.title(),
        spaces: rows(&before, &after),
        heap: Change::new(before.used, after.used),
        external: Change::new(before.external, after.external),
        array_buffers: Change::new(before.array_buffers, after.array_buffers),
        rss: rss_before
            .zip(rss())
            .map(|(before, after)| Change::new(before, after)),
    })
}

/// Twice, with turns of the event loop between, so that finalizers run and what they let go is
/// collected too.
async fn twice(inspector: &Inspector) -> Result<(), probe::Error> {
    inspector.collect_garbage().await?;
    inspector.turn_event_loop().await?;
    inspector.collect_garbage().await?;
    inspector.turn_event_loop().await
}

fn rows(before: &HeapSpaces, after: &HeapSpaces) -> Vec<Space> {
    let used_after = |name: &str| {
        let same = after.spaces.iter().find(|space| space.name == name);
        same.map_or(0, |space| space.used)
    };
    let row = |space: &HeapSpace| Space {
        name: space.name.clone(),
        change: Change::new(space.used, used_after(&space.name)),
    };
    before.spaces.iter().map(row).collect()
}

fn show(all: &[Collected], json: bool) -> Result<(), Failure> {
    if json {
        let value = serde_json::json!({ "isolates": all });
        return answer(&format!("{value:#}\n"));
    }
    let texts: Vec<String> = all.iter().map(|one| text(one, stdout_style())).collect();
    answer(&texts.join("\n"))
}

fn text(collected: &Collected, style: Style) -> String {
    let columns = [
        Column::text("space"),
        Column::number("before"),
        Column::number("after"),
        Column::number("freed"),
    ];
    let row = |(name, change): (&str, Change)| {
        let freed = match change.freed {
            0.. => Bytes(change.freed.unsigned_abs()).to_string(),
            grown => ByteDelta(grown).to_string(),
        };
        vec![
            name.to_owned(),
            Bytes(change.before).to_string(),
            Bytes(change.after).to_string(),
            freed,
        ]
    };
    let spaces = collected.spaces.iter();
    let rows: Vec<_> = spaces
        .map(|space| (space.name.as_str(), space.change))
        // Newer versions have many spaces that are never used.
        .filter(|(_, change)| change.before + change.after > 0)
        .chain([
            ("all of the heap", collected.heap),
            ("external", collected.external),
            ("of it array buffers", collected.array_buffers),
        ])
        .chain(collected.rss.map(|rss| ("RSS of the process", rss)))
        .map(row)
        .collect();
    format!(
        "{}\n{}",
        report::printable(&collected.title),
        report::table(&columns, &rows, style)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spaces(sizes: &[(&str, u64)]) -> HeapSpaces {
        let space = |(name, used): &(&str, u64)| HeapSpace {
            name: (*name).to_owned(),
            used: *used,
            committed: *used,
        };
        HeapSpaces {
            spaces: sizes.iter().map(space).collect(),
            ..HeapSpaces::default()
        }
    }

    #[test]
    fn spaces_are_compared_by_name() {
        let before = spaces(&[("old_space", 100), ("new_space", 7)]);
        let after = spaces(&[("new_space", 9), ("old_space", 40)]);
        let rows = rows(&before, &after);
        assert_eq!(rows[0].name, "old_space");
        assert_eq!(rows[0].change, Change::new(100, 40));
        assert_eq!((rows[0].change.freed, rows[1].change.freed), (60, -2));
    }
}
