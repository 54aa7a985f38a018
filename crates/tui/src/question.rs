//! What the screen asks the worker, and what comes back.

use explore::Wanted;
use recording::Recording;
use verdict::Verdict;

use crate::bench::Trouble;

/// Rows of a list that are asked for at once.
pub(crate) const PAGE: usize = 200;

/// An object of one of the snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Object {
    /// Which snapshot.
    pub(crate) snapshot: usize,
    /// V8's id.
    pub(crate) id: u64,
}

/// A list of rows, from whatever snapshots it takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Subject {
    /// The verdict of the run.
    Verdict,
    /// The classes of a snapshot.
    Classes { snapshot: usize },
    /// The objects of a class.
    ObjectsOf { snapshot: usize, class: String },
    /// What an object refers to.
    References(Object),
    /// The classes that changed between two snapshots.
    Changes { base: usize, newer: usize },
    /// The objects of a class that came and went.
    ObjectsChanged {
        base: usize,
        newer: usize,
        class: String,
    },
    /// What an object dominates; `None` for the root.
    Dominated { snapshot: usize, id: Option<u64> },
    /// What refers to an object.
    Retainers(Object),
    /// What refers to the object that a person named: `@ID`, or a class, whose largest it is.
    RetainersOf { snapshot: usize, wanted: String },
}

/// Which rows of a list.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// So that an answer finds the place that it was asked for; those that nobody waits for any more
    /// are passed over.
    pub(crate) ticket: u64,
    pub(crate) subject: Subject,
    pub(crate) wanted: Wanted,
}

/// An answer to one question.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) ticket: u64,
    pub(crate) result: Result<Told, Trouble>,
}

/// What was found.
#[derive(Debug)]
pub(crate) enum Told {
    Rows(Rows),
    Verdict(Box<(Verdict, Recording)>),
}

/// Rows of a list.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    /// Rows after these.
    pub(crate) more: u64,
    /// Rows in all, as the filter lets through.
    pub(crate) matching: u64,
    /// What the list is about, in a line; of retainers, the path from the roots.
    pub(crate) note: String,
    /// The object that the list is about.
    pub(crate) about: Option<Object>,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The name, in parts that look different.
    pub(crate) name: Vec<(Tone, String)>,
    /// The figures, one a column.
    pub(crate) cells: Vec<String>,
    /// The object that it is about.
    pub(crate) object: Option<Object>,
    /// What is below it.
    pub(crate) below: Option<Subject>,
}

/// What a part of a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The class.
    Class,
    /// A function's name, a string's text, properties.
    Text,
    /// A reference's name.
    Edge,
    /// V8's id, words between.
    Dim,
    /// Came with the newer snapshot.
    New,
    /// Went with the base.
    Gone,
}
