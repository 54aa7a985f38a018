//! The verdict for a person at a terminal: the answer first, then what it rests on.

use recording::{Recording, Stage};
use units::{ByteDelta, Bytes, Count, PerSession};
use verdict::{Comparison, Outcome, Progress, SourceLine, Suspect, Verdict};

use crate::words::{self, place};
use crate::{Style, printable};

/// Classes named beside the main one.
const CLASSES_NAMED: usize = 5;

/// Suspects shown; the rest are in the JSON form.
const SUSPECTS_SHOWN: usize = 5;

/// The verdict as text, ended by a line end.
#[must_use]
pub fn verdict_text(verdict: &Verdict, recording: &Recording, style: Style) -> String {
    let mut out = headline(verdict, style) + "\n";
    if let Some(comparison) = &verdict.comparison {
        out.push_str(&comparison_text(comparison, style));
    }
    for suspect in verdict.suspects.iter().take(SUSPECTS_SHOWN) {
        out.push('\n');
        out.push_str(&suspect_text(suspect, style));
    }
    if verdict.suspects.len() > SUSPECTS_SHOWN {
        let more = verdict.suspects.len() - SUSPECTS_SHOWN;
        out.push_str(&format!("\n  and {more} more: see `--json`\n"));
    }
    out.push('\n');
    out.push_str(&figures(verdict, recording, style));
    for budget in &verdict.budgets {
        out.push_str(&wrapped(
            &label("budget"),
            &words::budget(budget),
            " ",
            style,
        ));
    }
    for warning in &verdict.warnings {
        out.push_str(&wrapped(&label("warning"), warning, " ", style));
    }
    if let Some(next) = &verdict.next {
        out.push_str(&wrapped(&label("next"), next, " ", style));
    }
    out
}

fn headline(verdict: &Verdict, style: Style) -> String {
    let word = words::word(verdict.outcome);
    let code = match verdict.outcome {
        Outcome::Leaking => "1;31",
        Outcome::Clean => "1;32",
        Outcome::Inconclusive => "1;33",
    };
    let text = wrapped(&format!("{word}   "), &words::answer(verdict), " ", style);
    text.trim_end().replacen(word, &style.paint(code, word), 1)
}

fn comparison_text(comparison: &Comparison, style: Style) -> String {
    let (word, lines) = words::comparison(comparison);
    let code = match comparison.outcome {
        Progress::Fixed => "1;32",
        Progress::NotFixed => "1;31",
        Progress::Undecided => "1;33",
    };
    let run = printable(&comparison.run);
    let mut out = format!("{}   compared with {run}\n", style.paint(code, word));
    for line in lines {
        out.push_str(&wrapped("  ", &line, " ", style));
    }
    out
}

fn suspect_text(suspect: &Suspect, style: Style) -> String {
    let gains = words::gains(suspect);
    let title = words::holder(suspect);
    let place = suspect.source.as_ref().map(place).unwrap_or_default();
    let mut out = format!(
        "  {}. {}   +{gains}   {}\n",
        suspect.rank,
        style.paint("1", &title),
        style.paint("36", &place),
    );
    out = out.trim_end().to_owned() + "\n";
    if let Some(isolate) = words::isolate(suspect) {
        out.push_str(&wrapped("     ", &isolate, " ", style));
    }
    out.push_str(&wrapped(
        "     ",
        &printable(&suspect.path_text),
        " \u{2500} ",
        style,
    ));
    let package = suspect.package.as_deref();
    if let Some(writer) = &suspect.writer {
        let of_writer = package.filter(|_| suspect.in_package.is_none());
        out.push_str(&writer_line("added at", writer, of_writer, style));
    }
    if let Some(line) = &suspect.in_package {
        out.push_str(&writer_line("through", line, package, style));
    }
    if let Some(with) = dragged_along(suspect) {
        out.push_str(&wrapped("     with it       ", &with, ", ", style));
    }
    if let Some(proof) = &suspect.proof {
        let (word, text) = words::proof(proof);
        out.push_str(&wrapped(&format!("     {word:<14}"), &text, " ", style));
    }
    if let Some(accepted) = &suspect.accepted {
        let text = words::accepted(accepted);
        out.push_str(&wrapped("     accepted      ", &text, " ", style));
    }
    out
}

