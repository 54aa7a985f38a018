//! `leakscope load merge FILES…`: the segments of one plan become the whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use load::{Outcome, Segment, load_json, read_load_json};
use serde_json::Value;

use super::ensure::Ensure;
use super::finish;
use super::script::Plan;
use crate::args::MergeArgs;
use crate::exit::Exit;
use crate::failure::Failure;

/// A segment's report.
struct Part {
    path: PathBuf,
    outcome: Outcome,
    plan: Plan,
    ensure: Ensure,
}

pub(super) fn merge(args: &MergeArgs) -> Result<Exit, Failure> {
    let parts: Result<Vec<Part>, Failure> = args.reports.iter().map(|path| read(path)).collect();
    let parts = parts?;
    check_whole(&parts)?;
    let Some(first) = parts.first() else {
        return Err(Failure::new(Exit::Usage, "no reports were given"));
    };
    let outcome = sum(&parts);
    let mut report = load_json(&outcome);
    first.plan.note(&mut report["leakscope"]);
    first.ensure.note(&mut report["leakscope"]);
    finish(
        &outcome,
        &report,
        &first.ensure,
        args.output.as_deref(),
        args.quiet,
    )
}

fn read(path: &Path) -> Result<Part, Failure> {
    let shown = path.display();
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let text = std::fs::read_to_string(path)
        .map_err(|error| usage(format!("cannot read report `{shown}`: {error}")))?;
    let report: Value = serde_json::from_str(&text)
        .map_err(|error| usage(format!("`{shown}` is no JSON: {error}")))?;
    let ours = &report["leakscope"];
    let part = read_load_json(&report).zip(Plan::of_report(ours));
    let (outcome, plan) = part.ok_or_else(|| {
        usage(format!("`{shown}` is no report of `leakscope load -o`")).hint(Some(
            "reports of Artillery itself hold no whole histograms to add up",
        ))
    })?;
    Ok(Part {
        path: path.to_owned(),
        outcome,
        plan,
        ensure: Ensure::of_report(ours),
    })
}

/// Fails unless the parts are the segments of one plan, each of them once, and all of them.
fn check_whole(parts: &[Part]) -> Result<(), Failure> {
    let Some(first) = parts.first() else {
        return Ok(());
    };
    let wrong = |message: String, hint: &str| {
        Err(Failure::new(Exit::Usage, message).hint(Some(hint.to_owned())))
    };
    let mut by_number: BTreeMap<u64, &Path> = BTreeMap::new();
    for part in parts {
        let (here, there) = (part.path.display(), first.path.display());
        if !part.plan.is_same(&first.plan) {
            let message = format!("`{here}` and `{there}` are not of one plan");
            return wrong(
                message,
                "run every segment with the same script, options and seed",
            );
        }
        let (segment, other) = (part.outcome.segment, first.outcome.segment);
        if segment.of() != other.of() {
            let message = format!("`{here}` is segment {segment}, but `{there}` is {other}");
            return wrong(
                message,
                "run every segment with the same N in `--segment i/N`",
            );
        }
        if let Some(before) = by_number.insert(segment.number(), &part.path) {
            let before = before.display();
            let message = format!("`{here}` and `{before}` are both segment {segment}");
            return wrong(message, "give every segment's report once");
        }
    }
    let of = first.outcome.segment.of();
    let missing = (1..=of).filter(|number| !by_number.contains_key(number));
    let missing: Vec<String> = missing.map(|number| format!("{number}/{of}")).collect();
    if !missing.is_empty() {
        let message = format!(
            "the plan is not whole: segment {} missing",
            missing.join(", ")
        );
        return wrong(message, "percentiles of a part say nothing of the whole");
    }
    let planned: u64 = parts.iter().map(|part| part.outcome.planned).sum();
    if planned != first.plan.sessions {
        let message = format!(
            "the segments planned {planned} sessions together, the plan has {}",
            first.plan.sessions
        );
        return wrong(message, "the reports are not what the segments wrote");
    }
    Ok(())
}

/// Counters and histograms add up, bucket by bucket; percentiles are taken of the sum.
fn sum(parts: &[Part]) -> Outcome {
    let outcomes = || parts.iter().map(|part| &part.outcome);
    let began_unix_ms = outcomes()
        .map(|o| o.began_unix_ms)
        .min()
        .unwrap_or_default();
    let end = |o: &Outcome| o.began_unix_ms + o.lasted.as_millis() as u64;
    let ended = outcomes().map(end).max().unwrap_or_default();
    let mut whole = Outcome {
        planned: 0,
        segment: Segment::WHOLE,
        tally: load::Tally::default(),
        periods: Vec::new(),
        began_unix_ms,
        lasted: Duration::from_millis(ended.saturating_sub(began_unix_ms)),
    };
    for outcome in outcomes() {
        whole.planned += outcome.planned;
        whole.tally.add(&outcome.tally);
    }
    whole
}
