//! `leakscope profile`: V8's sampling heap profile of a service that runs.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use probe::{Inspector, Isolate, Process};
use tokio_util::sync::CancellationToken;
use units::Elapsed;

use super::{interrupted, on_subject};
use crate::args::ProfileArgs;
use crate::exit::Exit;
use crate::failure::{Failure, answer, tell};
use crate::files::write_private;
use crate::targets::failed;

pub(crate) fn profile(args: &ProfileArgs) -> Result<Exit, Failure> {
    if args.output.is_some() && args.subject.isolate.contains("all") {
        let message = "`--output` names one file, and there may be several";
        return Err(Failure::new(Exit::Usage, message).hint(Some("leave it out")));
    }
    on_subject(&args.subject, async |subject, stop| {
        let root = subject.process().map(|process| process.pid);
        let profiling = async |process: Option<&Process>, isolates: &[&Isolate]| {
            let pid = process.map(|process| process.pid);
            let whose = pid.filter(|_| pid != root);
            one_process(args, whose, isolates, stop).await
        };
        subject.each_process(stop, profiling).await?;
        Ok(Exit::Clean)
    })
}

/// Looks at all isolates of a process at the same time.
async fn one_process(
    args: &ProfileArgs,
    whose: Option<u32>,
    isolates: &[&Isolate],
    stop: &CancellationToken,
) -> Result<(), Failure> {
    for isolate in isolates {
        start(args, &isolate.inspector)
            .await
            .map_err(|e| failed(&e))?;
    }
    tell(&format!("looking for {}", Elapsed::from(args.span)));
    tokio::select! {
        () = tokio::time::sleep(args.span) => {}
        () = stop.cancelled() => return Err(interrupted()),
    }
    for isolate in isolates {
        let profile = isolate.inspector.stop_sampling().await;
        let profile = profile.map_err(|e| failed(&e))?;
        let path = args
            .output
            .clone()
            .unwrap_or_else(|| file_name(whose, isolate));
        write_private(&path, profile.to_string().as_bytes())?;
        answer(&format!("{}\n", path.display()))?;
    }
    Ok(())
}

async fn start(args: &ProfileArgs, inspector: &Inspector) -> Result<(), probe::Error> {
    match args.all {
        true => inspector.start_sampling_all(args.interval).await,
        false => inspector.start_sampling(args.interval).await,
    }
}

fn file_name(whose: Option<u32>, isolate: &Isolate) -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let mut suffix = whose.map_or(String::new(), |pid| format!("-{pid}"));
    if isolate.name != "main" {
        suffix += &format!("-{}", isolate.name);
    }
    let (seconds, micros) = (now.as_secs(), now.subsec_micros());
    format!("heap-{seconds}.{micros:06}{suffix}.heapprofile").into()
}