fn writer_line(label: &str, writer: &SourceLine, package: Option<&str>, style: Style) -> String {
    let function = writer
        .function
        .as_deref()
        .map(printable)
        .unwrap_or_default();
    let package = package.map(|name| format!(" (package {})", printable(name)));
    let text = format!(
        "{function}  {}{}   {}",
        style.paint("36", &place(writer)),
        package.unwrap_or_default(),
        printable(&writer.text),
    );
    format!("     {label:<13} {}\n", text.trim())
}

fn dragged_along(suspect: &Suspect) -> Option<String> {
    let others: Vec<String> = words::telling_classes(suspect)
        .filter(|c| c.class != suspect.class)
        .take(CLASSES_NAMED)
        .map(|c| format!("{} {}", printable(&c.class), PerSession(c.per_session)))
        .collect();
    (!others.is_empty()).then(|| others.join(", "))
}

fn label(word: &str) -> String {
    format!("  {word:<11}")
}

fn figures(verdict: &Verdict, recording: &Recording, style: Style) -> String {
    let mut out = String::new();
    let sizes: Vec<_> = verdict
        .rounds
        .iter()
        .map(|r| Count(r.sessions).to_string())
        .collect();
    let sessions = format!(
        "{} in {} rounds ({}), {} failed; {} before, to warm up",
        Count(verdict.sessions.created),
        verdict.rounds.len(),
        sizes.join(", "),
        Count(verdict.sessions.failed),
        Count(
            recording
                .stage(Stage::WarmUp)
                .map_or(0, |s| s.ledger.created)
        ),
    );
    out.push_str(&wrapped(&label("sessions"), &sessions, " ", style));
    if !verdict.isolates.is_empty() {
        let judged = words::judged(&verdict.isolates);
        out.push_str(&wrapped(&label("isolates"), &judged, " ", style));
    }
    let recording = &recording.whole();
    let rounds = recording.rounds();
    if let (Some(first), Some(last)) = (rounds.first(), rounds.last()) {
        let size = |r: &recording::Reading| Bytes(r.heap.heap_used + r.heap.external);
        let (before, after) = (size(first.before), size(last.after));
        let per_session = ByteDelta(verdict.bytes_per_session as i64);
        let memory = format!(
            "{before} before the rounds, {after} after, both collected: {per_session} per session"
        );
        out.push_str(&wrapped(&label("memory"), &memory, " ", style));
        let rss = format!(
            "{} before the rounds, {} after",
            Bytes(first.before.memory.rss),
            Bytes(last.after.memory.rss)
        );
        out.push_str(&wrapped(&label("RSS"), &rss, " ", style));
    }
    if let Some(idle) = idle_change(recording) {
        let text = format!("{idle} in the same time without load");
        out.push_str(&wrapped(&label("idle"), &text, " ", style));
    }
    out
}

/// What heap and external memory did without load.
fn idle_change(recording: &Recording) -> Option<ByteDelta> {
    let size = |r: &recording::Reading| Bytes(r.heap.heap_used + r.heap.external);
    let before = recording.stage(Stage::WarmUp)?.readings.last()?;
    let after = recording.stage(Stage::Idle)?.readings.last()?;
    Some(size(after).since(size(before)))
}

/// Text after a label, broken at `separator` where it would leave the terminal; the next lines
/// stand under the first.
fn wrapped(label: &str, text: &str, separator: &str, style: Style) -> String {
    let indent = label.chars().count();
    let mut out = label.to_owned();
    let mut column = indent;
    for (i, word) in text.split(separator).enumerate() {
        let width = word.chars().count() + separator.chars().count();
        if i > 0 && column.saturating_add(width) > style.width {
            out.truncate(out.trim_end().len());
            if separator.trim().is_empty() {
                out.push('\n');
            } else {
                out.push_str(&format!("{}\n", separator.trim_end()));
            }
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if i > 0 {
            out.push_str(separator);
            column += separator.chars().count();
        }
        out.push_str(word);
        column += word.chars().count();
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Color;

    #[test]
    fn a_long_path_is_broken_between_its_steps_and_stays_indented() {
        let style = Style {
            width: 30,
            color: Color::Plain,
        };
        let text = wrapped(
            "     ",
            "process ─ cleanup ─ clients ─ WebSocket",
            " ─ ",
            style,
        );
        assert_eq!(text, "     process ─ cleanup ─\n     clients ─ WebSocket\n");
        assert!(text.lines().all(|line| line.chars().count() <= 30));
    }
}
