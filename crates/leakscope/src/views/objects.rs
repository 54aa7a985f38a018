//! `leakscope object`, `retainers`, `path`, `containment`, `dominators` and `nodes`: single objects.

use explore::{Contained, DetailsListing, Retainer};

use crate::args::{
    ContainmentArgs, DominatorsArgs, NodesArgs, ObjectArgs, PathArgs, RetainersArgs,
};
use crate::exit::Exit;
use crate::failure::{Failure, answer_in_parts};

use super::{SECTION, find, find_or_root, listing, listing_of_any, not_found, show, unfolding};

pub(crate) fn retainers(args: &RetainersArgs) -> Result<Exit, Failure> {
    let unfolding = unfolding(&args.table, args.tree.depth)?;
    let opened = args.source.open()?;
    let node = find(opened.heap(), &args.object, &args.source.snapshot)?;
    let found = explore::retainers(opened.heap(), node, &unfolding);
    show(&found, args.table.json, report::retainers_text)
}

pub(crate) fn path(args: &PathArgs) -> Result<Exit, Failure> {
    let listing = listing(&args.table.wanted(SECTION))?;
    let opened = args.source.open()?;
    let file = &args.source.snapshot;
    if args.group {
        let found = explore::path_groups(opened.heap(), &args.object, &listing)
            .map_err(|unknown| not_found(&args.object, &unknown, file))?;
        return show(&found, args.table.json, report::path_groups_text);
    }
    let node = find(opened.heap(), &args.object, file)?;
    let found = explore::paths(opened.heap(), node);
    show(&found, args.table.json, report::paths_text)
}

pub(crate) fn containment(args: &ContainmentArgs) -> Result<Exit, Failure> {
    let unfolding = unfolding(&args.table, args.tree.depth)?;
    let opened = args.source.open()?;
    let object = args.object.as_deref();
    let node = find_or_root(opened.heap(), object, &args.source.snapshot)?;
    let found = explore::containment(opened.heap(), node, &unfolding);
    show(&found, args.table.json, report::containment_text)
}

pub(crate) fn dominators(args: &DominatorsArgs) -> Result<Exit, Failure> {
    match args.by_class {
        false => dominated_objects(args),
        true => dominated_classes(args),
    }
}

fn dominated_objects(args: &DominatorsArgs) -> Result<Exit, Failure> {
    let unfolding = unfolding(&args.table, args.tree.depth)?;
    let opened = args.source.open()?;
    let object = args.object.as_deref();
    let node = find_or_root(opened.heap(), object, &args.source.snapshot)?;
    let found = explore::dominators(opened.heap(), node, &unfolding);
    show(&found, args.table.json, report::dominators_text)
}

fn dominated_classes(args: &DominatorsArgs) -> Result<Exit, Failure> {
    let unfolding = unfolding(&args.table, args.tree.depth)?;
    let opened = args.source.open()?;
    let object = args.object.as_deref();
    let node = find_or_root(opened.heap(), object, &args.source.snapshot)?;
    let found = explore::dominator_classes(opened.heap(), node, &unfolding);
    show(&found, args.table.json, report::dominator_classes_text)
}

/// Everything about one object.
pub(crate) fn object(args: &ObjectArgs) -> Result<Exit, Failure> {
    let wanted = args.table.wanted(SECTION);
    listing_of_any(&[
        wanted.listing::<Contained<'_>>().err(),
        wanted.listing::<Retainer<'_>>().err(),
    ])?;
    let listing = DetailsListing {
        edges: wanted.listing_among(),
        retainers: wanted.listing_among(),
    };
    let opened = args.source.open()?;
    let node = find(opened.heap(), &args.object, &args.source.snapshot)?;
    let found = explore::object_details(opened.heap(), node, &listing);
    show(&found, args.table.json, report::object_details_text)
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
