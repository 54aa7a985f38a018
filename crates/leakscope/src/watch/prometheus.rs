//! The latest reading as Prometheus text.

use std::fmt::Write;

use watch::{Figures, Metric, Unit};

use super::Known;
use crate::scrapes::label;

/// Every figure, by process, in Prometheus' base units.
pub(super) fn text(known: &Known) -> String {
    let mut text = String::new();
    let reading = &known.reading;
    let mut rows: Vec<(String, &Figures)> = Vec::new();
    for process in &reading.processes {
        rows.push((labels(process.pid, "", &process.name), &process.figures));
        rows.extend(process.workers.iter().map(|of| {
            let labels = labels(process.pid, &of.worker.isolate, &of.worker.name);
            (labels, &of.figures)
        }));
    }
    if rows.is_empty() {
        rows.push((String::new(), &reading.figures));
    }
    for &metric in Metric::ALL {
        let whole = matches!(metric, Metric::Limit | Metric::Processes);
        let total = [(String::new(), &reading.figures)];
        let rows = if whole { &total[..] } else { &rows[..] };
        let known = rows
            .iter()
            .filter_map(|(labels, figures)| Some((labels, figures.get(metric)?)));
        let known: Vec<_> = known.collect();
        if known.is_empty() {
            continue;
        }
        let (name, factor) = base(metric);
        let _ = writeln!(text, "# HELP {name} {}", metric.meaning());
        let _ = writeln!(text, "# TYPE {name} gauge");
        for (labels, value) in known {
            let _ = writeln!(text, "{name}{labels} {}", value * factor);
        }
    }
    for (kind, of) in [("used", 0), ("size", 1)] {
        if reading.spaces.is_empty() {
            break;
        }
        let name = format!("leakscope_watch_heap_space_{kind}_bytes");
        let _ = writeln!(text, "# TYPE {name} gauge");
        for space in &reading.spaces {
            let value = [space.used, space.size][of];
            let _ = writeln!(text, "{name}{} {value}", label("space", &space.name));
        }
    }
    if !known.growth.is_empty() {
        let name = "leakscope_watch_growth_per_minute";
        let _ = writeln!(text, "# TYPE {name} gauge");
        for (metric, growth) in &known.growth {
            let _ = writeln!(
                text,
                "{name}{} {}",
                label("figure", metric.name()),
                growth.per_minute
            );
        }
    }
    let name = "leakscope_watch_alerts_total";
    let _ = writeln!(text, "# TYPE {name} counter\n{name} {}", known.n_fired);
    text
}

/// A worker thread's isolate beside the process's id; for a process itself there is none.
fn labels(pid: u32, isolate: &str, name: &str) -> String {
    let name = label("name", name);
    let isolate = match isolate {
        "" => String::new(),
        isolate => format!("isolate=\"{isolate}\","),
    };
    format!("{{pid=\"{pid}\",{isolate}{}", &name[1..])
}

/// A metric's name, and what its amounts are multiplied with.
fn base(metric: Metric) -> (String, f64) {
    let (suffix, factor) = match metric.unit() {
        Unit::Bytes => ("_bytes", 1.0),
        Unit::Count => ("", 1.0),
        Unit::Milliseconds => ("_seconds", 1e-3),
        Unit::Percent => ("_ratio", 1e-2),
    };
    (format!("leakscope_watch_{metric}{suffix}"), factor)
}
