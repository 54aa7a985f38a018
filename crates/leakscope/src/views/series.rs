//! `leakscope trend` and `holders`: several snapshots in a row, at most two of them held at a time.

use explore::TrendBuilder;
use heap::Overview;

use crate::args::{HoldersArgs, TrendArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::snapshots;

use super::{SCREEN, SECTION, kinship, listing, show};

pub(crate) fn trend(args: &TrendArgs) -> Result<Exit, Failure> {
    let listing = listing(&args.table.wanted(SCREEN))?;
    let mut builder = TrendBuilder::default();
    let mut plain = None;
    // The newest first: plain objects are told apart in all of them as in this one.
    for path in args.snapshots.iter().rev() {
        let opened = snapshots::open(path, args.reading)?;
        let (snapshot, mut analysis) = (opened.snapshot, opened.analysis);
        match &plain {
            None => plain = Some(analysis.plain_classes()),
            Some(plain) => analysis = analysis.with_plain_classes(&snapshot, plain),
        }
        let overview = Overview::of(&snapshot, &analysis);
        builder.add(&path.display().to_string(), &overview);
    }
    builder.reverse();
    let trend = builder.trend(&listing);
    show(&trend, args.table.json, report::trend_text)
}

pub(crate) fn holders(args: &HoldersArgs) -> Result<Exit, Failure> {
    let listing = listing(&args.table.wanted(SECTION))?;
    let Some((first, later)) = args.snapshots.split_first() else {
        return Err(Failure::new(Exit::Usage, "no heap snapshots were given"));
    };
    let mut growth = Vec::new();
    let mut base = snapshots::open(first, args.reading)?;
    let mut older = first;
    for path in later {
        let newer = snapshots::open(path, args.reading)?;
        kinship::check((&base.snapshot, older), (&newer.snapshot, path));
        growth.push(heap::growth(
            (&base.snapshot, &base.analysis),
            (&newer.snapshot, &newer.analysis),
        ));
        (base, older) = (newer, path);
    }
    let holders = explore::holders(&growth, base.heap(), &listing);
    show(&holders, args.table.json, report::holders_text)
}
