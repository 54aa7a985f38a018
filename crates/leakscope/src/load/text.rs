//! A report in Artillery's words, line by line: programs that read its console go on working.

use std::fmt::Write;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use serde_json::{Map, Value};

/// Where values begin: a name, and dots up to here.
const WIDTH: usize = 79;

/// What Artillery shows of a distribution.
const SHOWN: [&str; 6] = ["min", "max", "mean", "median", "p95", "p99"];

/// The report of a period.
pub(crate) fn period(report: &Value, seconds: f64) -> String {
    let end = report["lastMetricAt"].as_i64().unwrap_or_default();
    let head = format!(
        "Metrics for period to: {} (width: {seconds:.3}s)",
        clock(end)
    );
    format!("{}{}", ruled(&head), metrics(report))
}

/// The report of the whole load.
pub(crate) fn summary(aggregate: &Value) -> String {
    let end = aggregate["lastMetricAt"].as_i64().unwrap_or_default();
    let head = format!("Summary report @ {}", clock(end));
    format!("{}{}", ruled(&head), metrics(aggregate))
}

/// A time of day as Artillery has it: `17:47:44(+0000)`.
pub(crate) fn clock(unix_ms: i64) -> String {
    let time = Timestamp::from_millisecond(unix_ms).unwrap_or_default();
    let time = ZonedDateTime::new(time, TimeZone::system());
    time.strftime("%H:%M:%S(%z)").to_string()
}

/// A span as Artillery has it: `13 seconds`, `2 minutes, 1 second`.
pub(crate) fn seconds(span: Duration) -> String {
    let total = span.as_secs_f64().round() as u64;
    let count = |number: u64, unit: &str| match number {
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    };
    let mut parts = Vec::new();
    for (unit, length, whole) in [("hour", 3600, u64::MAX), ("minute", 60, 60)] {
        if total >= length {
            parts.push(count(total / length % whole, unit));
        }
    }
    let rest = total % 60;
    if rest != 0 || parts.is_empty() {
        parts.push(count(rest, "second"));
    }
    parts.join(", ")
}

fn ruled(head: &str) -> String {
    let rule = "-".repeat(head.len());
    format!("{rule}\n{head}\n{rule}\n\n")
}

/// Every metric in the order of names.
fn metrics(report: &Value) -> String {
    let none = Map::new();
    let part = |name: &str| report[name].as_object().unwrap_or(&none);
    let mut blocks: Vec<(&str, String)> = Vec::new();
    for (name, count) in part("counters") {
        blocks.push((name, line(&format!("{name}:"), &count.to_string())));
    }
    for (name, rate) in part("rates") {
        let rate = rate.as_f64().unwrap_or(0.0).round();
        blocks.push((name, line(&format!("{name}:"), &format!("{rate}/sec"))));
    }
    for (name, summary) in part("summaries") {
        let mut block = format!("{name}:\n");
        for figure in SHOWN {
            block += &line(&format!("  {figure}:"), &summary[figure].to_string());
        }
        blocks.push((name, block));
    }
    blocks.sort_by_key(|(name, _)| *name);
    blocks.into_iter().map(|(_, block)| block).collect()
}

fn line(name: &str, value: &str) -> String {
    let name = report::printable(name);
    let dots = WIDTH.saturating_sub(name.chars().count() + 1);
    let mut line = format!("{name} ");
    line.extend(std::iter::repeat_n('.', dots.max(1)));
    // Writing to a string cannot fail.
    let _ = writeln!(line, " {value}");
    line
}

/// What became of the plan, in one line.
pub(crate) fn plan_kept(ours: &Value) -> String {
    let figure = |name: &str| ours[name].as_u64().unwrap_or_default();
    let mut text = format!(
        "{} sessions planned, {} started, {} skipped; {} completed, {} failed",
        figure("planned"),
        figure("started"),
        figure("skipped"),
        figure("completed"),
        figure("failed"),
    );
    if figure("late") > 0 {
        text += &format!(
            "; {} started more than {} ms late",
            figure("late"),
            load::LATE.as_millis()
        );
    }
    text
}

