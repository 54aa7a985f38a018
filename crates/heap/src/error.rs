//! Why bytes are no heap snapshot.

use std::io;

use thiserror::Error;

/// Bytes that cannot be read as a heap snapshot; says in which section and at which byte.
#[derive(Debug, Error)]
pub enum Error {
    /// The reader failed.
    #[error("reading failed at byte {offset}: {source}")]
    Read {
        /// Bytes read before.
        offset: u64,
        /// What the reader said.
        source: io::Error,
    },
    /// The writer failed.
    #[error("writing failed: {source}")]
    Write {
        /// What the writer said.
        source: io::Error,
    },
    /// The bytes end too early.
    #[error("it is cut short: it ends in {section}, at byte {offset}")]
    CutShort {
        /// Where: a section's name.
        section: &'static str,
        /// Bytes in all.
        offset: u64,
    },
    /// A byte that cannot be there.
    #[error(
        "it is not a heap snapshot, or is damaged: in {section}, at byte {offset}, {expected} was expected"
    )]
    Syntax {
        /// Where: a section's name.
        section: &'static str,
        /// The byte's position.
        offset: u64,
        /// What should be there.
        expected: &'static str,
    },
    /// The header does not describe the rest.
    #[error("its header cannot be used: {0}")]
    Header(String),
    /// A section is not there at all.
    #[error("it is not a heap snapshot: it has no `{0}`")]
    Missing(&'static str),
    /// There are no bytes at all.
    #[error("it is empty")]
    Empty,
    /// A section that is there twice.
    #[error("it is damaged: at byte {offset} there is a second `{section}`")]
    Repeated {
        /// The section's name.
        section: &'static str,
        /// Where it begins again.
        offset: u64,
    },
    /// A section has other records than the rest of the file says.
    #[error(
        "it is damaged: `{section}`, from byte {offset} on, holds {found} records where {expected} are \
         announced"
    )]
    Count {
        /// The section's name.
        section: &'static str,
        /// Where it begins.
        offset: u64,
        /// Records that the header, or the nodes, announce.
        expected: u64,
        /// Records that are there.
        found: u64,
    },
    /// A record holds a number that no snapshot has.
    #[error(
        "it is damaged: record {record} of {section}, which begins at byte {offset}, holds a number that \
         is too large"
    )]
    Number {
        /// The section's name.
        section: &'static str,
        /// Where the section begins.
        offset: u64,
        /// The record's number, from 0.
        record: u64,
        /// The numbers of a record.
        fields: usize,
    },
    /// A record refers to something that is not there.
    #[error(
        "it is damaged: record {record} of `{section}`, which begins at byte {offset}, refers to {what} \
         that does not exist"
    )]
    Index {
        /// The section's name.
        section: &'static str,
        /// Where the section begins.
        offset: u64,
        /// The record's number, from 0.
        record: u64,
        /// The numbers of a record.
        fields: usize,
        /// What it refers to.
        what: &'static str,
    },
    /// More than the engine's 32-bit indexes can tell apart.
    #[error("it is too large: {count} {what}, and at most {most} can be held")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How many the header announces.
        count: u64,
        /// How many can be held.
        most: u64,
    },
}
