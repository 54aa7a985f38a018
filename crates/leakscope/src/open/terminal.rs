//! `leakscope open --tui`: a run or snapshots for the terminal's face.

use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;

use recording::Recording;
use tui::{Bench, Ended, Look, Opened, Trouble, Watch};
use verdict::Verdict;

use crate::args::{OpenArgs, ReadingArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::runs::KeptRun;
use crate::snapshots;

pub(super) fn show(args: &OpenArgs) -> Result<Exit, Failure> {
    let bench = Files::of(args)?;
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(
            Failure::new(Exit::Usage, "`--tui` needs a terminal").hint(Some(
                "in a pipe, `leakscope summary`, `diff` and the other views print text or JSON",
            )),
        );
    }
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let look = if no_color { Look::Plain } else { Look::Colors };
    match tui::show(Box::new(bench), look) {
        Ok(Ended::Quit) => Ok(Exit::Clean),
        Ok(Ended::Signal) => Ok(Exit::Interrupted),
        Err(error) => Err(Failure::new(
            Exit::Output,
            format!("the terminal cannot be used: {error}"),
        )),
    }
}

/// The snapshots, and the run that they are of.
struct Files {
    title: String,
    run: Option<KeptRun>,
    snapshots: Vec<PathBuf>,
    reading: ReadingArgs,
}

impl Files {
    fn of(args: &OpenArgs) -> Result<Self, Failure> {
        let (run, snapshots) = match args.paths.as_slice() {
            [path] if path.is_dir() => {
                let run = KeptRun::open(path)?;
                let names = run.snapshots();
                let snapshots = names.iter().map(|name| run.folder.file(name)).collect();
                (Some(run), snapshots)
            }
            paths => (None, paths.to_vec()),
        };
        // What cannot be read at all is told before the screen is taken over.
        for path in &snapshots {
            super::snapshot_file(path.clone())?;
            if path.is_dir() {
                return Err(super::folder_among_snapshots(path));
            }
        }
        let names: Vec<String> = args.paths.iter().map(|path| super::name(path)).collect();
        let recovered = if args.reading.recover {
            " (what is whole)"
        } else {
            ""
        };
        Ok(Self {
            title: report::printable(&(names.join(", ") + recovered)),
            run,
            snapshots,
            reading: args.reading,
        })
    }
}

impl Bench for Files {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn snapshots(&self) -> Vec<String> {
        let names = self.snapshots.iter().map(|path| super::name(path));
        names.map(|name| report::printable(&name)).collect()
    }

    fn compared(&self) -> (usize, usize) {
        match &self.run {
            Some(run) => run.around_rounds(),
            None => (0, self.snapshots.len().saturating_sub(1)),
        }
    }

    fn is_run(&self) -> bool {
        self.run.is_some()
    }

    fn verdict(&self, _watch: &Watch) -> Result<(Verdict, Recording), Trouble> {
        let run = self.run.as_ref().ok_or_else(|| Trouble {
            message: "these are snapshots without a run".into(),
            hint: None,
        })?;
        let verdict = run.verdict(&mut |_| {}).map_err(trouble)?;
        Ok((verdict, run.recording.clone()))
    }

    fn open(&self, snapshot: usize, watch: &Watch) -> Result<Opened, Trouble> {
        let path = self.snapshots.get(snapshot).ok_or_else(|| Trouble {
            message: "there is no such snapshot".into(),
            hint: None,
        })?;
        let opened = snapshots::open_watched(path, self.reading, |reader, size| {
            watch.begin(size);
            let watch = watch.clone();
            Box::new(Watched { reader, watch })
        });
        if watch.is_stopped() {
            return Err(Trouble {
                message: "reading was stopped".into(),
                hint: Some("choose the tab again to read on".into()),
            });
        }
        let opened = opened.map_err(trouble)?;
        Ok(Opened {
            snapshot: opened.snapshot,
            analysis: opened.analysis,
        })
    }
}

fn trouble(failure: Failure) -> Trouble {
    let (message, hint) = failure.words();
    Trouble { message, hint }
}

/// Counts what is read, and ends it when nobody wants it any more.
struct Watched {
    reader: Box<dyn Read + Send>,
    watch: Watch,
}

impl Read for Watched {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.watch.is_stopped() {
            return Err(io::Error::other("stopped"));
        }
        let n = self.reader.read(into)?;
        self.watch.read(n as u64);
        Ok(n)
    }
}
