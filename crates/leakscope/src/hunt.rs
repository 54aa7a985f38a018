//! `leakscope hunt`: what was asked for becomes an order, the order a run, the run a verdict.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use recording::{Cut, Further, Recording};
use run::{Advice, Error, Folder, Limits, LoadSource, Order, Process, Ready, Rounds};
use scenario::{Arrivals, Script};
use tokio_util::sync::CancellationToken;
use verdict::Verdict;

use crate::args::HuntArgs;
use crate::demands::Demands;
use crate::evidence;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge;
use crate::origins;
use crate::outputs;
use crate::progress::{self, Progress};
use crate::scripts::{Checked, Given};
use crate::targets::{self, Found};

/// Looked for where no script is named.
const SCRIPT_NAMES: [&str; 3] = ["load.json", "load.yml", "load.yaml"];

/// Sessions per second at least: a hunt's rounds are short, and a script's rate is often chosen
/// to run for minutes.
const LEAST_RATE: f64 = 50.0;

/// Leaks that are proved at most: each takes the service another collection and a snapshot.
const PROOFS: usize = 3;

/// Sessions that a script's own load must have, to be walked through: half of them is a round.
const LEAST_WALKED: u64 = 20;

/// The seed of every hunt: the same script gives the same sessions.
const SEED: u64 = 1;

pub(crate) fn hunt(args: &HuntArgs) -> Result<Exit, Failure> {
    outputs::check(&args.outputs)?;
    let order = order(args)?;
    let demands = Demands::of(&args.demands, &order.working_dir)?;
    let folder = folder(args)?;
    crate::signals::until_stopped(async |stop| {
        run_and_judge(args, (&order, &demands), &folder, stop).await
    })
}

async fn run_and_judge(
    args: &HuntArgs,
    (order, demands): (&Order, &Demands),
    folder: &Folder,
    stop: CancellationToken,
) -> Result<Exit, Failure> {
    let mut progress = Progress::new();
    progress.plan(&order.plan(), &folder.path().display().to_string());
    let line = progress.live_line();
    let further = |recording: Recording| -> Pin<Box<dyn Future<Output = Option<Further>>>> {
        let judging = judge_aside(folder.clone(), recording, line.clone());
        let line = line.clone();
        Box::pin(async move {
            // A failure to judge now is told at the end, when it is certain.
            let verdict = judging.await.ok()?;
            let further = verdict.further?;
            progress::goes_on(&line, &verdict.reason, further);
            Some(further)
        })
    };
    let cuts = |recording: Recording| -> Pin<Box<dyn Future<Output = Vec<Cut>>>> {
        let judging = judge_aside(folder.clone(), recording, line.clone());
        Box::pin(async {
            let mut cuts = judging.await.map(|v| v.cuts()).unwrap_or_default();
            cuts.truncate(PROOFS);
            cuts
        })
    };
    let mut observer = |event: &_| progress.tell(event);
    let advice = Advice {
        further: &further,
        cuts: args.prove.then_some(&cuts),
    };
    let (recording, result) =
        run::conduct(order, folder, &mut observer, advice, stop.clone()).await;
    result.map_err(|error| run_failed(&error, folder))?;
    origins::keep(folder).map_err(|error| folder_failed(&error))?;
    let mut verdict = tokio::select! {
        verdict = judge_aside(folder.clone(), recording.clone(), line.clone()) => verdict?,
        () = stop.cancelled() => return Err(run_failed(&Error::Interrupted, folder)),
    };
    drop(progress);
    demands.apply(&mut verdict, &recording);
    keep(&verdict, &recording, folder)?;
    outputs::publish(&verdict, &recording, &args.outputs)?;
    if outputs::is_text_on_stdout(&args.outputs) {
        let report = folder.file(run::REPORT);
        crate::failure::answer(&format!("  report     {}\n", report.display()))?;
    }
    Ok(Exit::of_verdict(&verdict))
}

/// Judges on a thread of its own, so that a signal is heard meanwhile.
async fn judge_aside(
    folder: Folder,
    recording: Recording,
    line: ProgressBar,
) -> Result<Verdict, Failure> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut reading = |file: &str| line.set_message(format!("judge      reading {file}"));
        // The receiver is gone only if the user has stopped the hunt.
        let _ = tell.send(judge::judge_folder(&folder, &recording, &mut reading));
    });
    told.await.unwrap_or_else(|_| {
        Err(Failure::new(
            Exit::Output,
            "judging the run ended early: this is a bug in leakscope",
        ))
    })
}

