//! Errors as a person reads them: one line that says what failed, the causes under it, a hint last.

use std::error::Error;
use std::io::{IsTerminal, Write};

use scenario::{Diagnostic, Severity};

use crate::exit::Exit;

/// Characters of a script's line that is quoted.
const LONGEST_QUOTE: usize = 120;

/// A command that could not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    note: Option<String>,
}

impl Failure {
    /// From an error and its sources.
    pub(crate) fn of(exit: Exit, error: &dyn Error) -> Self {
        let message = error.to_string();
        let sources =
            std::iter::successors(error.source(), |&e| e.source()).map(ToString::to_string);
        // Messages often end with their source already.
        let causes = sources
            .filter(|cause| !message.contains(cause.as_str()))
            .collect();
        Self {
            exit,
            message,
            causes,
            hint: None,
            note: None,
        }
    }

    /// From words.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            note: None,
        }
    }

    /// Whoever read stdout has had enough: the end, but no failure, and nothing is printed.
    pub(crate) fn reader_gone() -> Self {
        Self::new(Exit::Clean, "the reader has gone")
    }

    /// With what to do about it.
    pub(crate) fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }

    /// With what else is worth knowing.
    pub(crate) fn note(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }

    /// With lines shown under the message.
    pub(crate) fn causes(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.causes.extend(lines);
        self
    }

    /// What failed with its causes, and what to do, for a face that has no stderr to show.
    pub(crate) fn words(self) -> (String, Option<String>) {
        let message = std::iter::once(self.message).chain(self.causes);
        (message.collect::<Vec<_>>().join(": "), self.hint)
    }

    /// Writes it to stderr. A closed stderr is nobody's loss.
    pub(crate) fn print(&self) {
        let mut stderr = std::io::stderr().lock();
        let _ = writeln!(stderr, "{} {}", paint("1;31", "error:"), self.message);
        for cause in &self.causes {
            let _ = writeln!(stderr, "  {}", report::printable(cause));
        }
        if let Some(note) = &self.note {
            let _ = writeln!(stderr, "{} {note}", paint("1", "note:"));
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(stderr, "{} {hint}", paint("1;36", "hint:"));
        }
    }
}

/// A word of a message in bold and color, where stderr is a terminal that wants it.
fn paint(code: &str, word: &str) -> String {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match std::io::stderr().is_terminal() && !no_color {
        true => format!("\x1b[{code}m{word}\x1b[0m"),
        false => word.to_owned(),
    }
}

/// Writes a warning to stderr.
pub(crate) fn warn(message: &str) {
    tell(&format!("{} {message}", paint("1;33", "warning:")));
}

/// Writes a warning to stderr, and lines that belong to it.
pub(crate) fn warn_in_detail(message: &str, lines: &[String]) {
    warn(message);
    for line in lines {
        tell(&format!("  {}", report::printable(line)));
    }
}

/// Writes a line to stderr; a closed stderr is nobody's loss.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Writes findings about a script to stderr, each with the line of `text` that it is about.
pub(crate) fn print_diagnostics(text: &str, diagnostics: &[Diagnostic]) {
    let mut stderr = std::io::stderr().lock();
    for diagnostic in diagnostics {
        // A closed stderr is nobody's loss.
        let _ = stderr.write_all(diagnostic_text(text, diagnostic).as_bytes());
    }
}

fn diagnostic_text(text: &str, diagnostic: &Diagnostic) -> String {
    let Diagnostic {
        file, line, column, ..
    } = diagnostic;
    let word = match diagnostic.severity {
        Severity::Error => paint("1;31", "error:"),
        Severity::Warning => paint("1;33", "warning:"),
    };
    let mut shown = format!(
        "{word} {}\n  at {file}:{line}:{column}\n",
        report::printable(&diagnostic.message)
    );
    let source = text.lines().nth((*line as usize).saturating_sub(1));
    // A minified script is one line that helps nobody.
    if let Some(source) = source.filter(|line| line.chars().count() <= LONGEST_QUOTE) {
        // Tabs would put the mark elsewhere than the word.
        let source = source.replace('\t', " ");
        let before = " ".repeat((*column as usize).saturating_sub(1));
        shown += &format!("  {line:>4} | {}\n", report::printable(&source));
        shown += &format!("       | {before}{}\n", paint("1", "^"));
    }
    if let Some(hint) = &diagnostic.hint {
        shown += &format!("  {} {}\n", paint("1;36", "hint:"), report::printable(hint));
    }
    shown
}

/// Writes a long answer to stdout piece by piece.
pub(crate) fn answer_in_parts(
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
    written(write(&mut stdout).and_then(|()| stdout.flush()))
}

/// Writes an answer to stdout; a reader that has gone away has had enough.
pub(crate) fn answer(text: &str) -> Result<(), Failure> {
    answer_in_parts(|stdout| stdout.write_all(text.as_bytes()))
}

/// Writes a part of an answer that goes on, and fails as [`Failure::reader_gone`] where nobody reads on.
pub(crate) fn answer_to_reader(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let result = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match result {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::reader_gone()),
        other => written(other),
    }
}

fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Output,
            format!("cannot write to stdout: {error}"),
        )),
        _ => Ok(()),
    }
}
