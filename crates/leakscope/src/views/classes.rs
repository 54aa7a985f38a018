//! `leakscope summary`, `diff` and `statistics`: snapshots by class and by kind.

use explore::{DiffListing, Outlined};

use crate::args::{DiffArgs, StatisticsArgs, SummaryArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::snapshots;

use super::{SCREEN, SECTION, kinship, listing, not_found, show};

pub(crate) fn summary(args: &SummaryArgs) -> Result<Exit, Failure> {
    match &args.class {
        None => classes(args),
        Some(class) => class_objects(args, class),
    }
}

fn classes(args: &SummaryArgs) -> Result<Exit, Failure> {
    let listing = listing(&args.table.wanted(SCREEN))?;
    let overview = match args.only {
        None => args.source.overview()?,
        Some(only) => {
            let opened = args.source.open()?;
            explore::filtered(opened.heap(), only.into())
        }
    };
    let summary = explore::summary(&overview, &listing);
    let file = args.source.snapshot.display().to_string();
    show(&summary, args.table.json, |summary, style| {
        report::summary_text(summary, &file, style)
    })
}

fn class_objects(args: &SummaryArgs, class: &str) -> Result<Exit, Failure> {
    let listing = listing(&args.table.wanted(SCREEN))?;
    let opened = args.source.open()?;
    let only = args.only.map(heap::Filter::from);
    let found = explore::class_objects(opened.heap(), class, only, &listing)
        .map_err(|unknown| not_found(class, &unknown, &args.source.snapshot))?;
    show(&found, args.table.json, report::class_objects_text)
}

pub(crate) fn statistics(args: &StatisticsArgs) -> Result<Exit, Failure> {
    let overview = args.source.overview()?;
    let statistics = explore::statistics(&overview);
    show(&statistics, args.json, report::statistics_text)
}

pub(crate) fn diff(args: &DiffArgs) -> Result<Exit, Failure> {
    match &args.class {
        None => changes(args),
        Some(class) => changed_objects(args, class),
    }
}

fn changes(args: &DiffArgs) -> Result<Exit, Failure> {
    let wanted = args.table.wanted(SCREEN);
    let below = args.table.wanted(SECTION);
    let listing = DiffListing {
        classes: listing(&wanted)?,
        grown_classes: below.listing_among(),
        grown_objects: below.listing_among(),
    };
    let (snapshot, outline) = snapshots::outline(&args.base, args.reading)?;
    let base = Outlined {
        snapshot: &snapshot,
        outline: &outline,
    };
    let newer = snapshots::open(&args.snapshot, args.reading)?;
    kinship::check((&snapshot, &args.base), (&newer.snapshot, &args.snapshot));
    let diff = explore::diff(base, newer.heap(), &listing);
    show(&diff, args.table.json, report::diff_text)
}

fn changed_objects(args: &DiffArgs, class: &str) -> Result<Exit, Failure> {
    let listing = listing(&args.table.wanted(SCREEN))?;
    let base = snapshots::open(&args.base, args.reading)?;
    let newer = snapshots::open(&args.snapshot, args.reading)?;
    let found = explore::diff_objects(base.heap(), newer.heap(), class, &listing)
        .map_err(|unknown| not_found(class, &unknown, &args.snapshot))?;
    show(&found, args.table.json, report::diff_objects_text)
}