fn keep(verdict: &Verdict, recording: &Recording, folder: &Folder) -> Result<(), Failure> {
    let json = outputs::verdict_json(verdict)?;
    let report = report::html(
        verdict,
        recording,
        &evidence::of(folder, recording, verdict),
    );
    folder
        .write(run::VERDICT, json.as_bytes())
        .and_then(|()| folder.write(run::REPORT, report.as_bytes()))
        .map_err(|error| folder_failed(&error))
}

fn folder_failed(error: &run::FolderError) -> Failure {
    Failure::of(Exit::Output, error).hint(error.hint())
}

fn run_failed(error: &Error, folder: &Folder) -> Failure {
    let exit = match error.failure() {
        run::Failure::Folder => Exit::Output,
        run::Failure::Service => Exit::Service,
        run::Failure::Load => Exit::Load,
        run::Failure::Interrupted => Exit::Interrupted,
    };
    let mut failure = Failure::of(exit, error).hint(error.hint());
    match error {
        Error::Died { tail, .. } => {
            failure = failure.causes(tail.iter().map(|line| format!("| {line}")));
        }
        Error::NoRoom { forecast, .. } => failure = failure.causes([forecast.clone()]),
        _ => {}
    }
    failure.note(format!(
        "what was recorded until then is in {}",
        folder.path().display()
    ))
}

/// Everything that can be known before anything is started.
fn order(args: &HuntArgs) -> Result<Order, Failure> {
    let working_dir = std::env::current_dir().map_err(|error| {
        Failure::new(
            Exit::Usage,
            format!("cannot tell the current folder: {error}"),
        )
    })?;
    let running = args.attach.as_deref().map(running).transpose()?;
    let load = load_source(args)?;
    let (path, given) = match load.is_foreign() {
        false => {
            let path = script_path(args)?;
            let given = Given::of_file(&path)?;
            (path, given)
        }
        // Nothing is sent: the script only stands in for one.
        true => (
            foreign_name(&load),
            Given::of_text("none", NO_SCRIPT.into()),
        ),
    };
    let checked = given.check()?;
    let Checked {
        mut script,
        transport,
        surroundings,
    } = checked;
    let target = target(args, &script, &path)?;
    if let Some(url) = &args.target {
        script.globals.insert("target".into(), url.as_str().into());
    }
    let least = if args.walkthrough { 1.0 } else { LEAST_RATE };
    let rate = args.rate.unwrap_or_else(|| script.peak_rate().max(least));
    let ready = match (&args.ready_url, args.ready_port, &args.ready_line) {
        (Some(url), _, _) => Ready::at_url(url)
            .map_err(|error| Failure::of(Exit::Usage, &error).hint(error.hint()))?,
        (_, Some(port), _) => Ready::Port {
            host: "localhost".into(),
            port,
        },
        (_, _, Some(text)) => Ready::Line(text.clone()),
        _ => Ready::Port {
            host: target.host().to_owned(),
            port: target.port(),
        },
    };
    let effort = Effort::of(args);
    let sessions = args.sessions.unwrap_or(effort.sessions);
    let limits = Limits {
        ready: Duration::from_secs_f64(args.ready_timeout),
        settle: Duration::from_secs_f64(args.max_settle.unwrap_or(effort.max_settle)),
        sampling_interval: args.sampling << 10,
        ..Limits::default()
    };
    let planned = Rounds::of_primes(args.rounds.unwrap_or(effort.rounds), sessions, rate);
    let measured = match args.walkthrough {
        true => halves(&script, &path)?,
        false => planned.measured,
    };
    Ok(Order {
        command: match &running {
            Some(process) => process.command.iter().map(Into::into).collect(),
            None => args.command.clone(),
        },
        // Source paths are shown relative to the service's own folder.
        working_dir: running
            .as_ref()
            .and_then(Process::working_dir)
            .unwrap_or(working_dir),
        running,
        load,
        script: Arc::new(script),
        script_name: path.display().to_string(),
        target,
        transport,
        surroundings,
        processor: args.processor.into(),
        ready,
        rounds: Rounds {
            warm_up_portions: effort.warm_up_portions,
            fill: sessions.saturating_mul(effort.fill),
            measured,
            ..planned
        },
        walkthrough: args.walkthrough,
        limits,
        force: args.force,
        seed: SEED,
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// What a hunt takes where nothing else is said; `docs/hunt.md` says what is traded.
struct Effort {
    rounds: u32,
    sessions: u64,
    /// Seconds.
    max_settle: f64,
    warm_up_portions: u32,
    /// Sessions of the warm-up that fill caches, as multiples of the first round.
    fill: u64,
}

impl Effort {
    fn of(args: &HuntArgs) -> Self {
        let usual = Self {
            rounds: 3,
            sessions: 101,
            max_settle: 10.0,
            warm_up_portions: 5,
            fill: 100,
        };
        match (args.quick, args.thorough) {
            (true, _) => Self {
                rounds: 2,
                sessions: 53,
                warm_up_portions: 3,
                fill: 20,
                ..usual
            },
            (_, true) => Self {
                rounds: 5,
                sessions: 211,
                max_settle: 30.0,
                warm_up_portions: 8,
                ..usual
            },
            _ => usual,
        }
    }
}

/// The sessions of a script's own load, before and after its half.
fn halves(script: &Script, path: &Path) -> Result<Vec<u64>, Failure> {
    let arrivals = Arrivals::of_phases(&script.phases, script.spread, SEED);
    let sessions = arrivals.sessions();
    if sessions < LEAST_WALKED {
        let message = format!(
            "`{}` has {sessions} sessions by its phases, too few to tell a leak from noise",
            path.display()
        );
        return Err(Failure::new(Exit::Usage, message).hint(Some(format!(
            "let its phases have {LEAST_WALKED} or more, or hunt without `--walkthrough`"
        ))));
    }
    Ok(vec![sessions / 2, sessions - sessions / 2])
}

/// A script in the place of one, where the load is somebody else's.
const NO_SCRIPT: &str = r#"{"config": {"target": "http://127.0.0.1", "phases": [{"duration": 1,
    "arrivalRate": 1}]}, "scenarios": [{"flow": [{"get": {"url": "/"}}]}]}"#;

