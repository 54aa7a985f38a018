//! `leakscope retainers` and `nodes`: single objects.

use crate::args::{NodesArgs, RetainersArgs};
use crate::exit::Exit;
use crate::failure::{Failure, answer_in_parts};

use super::{SCREEN, find, listing, show};

pub(crate) fn retainers(args: &RetainersArgs) -> Result<Exit, Failure> {
    let listing = listing(&args.table.wanted(SCREEN))?;
    let opened = args.source.open()?;
    let node = find(opened.heap(), &args.object, &args.source.snapshot)?;
    let found = explore::retainers(opened.heap(), node, &listing);
    show(&found, args.table.json, report::retainers_text)
}

/// Every node of the snapshot as one line of tab-separated values.
pub(crate) fn nodes(args: &NodesArgs) -> Result<Exit, Failure> {
    let opened = args.source.open()?;
    answer_in_parts(|out| {
        for row in explore::nodes(opened.heap()) {
            writeln!(
                out,
                "{}\t{}\t{}\t{}\t{}\t{}",
                row.id,
                serde_json::Value::from(row.class),
                row.distance,
                row.self_size,
                row.retained_size,
                row.dominator
            )?;
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}