/// One line for every cause of failure: how often, its name, and what to make of it.
pub(crate) fn failures(counters: &Value) -> String {
    let none = Map::new();
    let counters = counters.as_object().unwrap_or(&none);
    let mut causes: Vec<(u64, &str)> = counters
        .iter()
        .filter_map(|(name, count)| Some((count.as_u64()?, name.strip_prefix("errors.")?)))
        .collect();
    causes.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let mut text = String::new();
    for (count, cause) in causes {
        let shown = report::printable(cause);
        text += &match load::explain(cause) {
            Some(explanation) => format!("{count:>9} × {shown}: {explanation}\n"),
            None => format!("{count:>9} × {shown}\n"),
        };
    }
    text
}

/// The Apdex of all responses with its rank, as Artillery's plug-in says it; nothing where none was
/// counted.
pub(crate) fn apdex(counters: &Value) -> String {
    let count = |class: &str| counters[class].as_f64().unwrap_or(0.0);
    let satisfied = count("apdex.satisfied");
    let tolerated = count("apdex.tolerated");
    let all = satisfied + tolerated + count("apdex.frustrated");
    if all == 0.0 {
        return String::new();
    }
    let score = (satisfied + tolerated / 2.0) / all;
    let rank = match score {
        0.94.. => "excellent",
        0.85.. => "good",
        0.7.. => "fair",
        0.49.. => "poor",
        _ => "unacceptable",
    };
    let shown = (score * 1e4).round() / 1e4;
    format!("\nApdex score: {shown} ({rank})\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_apdex_is_a_score_with_its_rank() {
        for (satisfied, tolerated, frustrated, told) in [
            (3, 0, 0, "\nApdex score: 1 (excellent)\n"),
            (93, 2, 5, "\nApdex score: 0.94 (excellent)\n"),
            (2, 1, 0, "\nApdex score: 0.8333 (fair)\n"),
            (0, 98, 2, "\nApdex score: 0.49 (poor)\n"),
            (0, 0, 7, "\nApdex score: 0 (unacceptable)\n"),
            (0, 0, 0, ""),
        ] {
            let counters = json!({"apdex.satisfied": satisfied, "apdex.tolerated": tolerated,
                "apdex.frustrated": frustrated});
            assert_eq!(apdex(&counters), told);
        }
        assert_eq!(apdex(&json!({"vusers.created": 3})), "");
    }

    #[test]
    fn metrics_are_dotted_lines_in_the_order_of_names() {
        let summary = json!({"min": 1.0, "max": 2.5, "mean": 1.7, "median": 1.5, "p95": 2.4,
            "p99": 2.5, "p999": 2.5});
        let report = json!({
            "counters": {"vusers.created": 3, "http.codes.200": 10},
            "rates": {"http.request_rate": 2.6},
            "summaries": {"http.response_time": summary},
        });
        let text = metrics(&report);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3 + 7);
        assert!(lines[0].starts_with("http.codes.200: ...") && lines[0].ends_with("... 10"));
        assert_eq!(lines[0].find(" 10"), Some(WIDTH));
        assert!(lines[1].starts_with("http.request_rate: .") && lines[1].ends_with(". 3/sec"));
        assert_eq!(lines[2], "http.response_time:");
        assert!(lines[4].starts_with("  max: .") && lines[4].ends_with(" 2.5"));
        assert!(lines[9].starts_with("vusers.created: ."));
    }

    #[test]
    fn spans_are_told_in_whole_seconds() {
        for (span, told) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (13, "13 seconds"),
            (60, "1 minute"),
            (121, "2 minutes, 1 second"),
            (7261, "2 hours, 1 minute, 1 second"),
        ] {
            assert_eq!(seconds(Duration::from_secs(span)), told);
        }
    }

    #[test]
    fn causes_are_explained_one_a_line_the_most_frequent_first() {
        let counters = json!({"errors.a": 1, "errors.ECONNREFUSED": 7, "vusers.failed": 8});
        let text = failures(&counters);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("        7 × ECONNREFUSED: "), "{text}");
        assert_eq!(lines[1], "        1 × a");
    }
}
