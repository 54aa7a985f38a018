//! `leakscope strings`, `collections`, `closures` and `detached`: objects of one kind.

use explore::{CollectionIn, Duplicate, Fill, Pinned, StringsListing};

use crate::args::{ClosuresArgs, CollectionsArgs, DetachedArgs, StringsArgs};
use crate::exit::Exit;
use crate::failure::Failure;

use super::{SCREEN, SECTION, listing, listing_of_any, show};

pub(crate) fn strings(args: &StringsArgs) -> Result<Exit, Failure> {
    let wanted = args.table.wanted(SECTION);
    listing_of_any(&[
        wanted.listing::<Duplicate<'_>>().err(),
        wanted.listing::<explore::HeapObject<'_>>().err(),
        wanted.listing::<Pinned<'_>>().err(),
    ])?;
    let listing = StringsListing {
        duplicates: wanted.listing_among(),
        largest: wanted.listing_among(),
        pinned: wanted.listing_among(),
    };
    let opened = args.source.open()?;
    let found = explore::strings(opened.heap(), &listing);
    show(&found, args.table.json, report::strings_text)
}

pub(crate) fn collections(args: &CollectionsArgs) -> Result<Exit, Failure> {
    let listing = listing::<CollectionIn<'_>>(&args.table.wanted(SCREEN))?;
    let fill = match (args.empty, args.sparse) {
        (true, _) => Fill::Empty,
        (_, true) => Fill::Sparse,
        _ => Fill::Any,
    };
    let opened = args.source.open()?;
    let found = explore::collections(opened.heap(), fill, &listing);
    show(&found, args.table.json, report::collections_text)
}

pub(crate) fn closures(args: &ClosuresArgs) -> Result<Exit, Failure> {
    let listing = listing(&args.table.wanted(SECTION))?;
    let opened = args.source.open()?;
    let found = explore::closures(opened.heap(), &listing);
    show(&found, args.table.json, report::closures_text)
}

pub(crate) fn detached(args: &DetachedArgs) -> Result<Exit, Failure> {
    let listing = listing(&args.table.wanted(SCREEN))?;
    let opened = args.source.open()?;
    let found = explore::detached(opened.heap(), &listing);
    show(&found, args.table.json, report::detached_text)
}
