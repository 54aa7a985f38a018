//! The service that a command is about: named on the command line, found, and asked for where
//! several fit.

use std::ffi::OsString;
use std::io::{BufRead, IsTerminal, Write};

use probe::{Attached, Endpoint, Error, Launch, Opening, Process, Service, Target, Unreachable};

use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::interrupted;

/// The service, found.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// A process of this machine.
    Process(Process),
    /// An open inspector, here or elsewhere.
    Inspector(Endpoint),
}

/// Finds what a target names. Where several processes fit, the user is asked, if there is one.
///
/// # Errors
/// With [`Exit::Usage`] if nothing fits, or several do and nobody can be asked.
pub(crate) fn find(target: &str) -> Result<Found, Failure> {
    let target: Target = target.parse().map_err(|error| failed(&error))?;
    if let Target::Inspector(endpoint) = target {
        return Ok(Found::Inspector(endpoint));
    }
    match target.process() {
        Ok(Some(process)) => Ok(Found::Process(process)),
        Ok(None) => Err(failed(&Error::NoTarget)),
        Err(error) => match &error {
            Error::Unreachable(Unreachable::Several { found, .. }) if can_ask() => {
                ask(&error, found).map(Found::Process)
            }
            _ => Err(failed(&error)),
        },
    }
}

/// Starts a command in the current folder, with its output on stderr.
///
/// # Errors
/// As [`attach`].
pub(crate) fn start(command: &[OsString]) -> Result<Service, Failure> {
    let working_dir = std::env::current_dir().map_err(|error| {
        let message = format!("cannot tell the current folder: {error}");
        Failure::new(Exit::Usage, message)
    })?;
    let launch = Launch {
        command: command.to_owned(),
        working_dir,
        output: None,
    };
    Service::start(&launch).map_err(|error| failed(&error))
}

/// Connects to the inspector of a service, opening it if need be; told to stop meanwhile, it is left
/// as it was.
///
/// # Errors
/// With [`Exit::Service`] if it cannot be attached to, and as [`interrupted`].
pub(crate) async fn attach(found: &Found, stop: &CancellationToken) -> Result<Attached, Failure> {
    let attached = match found {
        Found::Process(process) => {
            probe::attach_until(process, Opening::BySignal, stop.cancelled()).await
        }
        Found::Inspector(endpoint) => tokio::select! {
            attached = probe::attach_at(endpoint) => attached.map(Some),
            () = stop.cancelled() => Ok(None),
        },
    };
    let attached = attached.map_err(|error| failed(&error))?;
    attached.ok_or_else(interrupted)
}

/// The failure that an error of the probe is: wrong words are the user's, the rest the service's.
pub(crate) fn failed(error: &Error) -> Failure {
    let exit = match error {
        Error::NoTarget
        | Error::NoCommand
        | Error::Unreachable(
            Unreachable::Gone { .. }
            | Unreachable::NotFound { .. }
            | Unreachable::Several { .. }
            | Unreachable::SeveralPages { .. },
        ) => Exit::Usage,
        error if error.is_disk() => Exit::Output,
        _ => Exit::Service,
    };
    let failure = Failure::of(exit, error).hint(error.hint());
    match error {
        Error::Unreachable(unreachable) => {
            let row = |(id, what): (String, String)| format!("{id:>8}  {}", shortened(&what));
            failure.causes(unreachable.choices().into_iter().map(row))
        }
        _ => failure,
    }
}

/// A browser's command line fills a screen.
fn shortened(line: &str) -> String {
    const LONGEST: usize = 150;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Lists the processes and reads which one is meant.
fn ask(error: &Error, found: &[Process]) -> Result<Process, Failure> {
    let mut stderr = std::io::stderr().lock();
    // A closed stderr is nobody's loss.
    let _ = writeln!(stderr, "{error}:");
    for (at, process) in found.iter().enumerate() {
        let dir = process.working_dir();
        let dir = dir.map_or(String::new(), |dir| format!("  in {}", dir.display()));
        let line = format!("{}{dir}", shortened(&process.command_line()));
        let _ = writeln!(
            stderr,
            "  {:>2})  {:>7}  {}",
            at + 1,
            process.pid,
            report::printable(&line)
        );
    }
    loop {
        let _ = write!(stderr, "which one? [1-{}] ", found.len());
        let _ = stderr.flush();
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        if !read.is_ok_and(|n| n > 0) {
            return Err(failed(error));
        }
        if let Some(process) = chosen(line.trim(), found) {
            return Ok(process.clone());
        }
    }
}

/// A place in the list, or a process id in it.
fn chosen<'p>(text: &str, found: &'p [Process]) -> Option<&'p Process> {
    let number: usize = text.parse().ok()?;
    let by_place = number.checked_sub(1).and_then(|at| found.get(at));
    by_place.or_else(|| found.iter().find(|p| p.pid as usize == number))
}
