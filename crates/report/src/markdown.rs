//! The verdict as a comment on a pull request: GitHub's Markdown, which others read as well.
//!
//! The first line is a marker by which a bot finds its own comment again. Whatever came from the
//! service stands in code spans, so that no name of a class can become a link, a mention or markup.

use recording::Recording;
use units::{ByteDelta, Bytes, Count, PerSession};
use verdict::{Outcome, SourceLine, Suspect, Verdict};

use crate::printable;
use crate::words;

/// Found by bots that keep one comment a pull request.
const MARKER: &str = "<!-- leakscope -->";

/// The verdict as Markdown, ended by a line end.
#[must_use]
pub fn markdown(verdict: &Verdict, recording: &Recording) -> String {
    let mut out = format!("{MARKER}\n{}\n", heading(verdict));
    out.push_str(&format!("\n{}\n", sentence(&words::answer(verdict))));
    if let Some(comparison) = &verdict.comparison {
        let (word, lines) = words::comparison(comparison);
        let run = code(&comparison.run);
        out.push_str(&format!("\n**{word}** compared with {run}\n\n"));
        for line in lines {
            out.push_str(&format!("- {}\n", sentence(&line)));
        }
    }
    if !verdict.suspects.is_empty() {
        out.push_str("\n| | holder | gains | per session | line |\n|---|---|---|---|---|\n");
        for suspect in &verdict.suspects {
            out.push_str(&row(suspect));
        }
    }
    for suspect in &verdict.suspects {
        out.push_str(&details(suspect));
    }
    if !verdict.budgets.is_empty() {
        out.push_str("\n**Budgets**\n\n");
    }
    for budget in &verdict.budgets {
        out.push_str(&format!("- {}\n", sentence(&words::budget(budget))));
    }
    for warning in &verdict.warnings {
        out.push_str(&format!("\n> **Warning** {}\n", sentence(warning)));
    }
    if let Some(next) = &verdict.next {
        out.push_str(&format!("\n**Next** {}\n", sentence(next)));
    }
    out.push_str(&figures(verdict, recording));
    out
}

fn heading(verdict: &Verdict) -> String {
    let sign = match verdict.outcome {
        Outcome::Leaking => "\u{1f534}",
        Outcome::Clean => "\u{1f7e2}",
        Outcome::Inconclusive => "\u{1f7e1}",
    };
    format!("### {sign} leakscope: {}", words::word(verdict.outcome))
}

fn row(suspect: &Suspect) -> String {
    let line = words::culprit(suspect).map(|line| code_in_cell(&words::place(line)));
    let holder = match &suspect.holder.name {
        Some(name) => format!("{} {name}", suspect.holder.class),
        None => suspect.holder.class.clone(),
    };
    format!(
        "| {} | {} | +{} | {} | {} |\n",
        suspect.rank,
        code_in_cell(&holder),
        words::gains(suspect),
        Bytes(suspect.bytes_per_session.max(0.0) as u64),
        line.unwrap_or_default(),
    )
}

/// What keeps it, folded away under its name.
fn details(suspect: &Suspect) -> String {
    let place = words::isolate(suspect).map_or_else(String::new, |place| format!(" {place}"));
    let summary = format!("{}. {}{place}", suspect.rank, words::holder(suspect));
    let mut out = format!(
        "\n<details><summary>{}</summary>\n\n{}\n\n",
        html_escaped(&summary),
        block(&suspect.path_text)
    );
    let lines = [("Lives at", &suspect.source), ("Added at", &suspect.writer)];
    for (label, line) in lines {
        if let Some(line) = line {
            out.push_str(&source(label, line));
        }
    }
    if let Some(proof) = &suspect.proof {
        let (word, text) = words::proof(proof);
        out.push_str(&format!("**{word}** {}\n\n", sentence(&text)));
    }
    if let Some(accepted) = &suspect.accepted {
        let text = sentence(&words::accepted(accepted));
        out.push_str(&format!("**accepted** {text}\n\n"));
    }
    let classes = words::telling_classes(suspect).map(|class| {
        let rate = PerSession(class.per_session);
        format!("{} {rate}", code(&class.class))
    });
    let classes: Vec<_> = classes.collect();
    if !classes.is_empty() {
        out.push_str(&format!("Per session: {}\n\n", classes.join(", ")));
    }
    out + "</details>\n"
}

fn source(label: &str, line: &SourceLine) -> String {
    let function = line
        .function
        .as_ref()
        .map(|name| format!(" in {}", code(name)));
    format!(
        "{label} {}{}\n\n{}\n\n",
        code(&words::place(line)),
        function.unwrap_or_default(),
        block(&line.text)
    )
}

fn figures(verdict: &Verdict, recording: &Recording) -> String {
    let sizes: Vec<_> = verdict
        .rounds
        .iter()
        .map(|r| Count(r.sessions).to_string())
        .collect();
    let node = recording
        .service
        .node_version
        .as_deref()
        .unwrap_or("Node.js");
    format!(
        "\n<sub>{} sessions in {} rounds ({}), {} failed; heap and external memory {} per session; \
         {}, leakscope {}</sub>\n",
        Count(verdict.sessions.created),
        verdict.rounds.len(),
        sizes.join(", "),
        Count(verdict.sessions.failed),
        ByteDelta(verdict.bytes_per_session as i64),
        html_escaped(&printable(node)),
        html_escaped(&recording.leakscope_version),
    )
}

/// Text in a code span, whose fence is longer than any run of backticks in it.
fn code(text: &str) -> String {
    let text = printable(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// The same in a cell of a table, where a bar ends the cell even within code.
fn code_in_cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Text in a code block of its own.
fn block(text: &str) -> String {
    let text = printable(text);
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    format!("{fence}\n{text}\n{fence}")
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A sentence of leakscope's own, in which names of the service may stand: marks with a meaning in
/// Markdown lose it, but for those that make code.
fn sentence(text: &str) -> String {
    let mut out = String::new();
    let text = printable(text);
    for (i, part) in text.split('`').enumerate() {
        let is_code = i % 2 == 1 && !part.is_empty();
        match is_code {
            true => out.push_str(&code(part)),
            false => out.push_str(&escaped(part)),
        }
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '@' | '~' | '&'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_code_span() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code_in_cell("a|b"), "`a\\|b`");
        assert_eq!(block("x\n```"), "````\nx\\n```\n````");
    }

    #[test]
    fn sentences_keep_their_code_and_nothing_else() {
        assert_eq!(
            sentence("ask @team about `a|b` <img>"),
            "ask \\@team about `a|b` \\<img\\>"
        );
    }
}
