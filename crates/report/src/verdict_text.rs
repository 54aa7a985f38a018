//! The verdict for a person at a terminal: the answer first, then what it rests on.

use recording::{Recording, Stage};
use units::{ByteDelta, Bytes, Count, PerSession};
use verdict::{ClassRate, Grade, Outcome, SourceLine, Suspect, Verdict};

use crate::{Style, printable};

/// Classes named beside the main one.
const CLASSES_NAMED: usize = 5;

/// Suspects shown; the rest are in the JSON form.
const SUSPECTS_SHOWN: usize = 5;

/// The verdict as text, ended by a line end.
#[must_use]
pub fn verdict_text(verdict: &Verdict, recording: &Recording, style: Style) -> String {
    let mut out = headline(verdict, style) + "\n";
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
    for warning in &verdict.warnings {
        out.push_str(&wrapped(&label("warning"), warning, " ", style));
    }
    if let Some(next) = &verdict.next {
        out.push_str(&wrapped(&label("next"), next, " ", style));
    }
    out
}

fn headline(verdict: &Verdict, style: Style) -> String {
    let (word, code) = match verdict.outcome {
        Outcome::Leaking => ("LEAKING", "1;31"),
        Outcome::Clean => ("CLEAN", "1;32"),
        Outcome::Inconclusive => ("INCONCLUSIVE", "1;33"),
    };
    let leak = (verdict.suspects.first())
        .filter(|s| verdict.outcome == Outcome::Leaking && s.gains_per_second.is_none());
    let reason = leak.map_or_else(|| printable(&verdict.reason), leak_sentence);
    let text = wrapped(&format!("{word}   "), &reason, " ", style);
    text.trim_end().replacen(word, &style.paint(code, word), 1)
}

/// `15.2 KiB and exactly 1 WebSocket per session (3 of 3 rounds: 1.000, 1.000, 1.000)`.
pub(crate) fn leak_sentence(suspect: &Suspect) -> String {
    let bytes = Bytes(suspect.bytes_per_session.max(0.0) as u64);
    let whole = suspect.per_session.round();
    let is_exact = suspect.grade == Grade::A && (suspect.per_session - whole).abs() <= 0.02 * whole;
    let amount = if is_exact {
        format!("exactly {whole:.0}")
    } else {
        PerSession(suspect.per_session).to_string()
    };
    let rounds = suspect.per_round.len();
    let rates: Vec<_> = suspect
        .per_round
        .iter()
        .map(|&r| PerSession(r).to_string())
        .collect();
    format!(
        "{bytes} and {amount} {} per session ({rounds} of {rounds} rounds: {})",
        printable(&suspect.class),
        rates.join(", ")
    )
}

/// `1 element per session`, `2 entries per session`, `9.8 elements per second`.
pub(crate) fn gains(suspect: &Suspect) -> String {
    let gains = suspect.holder.gains_per_session;
    let whole = gains.round();
    let (amount, per) = match suspect.gains_per_second {
        Some(gains) => (format!("{gains:.1}"), "second"),
        None if whole > 0.0 && (gains - whole).abs() <= 0.02 * whole => {
            (format!("{whole:.0}"), "session")
        }
        None => (PerSession(gains).to_string(), "session"),
    };
    let noun = match (suspect.holder.class.as_str(), amount == "1") {
        ("Array", true) => "element",
        ("Array", false) => "elements",
        ("Map" | "Set", true) => "entry",
        ("Map" | "Set", false) => "entries",
        (_, true) => "reference",
        (_, false) => "references",
    };
    format!("{amount} {noun} per {per}")
}

fn suspect_text(suspect: &Suspect, style: Style) -> String {
    let gains = gains(suspect);
    let name = suspect
        .holder
        .name
        .as_ref()
        .map(|name| format!(" `{}`", printable(name)));
    let title = format!(
        "{}{}",
        printable(&suspect.holder.class),
        name.unwrap_or_default()
    );
    let place = suspect.source.as_ref().map(place).unwrap_or_default();
    let mut out = format!(
        "  {}. {}   +{gains}   {}\n",
        suspect.rank,
        style.paint("1", &title),
        style.paint("36", &place),
    );
    out = out.trim_end().to_owned() + "\n";
    out.push_str(&wrapped(
        "     ",
        &printable(&suspect.path_text),
        " \u{2500} ",
        style,
    ));
    if let Some(writer) = &suspect.writer {
        out.push_str(&writer_line(writer, suspect.package.as_deref(), style));
    }
    if let Some(with) = dragged_along(&suspect.classes, &suspect.class) {
        out.push_str(&wrapped("     with it       ", &with, ", ", style));
    }
    out
}

fn place(line: &SourceLine) -> String {
    format!("{}:{}", printable(&line.file), line.line)
}

fn writer_line(writer: &SourceLine, package: Option<&str>, style: Style) -> String {
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
    format!("     added at      {}\n", text.trim())
}

fn dragged_along(classes: &[ClassRate], main: &str) -> Option<String> {
    let others: Vec<String> = classes
        .iter()
        .filter(|c| c.class != main && !c.class.starts_with(['(', '{']))
        .filter(|c| !c.class.starts_with("system / "))
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
