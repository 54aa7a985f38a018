//! `leakscope load`: the load engine by itself, under Artillery's options and metric names.
//!
//! Owns what a load says and leaves behind. The closing summary and the report are the answer and
//! go to stdout or their files; what is told meanwhile goes to stderr.

mod conduct;
mod ensure;
mod live;
mod merge;
mod metrics;
mod quick;
mod script;
mod text;

use std::path::Path;

use load::Outcome;
use serde_json::Value;

use ensure::{Check, Ensure};

use crate::args::{LoadArgs, LoadCommand};
use crate::exit::Exit;
use crate::failure::Failure;

pub(crate) fn load(args: &LoadArgs) -> Result<Exit, Failure> {
    match &args.command {
        Some(LoadCommand::Quick(args)) => quick::quick(args),
        Some(LoadCommand::Check(args)) => script::check(&args.script),
        Some(LoadCommand::Merge(args)) => merge::merge(args),
        None => {
            for option in args.cloud.given() {
                let warning = format!("`{option}` is for Artillery's cloud and has no effect here");
                crate::failure::warn(&warning);
            }
            let order = script::order(&args.script, &args.run)?;
            conduct::conduct(order, &args.run)
        }
    }
}

/// Writes the report where it was asked for, says what came of the load, and decides the exit code.
fn finish(
    outcome: &Outcome,
    report: &Value,
    ensure: &Ensure,
    output: Option<&Path>,
    is_quiet: bool,
) -> Result<Exit, Failure> {
    let is_on_stdout = output == Some(Path::new("-"));
    if let Some(path) = output {
        let text = format!("{report:#}\n");
        match is_on_stdout {
            true => crate::failure::answer(&text)?,
            false => crate::files::write_whole(path, text.as_bytes())?,
        }
    }
    let checks = ensure.check(&report["aggregate"]);
    if !is_quiet && !is_on_stdout {
        let mut answer = format!(
            "All VUs finished. Total time: {}\n\n{}\n{}\n",
            text::seconds(outcome.lasted),
            text::summary(&report["aggregate"]),
            text::plan_kept(&report["leakscope"])
        );
        answer += &text::failures(&report["aggregate"]["counters"]);
        answer += &ensure::text(&checks);
        answer += &text::apdex(&report["aggregate"]["counters"]);
        if let Some(path) = output {
            answer += &format!("Log file: {}\n", path.display());
        }
        crate::failure::answer(&answer)?;
    }
    verdict(outcome, report)?;
    let failed: Vec<&Check> = checks.iter().filter(|c| c.strict && !c.holds).collect();
    if failed.is_empty() {
        return expectations(&report["aggregate"]["counters"]);
    }
    let message = format!(
        "{} of {} checks of `ensure` failed",
        failed.len(),
        checks.len()
    );
    let lines = failed.iter().map(|check| check.text.clone());
    Err(Failure::new(Exit::Load, message).causes(lines))
}

/// Whether responses were what requests expect of them.
fn expectations(counters: &Value) -> Result<Exit, Failure> {
    let count = |name: &str| counters[name].as_u64().unwrap_or(0);
    let (met, unmet) = (count("plugins.expect.ok"), count("plugins.expect.failed"));
    if unmet == 0 {
        return Ok(Exit::Clean);
    }
    let message = format!("{unmet} of {} expectations were not met", met + unmet);
    let kinds = counters.as_object().into_iter().flatten();
    let kinds = kinds.filter_map(|(name, count)| {
        let kind = name.strip_prefix("plugins.expect.failed.")?;
        Some(format!("{kind}: {count}"))
    });
    Err(Failure::new(Exit::Load, message).causes(kinds))
}

/// Whether the load did what it was asked to.
fn verdict(outcome: &Outcome, report: &Value) -> Result<(), Failure> {
    let ledger = outcome.ledger();
    if report["leakscope"]["interrupted"] == true {
        return Err(Failure::new(Exit::Interrupted, "interrupted"));
    }
    if !outcome.kept_plan() {
        let message = format!(
            "the plan was not kept: {} sessions planned, {} started, {} skipped",
            outcome.planned, ledger.created, ledger.skipped
        );
        return Err(Failure::new(Exit::Inconclusive, message));
    }
    if ledger.created > 0 && ledger.failed == ledger.created {
        let (cause, _) = ledger.main_failure().unwrap_or(("no cause is known", 0));
        let message = format!("all {} sessions failed: {cause}", ledger.failed);
        return Err(Failure::new(Exit::Load, message).hint(load::explain(cause)));
    }
    Ok(())
}
