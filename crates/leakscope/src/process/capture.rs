//! `leakscope snapshot`: heap snapshots of a service that runs, now or when it is time for one.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use probe::{Forecast, Inspector, Lack, Packing, Process};
use recording::SnapshotFacts;
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use units::{Bytes, Elapsed};

use super::condition::{self, Watched};
use super::{Subject, Turn, interrupted, on_subject};
use crate::args::CaptureArgs;
use crate::exit::Exit;
use crate::failure::{Failure, answer, tell, warn};
use crate::targets::failed;

/// How often the service is looked at while a condition is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often a process is looked at that is likely to be ending, and for how long.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// One snapshot that was taken.
#[derive(Debug, Serialize)]
struct Taken {
    file: PathBuf,
    bytes: u64,
    took_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    isolate: String,
}

pub(crate) fn snapshot(args: &CaptureArgs) -> Result<Exit, Failure> {
    let mut when = When::of(args)?;
    let wanted = args.count.unwrap_or(when.usual_count());
    let mut all = Vec::new();
    let result = on_subject(&args.subject, async |subject, stop| {
        let mut signals = signal(SignalKind::user_defined2()).map_err(|error| {
            Failure::new(Exit::Service, format!("cannot listen to SIGUSR2: {error}"))
        })?;
        if wanted != 1 || when.watched.is_some() {
            subject.hold();
        }
        let mut n_taken = 0;
        while wanted == 0 || n_taken < wanted {
            when.wait(subject, &mut signals, stop).await?;
            let root = subject.process().map(|process| process.pid);
            let capturing = async |turn: &Turn<'_>| {
                let taken = capture(args, root, turn).await?;
                if !args.json {
                    answer(&format!("{}\n", taken.file.display()))?;
                }
                all.push(taken);
                Ok(())
            };
            subject.each(stop, capturing).await?;
            n_taken += 1;
        }
        Ok(Exit::Clean)
    });
    if args.json {
        answer(&format!("{:#}\n", serde_json::json!({ "snapshots": all })))?;
    }
    result
}

/// When snapshots are taken.
struct When {
    every: Option<Duration>,
    next: Option<Instant>,
    on_signal: bool,
    watched: Option<Watched>,
    /// Whether the next comes without waiting.
    is_now: bool,
}

impl When {
    fn of(args: &CaptureArgs) -> Result<Self, Failure> {
        let near_limit = args.near_limit.then(condition::near_limit).flatten();
        let condition = args.when.clone().or(near_limit);
        let when = Self {
            every: args.every,
            next: None,
            on_signal: args.on_signal,
            is_now: !args.on_signal && condition.is_none(),
            watched: condition.map(Watched::new),
        };
        let count = args.count.unwrap_or(when.usual_count());
        let waits = when.every.is_some() || !when.is_now;
        let usage = |message: &str, hint: &'static str| {
            Err(Failure::new(Exit::Usage, message).hint(Some(hint)))
        };
        if count != 1 && !waits {
            return usage(
                "several snapshots of one moment show the same",
                "say when to take them: `--every 60s`, `--on-signal` or `--when 'rss > 512MiB'`",
            );
        }
        if args.output.is_some() && (count != 1 || args.subject.isolate.contains("all")) {
            return usage(
                "`--output` names one file, and there may be several",
                "give a folder with `--dir`, or `-n 1`",
            );
        }
        Ok(when)
    }

    /// A condition comes true once; an interval and signals have no end.
    fn usual_count(&self) -> u32 {
        match self.every.is_some() || self.on_signal {
            true => 0,
            false => 1,
        }
    }

    /// Waits until it is time for one.
    async fn wait(
        &mut self,
        subject: &mut Subject,
        signals: &mut Signal,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        if std::mem::take(&mut self.is_now) {
            self.next = self.every.map(|every| Instant::now() + every);
            return Ok(());
        }
        if self.next.is_none() {
            self.next = self.every.map(|every| Instant::now() + every);
        }
        self.tell();
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = self.next;
            let until_due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return Err(interrupted()),
                _ = signals.recv(), if self.on_signal => return Ok(()),
                () = until_due => {
                    self.next = due.zip(self.every).map(|(due, every)| due + every);
                    return Ok(());
                }
                _ = look.tick() => {
                    subject.check_alive().await?;
                    let Some(watched) = &mut self.watched else { continue };
                    if watched.is_due(subject, stop).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn tell(&self) {
        let mut awaited = Vec::new();
        if let Some(every) = self.every {
            awaited.push(format!("{} to pass", Elapsed::from(every)));
        }
        if let Some(watched) = &self.watched {
            awaited.push(format!("`{}`", watched.alert()));
        }
        if self.on_signal {
            awaited.push(format!("`kill -USR2 {}`", std::process::id()));
        }
        tell(&format!("waiting for {}", awaited.join(" or ")));
    }
}

/// Takes one snapshot of one isolate.
async fn capture(args: &CaptureArgs, root: Option<u32>, turn: &Turn<'_>) -> Result<Taken, Failure> {
    let path = match &args.output {
        Some(path) => path.clone(),
        None => args.dir.join(file_name(args, root, turn)),
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let message = format!("there is no folder `{}`", folder.display());
        return Err(Failure::new(Exit::Usage, message).hint(Some("make it first")));
    }
    let inspector = &turn.isolate.inspector;
    let pid = turn.process.map(|process| process.pid);
    let forecast = Forecast::of(inspector, pid, folder).await;
    let forecast = forecast.map_err(|error| failed(&error))?;
    match forecast.lack() {
        None => tell(&format!("{}: {forecast}", turn.title())),
        Some(lack) if args.force => warn(&lack.to_string()),
        Some(lack) => {
            return Err(Failure::of(Exit::Service, &lack)
                .causes([forecast.to_string()])
                .hint(Some(hint(&lack))));
        }
    }
    let packing = match args.zstd {
        true => Packing::Zstd,
        false => Packing::Plain,
    };
    let taken = match piped(inspector, &path, packing).await {
        Ok(None) => as_messages(inspector, &path, packing).await,
        Ok(Some(facts)) => Ok(facts),
        Err(error) => Err(error),
    };
    let facts = match taken {
        Ok(facts) => facts,
        Err(error) => return Err(died(turn.process, &error).await),
    };
    tell(&format!(
        "{}: {} in {}",
        turn.title(),
        Bytes(facts.bytes),
        facts.took
    ));
    Ok(Taken {
        file: path,
        bytes: facts.bytes,
        took_seconds: facts.took.as_secs_f64(),
        pid: turn.process.map(|process| process.pid),
        isolate: turn.isolate.name.clone(),
    })
}

fn hint(lack: &Lack) -> &'static str {
    match lack {
        Lack::Memory { .. } => {
            "`--force` takes it all the same; the kernel may end the service for it"
        }
        Lack::Disk { .. } => {
            "free some space, or choose a folder on another disk with `--dir DIR`; `--zstd` needs \
             about a tenth, `--force` tries it all the same"
        }
    }
}

