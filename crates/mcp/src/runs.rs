//! Tools about runs: what there is, the verdict, one suspect, and a hunt.

use std::fmt::Write;
use std::time::Duration;

use serde::Deserialize;
use units::{ByteDelta, Bytes, Count, PerSession};
use verdict::{Outcome, SourceLine, Suspect, Verdict};

use crate::answer::{Answer, counted};
use crate::data::{name, text};
use crate::desk::{Desk, HuntAsk, HuntState, Problem, Run};

/// Rows of `list`.
const LISTED: usize = 20;

/// Suspects of a verdict.
const SUSPECTS: usize = 5;

/// Warnings of a verdict.
const WARNINGS: usize = 5;

/// Classes that come with a suspect.
const CLASSES: usize = 8;

/// Seconds that a hunt's answer may take: less than agents commonly wait for a tool.
const WAIT_S: u64 = 45;

/// Seconds of waiting at most.
const MOST_WAIT_S: u64 = 600;

#[derive(Debug, Deserialize)]
pub(crate) struct ListArgs {}

#[derive(Debug, Deserialize)]
pub(crate) struct VerdictArgs {
    run: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SuspectArgs {
    run: String,
    rank: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct HuntArgs {
    command: Option<String>,
    sessions: Option<u64>,
    rounds: Option<u32>,
    wait_seconds: Option<u64>,
}

pub(crate) fn list(desk: &dyn Desk, ListArgs {}: &ListArgs) -> Result<Answer, Problem> {
    let found = desk.list()?;
    let mut answer = Answer::default();
    if found.is_empty() {
        answer.say("No runs and no heap snapshots in the folders that this server may read.");
        answer.say("`leakscope hunt -- COMMAND` makes a run; `--root DIR` allows another folder.");
        return Ok(answer);
    }
    answer.say("Runs and heap snapshots, the newest first:");
    for one in found.iter().take(LISTED) {
        let kind = if one.is_run { "run" } else { "snapshot" };
        let size = one.bytes.map(|n| format!(" {}", Bytes(n)));
        let path = text(&one.path);
        answer.data(format!("{kind} {path}{}", size.unwrap_or_default()));
    }
    if found.len() > LISTED {
        answer.say(format!(
            "{} older ones are not shown.",
            found.len() - LISTED
        ));
    }
    Ok(answer)
}

pub(crate) fn verdict(desk: &dyn Desk, args: &VerdictArgs) -> Result<Answer, Problem> {
    Ok(verdict_of(&desk.run(&args.run)?))
}

fn verdict_of(run: &Run) -> Answer {
    let Run { path, verdict, .. } = run;
    let mut answer = Answer::default();
    answer.say(headline(verdict));
    if let Some(memory) = memory(run) {
        answer.say(memory);
    }
    answer.data(format!("run {}", text(path)));
    answer.data(format!("reason {}", text(&verdict.reason)));
    for suspect in verdict.suspects.iter().take(SUSPECTS) {
        answer.data(suspect_line(suspect));
    }
    for warning in verdict.warnings.iter().take(WARNINGS) {
        answer.data(format!("warning {}", text(warning)));
    }
    if let Some(next) = &verdict.next {
        answer.data(format!("next {}", text(next)));
    }
    let more = verdict.suspects.len().saturating_sub(SUSPECTS);
    if more > 0 {
        answer.say(format!("{more} more suspects: explain_suspect by rank."));
    } else if !verdict.suspects.is_empty() {
        answer.say("explain_suspect tells where one is kept and which line adds to it.");
    }
    answer
}

fn headline(verdict: &Verdict) -> String {
    let outcome = match verdict.outcome {
        Outcome::Leaking => "LEAKING",
        Outcome::Clean => "CLEAN",
        Outcome::Inconclusive => "INCONCLUSIVE",
    };
    let sizes: Vec<_> = (verdict.rounds.iter())
        .map(|round| round.sessions.to_string())
        .collect();
    format!(
        "{outcome}: {} of {} sessions, {} failed; {} per session",
        counted(verdict.rounds.len() as u64, "round"),
        sizes.join(", "),
        Count(verdict.sessions.failed),
        ByteDelta(verdict.bytes_per_session as i64),
    )
}

fn memory(run: &Run) -> Option<String> {
    let rounds = run.recording.rounds();
    let (first, last) = (rounds.first()?, rounds.last()?);
    let size = |r: &recording::Reading| Bytes(r.heap.heap_used + r.heap.external);
    Some(format!(
        "Heap and external, collected: {} before the rounds, {} after; RSS {}, {}",
        size(first.before),
        size(last.after),
        Bytes(first.before.memory.rss),
        Bytes(last.after.memory.rss),
    ))
}

fn suspect_line(suspect: &Suspect) -> String {
    let mut line = format!("suspect {}: holder {}", suspect.rank, holder(suspect));
    // Writing to a string cannot fail.
    let _ = write!(
        line,
        " gains {}; {} {} per session, {} per session, grade {:?}",
        gains(suspect),
        PerSession(suspect.per_session),
        name(&suspect.class),
        bytes(suspect),
        suspect.grade,
    );
    if let Some(source) = &suspect.source {
        let _ = write!(line, "; declared at {}", place(source));
    }
    if let Some(writer) = &suspect.writer {
        let _ = write!(line, "; added at {}", place(writer));
    }
    line
}

fn holder(suspect: &Suspect) -> String {
    let holder = &suspect.holder;
    let known_as = holder.name.as_ref().map(|n| format!(" {}", name(n)));
    let class = name(&holder.class);
    format!("{class}{} @{}", known_as.unwrap_or_default(), holder.id)
}

fn gains(suspect: &Suspect) -> String {
    match suspect.gains_per_second {
        Some(gains) => format!("{gains:.1} references per second"),
        None => {
            let gains = PerSession(suspect.holder.gains_per_session);
            format!("{gains} references per session")
        }
    }
}

fn bytes(suspect: &Suspect) -> Bytes {
    Bytes(suspect.bytes_per_session.max(0.0) as u64)
}

fn place(line: &SourceLine) -> String {
    format!("{}:{}", name(&line.file), line.line)
}

pub(crate) fn explain_suspect(desk: &dyn Desk, args: &SuspectArgs) -> Result<Answer, Problem> {
    let run = desk.run(&args.run)?;
    let suspects = &run.verdict.suspects;
    let rank = args.rank.unwrap_or(1);
    let suspect = suspects.iter().find(|suspect| suspect.rank == rank);
    let suspect = suspect.ok_or_else(|| match suspects.len() {
        0 => Problem::new("this run has no suspects").hint("`verdict` tells how it ended, and why"),
        n => Problem::new(format!("no suspect of rank {rank}"))
            .hint(format!("the ranks are 1 to {n}")),
    })?;
    let mut answer = Answer::default();
    let rates: Vec<_> = (suspect.per_round.iter())
        .map(|&rate| PerSession(rate).to_string())
        .collect();
    answer.say(format!(
        "Suspect {rank} of {}, grade {:?}:",
        suspects.len(),
        suspect.grade
    ));
    answer.data(format!(
        "holder {} gains {}",
        holder(suspect),
        gains(suspect)
    ));
    answer.data(format!(
        "piles up {}: {} per session (rounds: {}), {} per session with all it keeps",
        name(&suspect.class),
        PerSession(suspect.per_session),
        rates.join(", "),
        bytes(suspect),
    ));
    answer.data(format!("mechanism {}", text(&suspect.mechanism)));
    let path: Vec<_> = suspect.path.iter().map(|step| name(step)).collect();
    answer.data(format!("kept by {}", path.join(" > ")));
    for (word, line) in [("declared", &suspect.source), ("added", &suspect.writer)] {
        if let Some(line) = line {
            let function = line.function.as_ref().map(|f| format!(" in {}", name(f)));
            let function = function.unwrap_or_default();
            let place = place(line);
            answer.data(format!("{word} at {place}{function}: {}", text(&line.text)));
        }
    }
    if let Some(package) = &suspect.package {
        answer.data(format!("package {}", name(package)));
    }
    let classes = suspect.classes.iter().take(CLASSES);
    let classes: Vec<_> = classes
        .map(|class| format!("{} {}", PerSession(class.per_session), name(&class.class)))
        .collect();
    answer.data(format!("per session {}", classes.join(", ")));
    answer.say(format!(
        "More: retainers or object with snapshot = the run, object = @{}.",
        suspect.holder.id
    ));
    Ok(answer)
}

pub(crate) fn hunt(desk: &dyn Desk, args: &HuntArgs) -> Result<Answer, Problem> {
    let command = allowed(desk.allowed_hunts(), args.command.as_deref())?;
    let state = desk.hunt(&HuntAsk {
        command,
        sessions: args.sessions,
        rounds: args.rounds,
        wait: Duration::from_secs(args.wait_seconds.unwrap_or(WAIT_S).min(MOST_WAIT_S)),
    })?;
    Ok(match state {
        HuntState::Done(run) => verdict_of(&run),
        HuntState::Running { progress, run } => {
            let mut answer = Answer::default();
            answer.say("The hunt goes on. Call `hunt` again to wait for its verdict.");
            answer.data(format!("progress {}", text(&progress)));
            answer.data(format!("run {}", text(&run)));
            answer
        }
    })
}

/// Which of the allowed commands is meant.
fn allowed(commands: &[String], wanted: Option<&str>) -> Result<usize, Problem> {
    let list = || {
        let commands: Vec<_> = commands.iter().map(|command| text(command)).collect();
        commands.join(", ")
    };
    match (commands, wanted) {
        ([], _) => Err(Problem::new("hunts are not allowed")
            .hint("the user allows one by starting `leakscope mcp --allow-hunt 'COMMAND…'`")),
        ([_], None) => Ok(0),
        (_, None) => Err(Problem::new("several commands are allowed: say which")
            .hint(format!("`command` is one of {}", list()))),
        (_, Some(wanted)) => {
            let at = commands.iter().position(|command| command == wanted);
            at.ok_or_else(|| {
                Problem::new("this command is not allowed")
                    .hint(format!("`command` is one of {}, to the letter", list()))
            })
        }
    }
}
