//! The verdict in JUnit's XML, as build servers read test results.
//!
//! One test case is the verdict itself, one each leak. A leak is a failure, a run that does not
//! decide an error. Characters that XML 1.0 does not have are written visibly.

use std::fmt::Write;

use recording::Recording;
use units::Elapsed;
use verdict::{BudgetCheck, Comparison, Outcome, Progress, Suspect, Verdict};

use crate::printable;
use crate::words;
use crate::{Style, verdict_text};

/// One test case.
struct Case {
    class: &'static str,
    name: String,
    /// Attributes that some readers know, `file` and `line`.
    place: Option<(String, u32)>,
    result: Result,
}

/// How it ended.
enum Result {
    Passed,
    Skipped {
        message: String,
    },
    Failed {
        kind: &'static str,
        message: String,
        text: String,
    },
    Error {
        message: String,
        text: String,
    },
}

/// The verdict as a JUnit file.
#[must_use]
pub fn junit(verdict: &Verdict, recording: &Recording) -> String {
    let mut cases = vec![case_of_verdict(verdict, recording)];
    cases.extend(verdict.suspects.iter().map(case_of_suspect));
    cases.extend(verdict.budgets.iter().map(case_of_budget));
    cases.extend(verdict.comparison.iter().map(case_of_comparison));
    let count = |wanted: fn(&Result) -> bool| cases.iter().filter(|c| wanted(&c.result)).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        cases.len(),
        count(|r| matches!(r, Result::Failed { .. })),
        count(|r| matches!(r, Result::Error { .. })),
        count(|r| matches!(r, Result::Skipped { .. })),
        lasted(recording).as_secs_f64(),
    );
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let command = escaped(&recording.plan.command.join(" "));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<testsuites name=\"leakscope\" {counts}>");
    let _ = writeln!(out, "  <testsuite name=\"leakscope: {command}\" {counts}>");
    out.push_str(&properties(verdict, recording));
    for case in &cases {
        write_case(&mut out, case);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn lasted(recording: &Recording) -> Elapsed {
    let ends = recording.stages.iter().filter_map(|stage| stage.ended_at);
    ends.max().unwrap_or_default()
}

fn properties(verdict: &Verdict, recording: &Recording) -> String {
    let rows = [
        ("outcome", words::word(verdict.outcome).to_lowercase()),
        ("sessions", verdict.sessions.created.to_string()),
        (
            "bytes-per-session",
            format!("{:.1}", verdict.bytes_per_session),
        ),
        ("leakscope", recording.leakscope_version.clone()),
        (
            "node",
            recording.service.node_version.clone().unwrap_or_default(),
        ),
    ];
    let mut out = String::from("    <properties>\n");
    for (name, value) in rows {
        let value = escaped(&value);
        let _ = writeln!(out, "      <property name=\"{name}\" value=\"{value}\"/>");
    }
    out + "    </properties>\n"
}

fn case_of_verdict(verdict: &Verdict, recording: &Recording) -> Case {
    let text = || verdict_text(verdict, recording, Style::PLAIN);
    let message = words::answer(verdict);
    Case {
        class: "leakscope.verdict",
        name: "the memory comes back after every session".into(),
        place: None,
        result: match verdict.outcome {
            Outcome::Clean => Result::Passed,
            Outcome::Leaking => Result::Failed {
                kind: "leaking",
                message,
                text: text(),
            },
            Outcome::Inconclusive => Result::Error {
                message,
                text: text(),
            },
        },
    }
}

fn case_of_suspect(suspect: &Suspect) -> Case {
    let line = words::culprit(suspect);
    let at = line.map(|line| format!(" at {}", words::place(line)));
    let mut text = format!("{}\n{}\n", suspect.mechanism, suspect.path_text);
    if let Some(writer) = &suspect.writer {
        let _ = writeln!(text, "added at {}   {}", words::place(writer), writer.text);
    }
    let place = words::isolate(suspect).map_or_else(String::new, |place| format!(" {place}"));
    Case {
        class: "leakscope.leak",
        name: words::holder(suspect) + &at.unwrap_or_default(),
        place: line.map(|line| (line.file.clone(), line.line)),
        result: match &suspect.accepted {
            Some(accepted) => Result::Skipped {
                message: format!("accepted {}", words::accepted(accepted)),
            },
            None => Result::Failed {
                kind: "leak",
                message: format!(
                    "{}: +{}{place}",
                    words::holder(suspect),
                    words::gains(suspect)
                ),
                text,
            },
        },
    }
}

fn case_of_budget(check: &BudgetCheck) -> Case {
    let message = words::budget(check);
    Case {
        class: "leakscope.budget",
        name: check.budget.clone(),
        place: None,
        result: match check.kept {
            Some(true) => Result::Passed,
            Some(false) => Result::Failed {
                kind: "budget",
                text: message.clone(),
                message,
            },
            None => Result::Error {
                text: message.clone(),
                message,
            },
        },
    }
}

fn case_of_comparison(comparison: &Comparison) -> Case {
    let (word, lines) = words::comparison(comparison);
    let (message, text) = (word.to_lowercase(), lines.join("\n"));
    Case {
        class: "leakscope.comparison",
        name: format!("what leaked in {} is fixed", comparison.run),
        place: None,
        result: match comparison.outcome {
            Progress::Fixed => Result::Passed,
            Progress::NotFixed => Result::Failed {
                kind: "not-fixed",
                message,
                text,
            },
            Progress::Undecided => Result::Error { message, text },
        },
    }
}

fn write_case(out: &mut String, case: &Case) {
    let place = case.place.as_ref().map(|(file, line)| {
        let file = escaped(file);
        format!(" file=\"{file}\" line=\"{line}\"")
    });
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\"{}",
        case.class,
        escaped(&case.name),
        place.unwrap_or_default()
    );
    match &case.result {
        Result::Passed => out.push_str("/>\n"),
        Result::Skipped { message } => {
            let message = escaped(message);
            let _ = writeln!(
                out,
                ">\n      <skipped message=\"{message}\"/>\n    </testcase>"
            );
        }
        Result::Failed {
            kind,
            message,
            text,
        } => write_result(out, "failure", kind, (message, text)),
        Result::Error { message, text } => {
            write_result(out, "error", "inconclusive", (message, text));
        }
    }
}

fn write_result(out: &mut String, element: &str, kind: &str, (message, text): (&str, &str)) {
    let message = escaped(message);
    let lines: Vec<String> = text.lines().map(escaped).collect();
    let text = lines.join("\n");
    let _ = writeln!(
        out,
        ">\n      <{element} type=\"{kind}\" message=\"{message}\">{text}</{element}>\n    </testcase>"
    );
}

/// Text in an attribute or between tags.
fn escaped(text: &str) -> String {
    let is_no_xml = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}');
    printable(text)
        .replace(is_no_xml, "\u{fffd}")
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_xml_does_not_have_is_written_visibly() {
        assert_eq!(
            super::escaped("<a href=\"x\">&\u{0}\u{ffff}"),
            "&lt;a href=&quot;x&quot;&gt;&amp;\\u{0}\u{fffd}"
        );
    }
}