/// The shortest way, where it is open.
async fn piped(
    inspector: &Inspector,
    path: &Path,
    packing: Packing,
) -> Result<Option<SnapshotFacts>, probe::Error> {
    // V8 tells nothing before the first byte comes.
    let bar = progress_bar("  {spinner} {elapsed} {msg}");
    bar.set_message("V8 walks the heap");
    bar.enable_steady_tick(Duration::from_millis(100));
    let progress = |bytes: u64| bar.set_message(format!("{} written", Bytes(bytes)));
    let taken = inspector.take_piped_snapshot(path, packing, progress).await;
    bar.finish_and_clear();
    taken
}

/// The way that every inspector knows.
async fn as_messages(
    inspector: &Inspector,
    path: &Path,
    packing: Packing,
) -> Result<SnapshotFacts, probe::Error> {
    let bar = progress_bar("  {bar:40} {percent} % of {human_len} objects");
    let progress = |done: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(done.min(total));
    };
    let taken = inspector
        .take_packed_snapshot(path, packing, progress)
        .await;
    bar.finish_and_clear();
    taken
}

/// A connection that breaks because the service is no more is the service's end.
async fn died(process: Option<&Process>, error: &probe::Error) -> Failure {
    let failure = failed(error);
    if let (Some(process), probe::Error::Disconnected { .. }) = (process, error) {
        // It closes its connections before it is gone.
        let gone = async {
            while process.is_alive() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let _ = tokio::time::timeout(GONE_WITHIN, gone).await;
    }
    match process {
        Some(process) if !error.is_disk() && !process.is_alive() => {
            let pid = process.pid;
            Failure::new(
                Exit::Service,
                format!("process {pid} has ended during its snapshot"),
            )
            .causes([error.to_string()])
            .hint(Some(
                "the kernel may have ended it for its memory: see `dmesg`",
            ))
        }
        _ if error.is_disk() => failure.hint(Some(
            "free some space, or choose a folder on another disk with `--dir DIR`",
        )),
        _ => failure,
    }
}

/// As heapdump names them; others than the service's main isolate say whose they are.
fn file_name(args: &CaptureArgs, root: Option<u32>, turn: &Turn<'_>) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let pid = turn.process.map(|process| process.pid);
    let mut whose = match pid {
        Some(pid) if Some(pid) != root => format!("-{pid}"),
        _ => String::new(),
    };
    if turn.isolate.name != "main" {
        whose += &format!("-{}", turn.isolate.name);
    }
    let packed = if args.zstd { ".zst" } else { "" };
    format!(
        "heapdump-{}.{:06}{whose}.heapsnapshot{packed}",
        now.as_secs(),
        now.subsec_micros()
    )
}

fn progress_bar(template: &str) -> ProgressBar {
    use std::io::IsTerminal;
    let target = match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
