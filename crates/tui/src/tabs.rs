//! The tabs: what each shows, its columns, and what it can be sorted by.

use explore::{Filter, Wanted};

use crate::question::{Object, PAGE, Subject};
use crate::tree::Tree;

/// The tabs, in the order of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Verdict,
    Summary,
    Comparison,
    Dominators,
    Retainers,
}

/// All of them.
pub(crate) const TABS: [Tab; 5] = [
    Tab::Verdict,
    Tab::Summary,
    Tab::Comparison,
    Tab::Dominators,
    Tab::Retainers,
];

/// A column of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) title: &'static str,
    pub(crate) width: usize,
    /// The smaller, the longer it stays on a narrow screen.
    pub(crate) rank: u8,
}

const fn figure(title: &'static str, width: usize, rank: u8) -> Figure {
    Figure { title, width, rank }
}

const DISTANCE: Figure = figure("Distance", 8, 3);
const SHALLOW: Figure = figure("Shallow", 11, 2);
const RETAINED: Figure = figure("Retained", 11, 0);
const OBJECTS: Figure = figure("Objects", 9, 1);

const COMPARISON: [Figure; 6] = [
    figure("# New", 9, 2),
    figure("# Deleted", 9, 3),
    figure("# Delta", 9, 1),
    figure("Alloc. Size", 11, 4),
    figure("Freed Size", 11, 5),
    figure("Size Delta", 11, 0),
];

impl Tab {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Verdict => "Verdict",
            Self::Summary => "Summary",
            Self::Comparison => "Comparison",
            Self::Dominators => "Dominators",
            Self::Retainers => "Retainers",
        }
    }

    pub(crate) fn name_title(self) -> &'static str {
        match self {
            Self::Verdict => "",
            Self::Summary | Self::Comparison => "Class",
            Self::Dominators => "Object",
            Self::Retainers => "Reference in object",
        }
    }

    pub(crate) fn figures(self) -> &'static [Figure] {
        match self {
            Self::Verdict => &[],
            Self::Summary => &[DISTANCE, OBJECTS, SHALLOW, RETAINED],
            Self::Dominators | Self::Retainers => &[DISTANCE, SHALLOW, RETAINED],
            Self::Comparison => &COMPARISON,
        }
    }

    /// The columns that `explore` sorts by, the usual one first.
    pub(crate) fn sorts(self) -> &'static [&'static str] {
        match self {
            Self::Verdict => &[],
            Self::Summary => &["retained", "shallow", "count", "distance", "class"],
            Self::Comparison => &[
                "size-delta",
                "alloc",
                "freed",
                "new",
                "deleted",
                "delta",
                "class",
            ],
            Self::Dominators => &["retained", "shallow", "distance", "class"],
            Self::Retainers => &["distance", "retained", "shallow", "class"],
        }
    }
}

/// A tab with what it shows.
#[derive(Debug, Default)]
pub(crate) struct Pane {
    pub(crate) tree: Tree,
    /// What the list is about, from the answer.
    pub(crate) note: String,
    pub(crate) matching: u64,
    /// What the shown list was asked with; `None` before anything was.
    pub(crate) subject: Option<Subject>,
    /// What is waited for.
    pub(crate) ticket: Option<u64>,
    /// Which of the tab's columns it is sorted by.
    pub(crate) sort: usize,
    pub(crate) is_reversed: bool,
    pub(crate) filter: String,
    /// The object that the list is about, of retainers and dominators.
    pub(crate) object: Option<Object>,
}

impl Pane {
    /// What is wanted of the tab's own list.
    ///
    /// # Errors
    /// If the filter is no regular expression.
    pub(crate) fn wanted(&self, tab: Tab, skip: usize) -> Result<Wanted, String> {
        let filter = match self.filter.as_str() {
            "" => None,
            text => Some(Filter::parse(text)?),
        };
        Ok(Wanted {
            sort: tab.sorts().get(self.sort).map(|&name| name.to_owned()),
            reverse: self.is_reversed,
            filter,
            skip,
            top: Some(PAGE),
            ..Wanted::default()
        })
    }

    /// What is wanted of a list below a row: its usual order.
    pub(crate) fn wanted_below(skip: usize) -> Wanted {
        Wanted {
            skip,
            top: Some(PAGE),
            ..Wanted::default()
        }
    }
}
