//! `leakscope open`: the page in the browser, or the screen in the terminal, about a run or about
//! snapshots.
//!
//! Owns what is handed to the server: the files of a run's folder, and how a snapshot is opened. The
//! address goes to stdout, what to do with it to stderr.

mod browser;
mod profile;
mod terminal;

use std::path::{Path, PathBuf};

use run::Folder;
use tokio_util::sync::CancellationToken;
use web::{Opener, Problem, Run, Server, SnapshotFile, Workbench};

use crate::args::{OpenArgs, ReadingArgs};
use crate::exit::Exit;
use crate::failure::{Failure, answer, tell, warn};
use crate::snapshots;

pub(crate) fn open(args: &OpenArgs) -> Result<Exit, Failure> {
    if args.tui {
        return terminal::show(args);
    }
    let workbench = workbench(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::of(Exit::Output, &error))?;
    let served = runtime.block_on(serve(workbench, args));
    // A snapshot that is being read would be waited for.
    runtime.shutdown_background();
    served
}

async fn serve(workbench: Workbench, args: &OpenArgs) -> Result<Exit, Failure> {
    let stop = CancellationToken::new();
    let failed = |error: web::Error| Failure::of(Exit::Usage, &error).hint(error.hint());
    let server = Server::bind(workbench, args.port).await.map_err(failed)?;
    let signals = crate::signals::stop_on_signals(stop.clone())
        .map_err(|error| Failure::of(Exit::Output, &error))?;
    if !server.has_page() {
        warn(
            "this leakscope was built without its page: `cargo xtask app` builds it, then build again",
        );
    }
    answer(&format!("{}\n", server.url()))?;
    let is_open = !args.no_browser && browser::open(&server.launch_url().map_err(failed)?);
    match is_open {
        true => tell("open in the browser; Ctrl-C ends it"),
        false => tell("open this address in a browser; Ctrl-C ends it"),
    }
    server.run(stop).await.map_err(failed)?;
    signals.abort();
    // Being stopped is how this ends.
    Ok(Exit::Clean)
}

/// Everything that can be said before a snapshot is read.
fn workbench(args: &OpenArgs) -> Result<Workbench, Failure> {
    let (run, paths) = match args.paths.as_slice() {
        [path] if path.is_dir() => {
            let (run, paths) = run_of(path)?;
            (Some(run), paths)
        }
        paths => (None, paths.to_vec()),
    };
    if let Some(folder) = paths.iter().find(|path| path.is_dir()) {
        return Err(folder_among_snapshots(folder));
    }
    let snapshots = paths.into_iter().map(snapshot_file);
    let names: Vec<String> = args.paths.iter().map(|path| name(path)).collect();
    Ok(Workbench {
        title: names.join(", "),
        version: env!("CARGO_PKG_VERSION"),
        run,
        snapshots: snapshots.collect::<Result<_, _>>()?,
        open: opener(args.reading),
    })
}

fn folder_among_snapshots(folder: &Path) -> Failure {
    let message = format!("`{}` is a folder among snapshots", folder.display());
    Failure::new(Exit::Usage, message).hint(Some("give one folder of a run, or snapshots alone"))
}

fn name(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let name = absolute.file_name().unwrap_or(absolute.as_os_str());
    name.to_string_lossy().into_owned()
}

fn snapshot_file(path: PathBuf) -> Result<SnapshotFile, Failure> {
    let failed = |error: std::io::Error| {
        let message = format!("cannot read heap snapshot `{}`: {error}", path.display());
        Failure::new(Exit::Usage, message)
    };
    let bytes = std::fs::metadata(&path).map_err(failed)?.len();
    Ok(SnapshotFile { path, bytes })
}

/// The facts of a run's folder, and its snapshots.
fn run_of(path: &Path) -> Result<(Run, Vec<PathBuf>), Failure> {
    let folder = Folder::open(path);
    let mut recording = folder
        .read_recording()
        .map_err(|error| Failure::of(Exit::Usage, &error).hint(error.hint()))?;
    recording.samples = folder.read_samples();
    let stages = recording.stages.iter();
    let files = stages.filter_map(|stage| stage.snapshot.as_ref());
    let paths = files.map(|facts| folder.file(&facts.file)).collect();
    let working_dir = recording.plan.working_dir.to_string_lossy().into_owned();
    let run = Run {
        verdict: folder.read_json(run::VERDICT),
        load: folder
            .read_json(run::LOAD)
            .and_then(|report| serde_json::from_value(report).ok()),
        profile: profile::read(&folder.file(run::PROFILE)),
        scripts: texts(&folder, &working_dir),
        recording,
    };
    Ok((run, paths))
}

/// What the service runs and what that was generated from, by the paths that verdicts show.
pub(crate) fn texts(folder: &Folder, working_dir: &str) -> Vec<(String, String)> {
    let scripts = folder.read_scripts().into_iter();
    let scripts = scripts.map(|script| (script.url, script.text));
    let all = scripts.chain(crate::origins::read(folder).texts());
    all.map(|(path, text)| (shown(&path, working_dir), text))
        .collect()
}

/// A script's path as verdicts show it: from the service's folder.
pub(crate) fn shown(url: &str, working_dir: &str) -> String {
    let path = url.strip_prefix("file://").unwrap_or(url);
    let inside = path.strip_prefix(working_dir);
    let inside = inside.and_then(|rest| rest.strip_prefix('/'));
    inside.unwrap_or(path).to_owned()
}

fn opener(reading: ReadingArgs) -> Opener {
    Box::new(move |path| {
        let opened = snapshots::open(path, reading).map_err(|failure| {
            let (message, hint) = failure.words();
            Problem { message, hint }
        })?;
        Ok(web::Opened {
            snapshot: opened.snapshot,
            analysis: opened.analysis,
        })
    })
}
