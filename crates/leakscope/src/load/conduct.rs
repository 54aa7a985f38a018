//! One load from its start to its end: the clock, the signals, and what is told meanwhile.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use load::{Job, Meter, Outcome, SessionLog, SetUpError, load_json};
use tokio_util::sync::CancellationToken;

use super::live::Live;
use super::script::Order;
use super::{finish, metrics};
use crate::args::RunArgs;
use crate::exit::Exit;
use crate::failure::{Failure, warn};

/// How often the live view is drawn.
const FRAME: Duration = Duration::from_millis(250);

pub(crate) fn conduct(mut order: Order, args: &RunArgs) -> Result<Exit, Failure> {
    let log = args.log_sessions.as_deref().map(open_log).transpose()?;
    order.job.log = log.clone();
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::of(Exit::Output, &error))?;
    let stop = CancellationToken::new();
    let outcome = runtime.block_on(run(&order, args, &stop))?;
    let log = log.map_or(Ok(()), |log| log.finish());
    let mut report = load_json(&outcome);
    report["leakscope"]["interrupted"] = stop.is_cancelled().into();
    order.plan.note(&mut report["leakscope"]);
    order.ensure.note(&mut report["leakscope"]);
    let exit = finish(
        &outcome,
        &report,
        &order.ensure,
        args.output.as_deref(),
        args.quiet,
    )?;
    log.map_err(|error| {
        let message = format!("cannot write the log of sessions: {error}");
        Failure::new(Exit::Output, message)
    })?;
    Ok(exit)
}

fn open_log(path: &Path) -> Result<Arc<SessionLog>, Failure> {
    let file = File::create(path).map_err(|error| {
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::new(Exit::Output, message)
    })?;
    Ok(Arc::new(SessionLog::new(Box::new(BufWriter::new(file)))))
}

/// Every connection is a file descriptor, and the usual limit of 1,024 is for other programs.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where it may not be raised, running out is counted and explained.
    let _ = setrlimit(Resource::Nofile, raised);
}

async fn run(order: &Order, args: &RunArgs, stop: &CancellationToken) -> Result<Outcome, Failure> {
    let failed = |error: std::io::Error| Failure::of(Exit::Output, &error);
    let signals = crate::signals::stop_on_signals(stop.clone()).map_err(failed)?;
    let meter = Arc::new(Meter::default());
    let server = match args.metrics {
        Some(address) => Some(metrics::serve(address, Arc::clone(&meter)).await?),
        None => None,
    };
    let mut live = Live::new(order, args.quiet);
    live.plan(order);
    if let Some(moment) = args.start_at {
        wait_until(moment, stop).await;
    }
    let mut job: Job = order.job.clone();
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        done = job.set_up(order.processor, Some(live.voice())) => done.map_err(|error| not_set_up(&error))?,
    }
    let after = job.clone();
    let performing = load::perform_until(job, Arc::clone(&meter), stop.cancelled());
    tokio::pin!(performing);
    let mut frames = tokio::time::interval(FRAME);
    let mut periods = tokio::time::interval(order.period);
    periods.tick().await;
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut performing => break outcome,
            _ = periods.tick() => live.period(&meter.end_period(), order.period),
            _ = frames.tick(), if live.is_drawn() => live.draw(&meter),
        }
    };
    live.end();
    if !stop.is_cancelled()
        && let Err(error) = after.tear_down().await
    {
        warn(&error.to_string());
    }
    drop(server);
    signals.abort();
    Ok(outcome)
}

/// A load that could not begin: by its script, or by what that does first.
fn not_set_up(error: &SetUpError) -> Failure {
    let exit = match error {
        SetUpError::Processor(_) => Exit::Usage,
        SetUpError::Hook(..) => Exit::Load,
    };
    Failure::of(exit, error).hint(error.hint())
}

/// Waits for the moment at which all machines start, or the signal to stop.
async fn wait_until(moment: Timestamp, stop: &CancellationToken) {
    let left = moment.duration_since(Timestamp::now());
    match Duration::try_from(left) {
        Ok(left) => tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = stop.cancelled() => {}
        },
        Err(_past) => warn(&format!(
            "`--start-at {moment}` has passed: the load starts now"
        )),
    }
}
