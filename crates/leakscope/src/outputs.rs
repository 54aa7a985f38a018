//! A verdict to wherever it was asked for: the terminal, and files for other programs.
//!
//! Invariant: stdout carries one document only; where a file is asked for at `-`, the text for
//! people is left out.

use std::path::{Path, PathBuf};

use recording::Recording;
use report::{Color, Style};
use verdict::Verdict;

use crate::args::OutputArgs;
use crate::exit::Exit;
use crate::failure::{Failure, answer};
use crate::files::write_whole;

/// One document that was asked for, at a path.
type Asked<'a> = (&'static str, &'a Path, Format);

#[derive(Debug, Clone, Copy)]
enum Format {
    Json,
    Junit,
    Sarif,
    Markdown,
}

/// What would fail at the end of a hunt, told before it begins.
pub(crate) fn check(args: &OutputArgs) -> Result<(), Failure> {
    let asked = asked(args);
    let to_stdout: Vec<_> = asked.iter().filter(|a| is_stdout(a.1)).collect();
    if let [first, second, ..] = to_stdout[..] {
        let message = format!(
            "`{} -` and `{} -` cannot both go to stdout",
            first.0, second.0
        );
        return Err(Failure::new(Exit::Usage, message).hint(Some("give one of them a file")));
    }
    for (option, path, _) in asked {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        if !is_stdout(path) && folder.is_some_and(|folder| !folder.is_dir()) {
            let message = format!("`{option} {}`: there is no such folder", path.display());
            return Err(Failure::new(Exit::Usage, message).hint(Some("make it first")));
        }
    }
    Ok(())
}

/// Whether the text for people goes to stdout.
pub(crate) fn is_text_on_stdout(args: &OutputArgs) -> bool {
    !asked(args).iter().any(|(_, path, _)| is_stdout(path))
}

/// The verdict to stdout, and to the files that were asked for.
pub(crate) fn publish(
    verdict: &Verdict,
    recording: &Recording,
    args: &OutputArgs,
) -> Result<(), Failure> {
    let mut on_stdout = None;
    for (_, path, format) in asked(args) {
        let text = render(format, verdict, recording)?;
        match is_stdout(path) {
            true => on_stdout = Some(text),
            false => write_whole(path, text.as_bytes())?,
        }
    }
    let text = || report::verdict_text(verdict, recording, stdout_style());
    answer(&on_stdout.unwrap_or_else(text))
}

fn asked(args: &OutputArgs) -> Vec<Asked<'_>> {
    let asked = [
        ("--json", &args.json, Format::Json),
        ("--junit", &args.junit, Format::Junit),
        ("--sarif", &args.sarif, Format::Sarif),
        ("--markdown", &args.markdown, Format::Markdown),
    ];
    let mut found = Vec::new();
    for (option, path, format) in asked {
        if let Some(path) = path.as_deref() {
            found.push((option, path, format));
        }
    }
    found
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

fn render(format: Format, verdict: &Verdict, recording: &Recording) -> Result<String, Failure> {
    Ok(match format {
        Format::Json => verdict_json(verdict)?,
        Format::Junit => report::junit(verdict, recording),
        Format::Sarif => {
            let repository = repository(verdict, recording);
            report::sarif(verdict, recording, repository.as_deref())
        }
        Format::Markdown => report::markdown(verdict, recording),
    })
}

/// The JSON form of a verdict.
pub(crate) fn verdict_json(verdict: &Verdict) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(verdict).map(|text| text + "\n");
    text.map_err(|error| Failure::of(Exit::Output, &error))
}

/// The repository that the service lies in, or else the file that leaks, if it does on this
/// machine: code hosts know files by their paths from there.
fn repository(verdict: &Verdict, recording: &Recording) -> Option<PathBuf> {
    let working_dir = &recording.plan.working_dir;
    let lines = (verdict.suspects.iter()).flat_map(|s| s.writer.iter().chain(&s.source));
    let files = lines.map(|line| working_dir.join(&line.file));
    let mut folders = std::iter::once(working_dir.clone()).chain(files);
    folders.find_map(|folder| {
        let root = folder.ancestors().find(|root| root.join(".git").exists());
        root.map(Path::to_owned)
    })
}

/// Color and width where stdout is a terminal, neither elsewhere.
pub(crate) fn stdout_style() -> Style {
    use std::io::IsTerminal;
    if !std::io::stdout().is_terminal() {
        return Style::PLAIN;
    }
    let width = crate::progress::terminal_width().unwrap_or(100);
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style {
        width,
        color: if no_color { Color::Plain } else { Color::Ansi },
    }
}