/// What a run calls load that is not a script's.
fn foreign_name(load: &LoadSource) -> PathBuf {
    match load {
        LoadSource::Command(words) => words.join(" ".as_ref()).into(),
        _ => "the service's own traffic".into(),
    }
}

fn load_source(args: &HuntArgs) -> Result<LoadSource, Failure> {
    if args.traffic {
        return Ok(LoadSource::Traffic);
    }
    let Some(command) = &args.load_cmd else {
        return Ok(LoadSource::Script);
    };
    let words = crate::words::split(command).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("`--load-cmd {command}` is no command")).hint(Some(
            "give a program with its arguments; quotes must be closed",
        ))
    })?;
    Ok(LoadSource::Command(
        words.into_iter().map(Into::into).collect(),
    ))
}

/// The service that runs already.
fn running(target: &str) -> Result<Process, Failure> {
    let process = match targets::find(target)? {
        Found::Process(process) => Some(process),
        Found::Inspector(endpoint) => {
            let process = probe::Target::Inspector(endpoint).process();
            process.map_err(|error| targets::failed(&error))?
        }
    };
    process.ok_or_else(|| {
        let message = format!("`{target}` is no process of this machine");
        Failure::new(Exit::Usage, message).hint(Some("give the id of the service's process"))
    })
}

fn script_path(args: &HuntArgs) -> Result<PathBuf, Failure> {
    let beside = || {
        SCRIPT_NAMES
            .iter()
            .map(PathBuf::from)
            .find(|path| path.is_file())
    };
    args.load.clone().or_else(beside).ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "no load script given, and no `load.json` or `load.yml` here",
        )
        .hint(Some(
            "name one with `--load SCRIPT`: Minigun or Artillery, JSON or YAML",
        ))
    })
}

/// Where the load goes: only to this machine, unless another was named on the command line.
fn target(args: &HuntArgs, script: &Script, path: &Path) -> Result<scenario::Target, Failure> {
    if let Some(url) = &args.target {
        return scenario::Target::parse(url).map_err(|error| {
            Failure::new(
                Exit::Usage,
                format!("`--target {url}` is no target: {error}"),
            )
            .hint(Some(
                "give the address the service listens on, as http://127.0.0.1:8080",
            ))
        });
    }
    if script.target.is_loopback() {
        return Ok(script.target.clone());
    }
    let message = format!(
        "the target of `{}` is `{}`, which is not this machine",
        path.display(),
        script.target
    );
    Err(Failure::new(Exit::Usage, message).hint(Some(
        "the service is started here: say where it listens with `--target http://127.0.0.1:PORT`",
    )))
}

fn folder(args: &HuntArgs) -> Result<Folder, Failure> {
    let path = args.out.clone().unwrap_or_else(|| {
        PathBuf::from(
            jiff::ZonedDateTime::now()
                .strftime("leakscope-run-%Y%m%d-%H%M%S")
                .to_string(),
        )
    });
    let folder = if args.overwrite {
        Folder::replace(&path)
    } else {
        Folder::create(&path)
    };
    folder.map_err(|error| {
        // A folder that is not ours to fill is a wrong argument, not a disk that fails.
        let exit = match error.is_occupied() {
            true => Exit::Usage,
            false => Exit::Output,
        };
        Failure::of(exit, &error).hint(error.hint())
    })
}
