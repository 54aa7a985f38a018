//! `leakscope redact`: snapshots to be given away.
//!
//! Owns the files: what is read, under which name it is written and how packed, and the user's key.
//! What is replaced by what is the heap engine's decision. Invariant: under its name an output is
//! whole and the user's alone, or is not there.

mod key;
mod output;
mod sources;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use heap::{Redacted, Redaction};
use report::printable;
use units::Count;

use crate::args::RedactArgs;
use crate::exit::Exit;
use crate::failure::{Failure, answer, tell};
use crate::snapshots;
use output::{Output, Unfinished};

/// Redacts every snapshot that was given.
pub(crate) fn redact(args: &RedactArgs) -> Result<Exit, Failure> {
    if args.output.is_some() && args.snapshots.len() > 1 {
        let message = "`--output` names one file, and several snapshots are given";
        return Err(Failure::new(Exit::Usage, message)
            .hint(Some("leave it out: each gets its output beside it")));
    }
    let outputs = args.snapshots.iter().map(|snapshot| {
        let path = match &args.output {
            Some(path) => path.clone(),
            None => output::name_for(snapshot),
        };
        output::check(snapshot, &path, args.overwrite)?;
        Ok(path)
    });
    let outputs: Vec<PathBuf> = outputs.collect::<Result<_, Failure>>()?;
    let (args, unfinished) = (args.clone(), Unfinished::default());
    let writing = unfinished.clone();
    let result = crate::signals::aside(move || {
        let redaction = Redaction {
            key: key::key(args.key_file.as_deref())?,
            names: names(&args)?,
        };
        for (snapshot, output) in args.snapshots.iter().zip(&outputs) {
            let output = Place {
                path: output,
                unfinished: &writing,
            };
            let done = redact_file(snapshot, &output, &redaction)?;
            say(snapshot, output.path, done)?;
        }
        Ok(Exit::Clean)
    });
    unfinished.abandon();
    result
}

/// Where an output goes.
struct Place<'a> {
    path: &'a Path,
    unfinished: &'a Unfinished,
}

/// The names that stay in all snapshots alike.
fn names(args: &RedactArgs) -> Result<HashSet<String>, Failure> {
    let mut names = sources::names(&args.source)?;
    for snapshot in &args.snapshots {
        names.extend(sources::names_of_run(snapshot));
    }
    if args.snapshots.len() > 1 {
        for snapshot in &args.snapshots {
            let (reader, _) = snapshots::reader(snapshot)?;
            let found = heap::names_of_code(reader);
            names.extend(found.map_err(|error| failed(snapshot, &error))?);
        }
    }
    Ok(names)
}

fn redact_file(
    snapshot: &Path,
    Place { path, unfinished }: &Place<'_>,
    redaction: &Redaction,
) -> Result<Redacted, Failure> {
    let (reader, _) = snapshots::reader(snapshot)?;
    let cannot_write = |error: &std::io::Error| {
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::new(Exit::Output, message)
    };
    let mut output = Output::create(path, unfinished).map_err(|error| cannot_write(&error))?;
    let done = match heap::redact(reader, &mut output, redaction) {
        Ok(done) => done,
        Err(heap::Error::Write { source }) => return Err(cannot_write(&source)),
        Err(error) => return Err(failed(snapshot, &error)),
    };
    output.finish().map_err(|error| cannot_write(&error))?;
    Ok(done)
}

fn failed(snapshot: &Path, error: &heap::Error) -> Failure {
    let message = format!(
        "cannot redact heap snapshot `{}`: {error}",
        snapshot.display()
    );
    Failure::new(Exit::Usage, message).hint(Some(
        "give a whole file that V8 wrote: *.heapsnapshot, plain, .gz or .zst",
    ))
}

fn say(snapshot: &Path, output: &Path, done: Redacted) -> Result<(), Failure> {
    let Redacted { strings, kept, .. } = done;
    tell(&format!(
        "{}: {} of {} strings replaced, {} names kept",
        printable(&snapshot.display().to_string()),
        Count(strings - kept),
        Count(strings),
        Count(kept)
    ));
    match output == Path::new("-") {
        true => Ok(()),
        false => answer(&format!("{}\n", output.display())),
    }
}
