//! Readings for a person where there is no terminal to draw on: a line each.

use watch::{Figures, Metric};

use super::{Known, Reading};

/// The line of the newest reading, or one for each process.
pub(super) fn text(known: &Known, by_process: bool) -> String {
    let time = jiff::ZonedDateTime::now().strftime("%H:%M:%S").to_string();
    let reading = &known.reading;
    if !by_process || reading.processes.is_empty() {
        return format!("{time}  {}\n", figures(&reading.figures));
    }
    let rows = by_process_rows(reading).into_iter();
    rows.map(|row| format!("{time}  {row}\n")).collect()
}

/// A row for each process, and one for each of its worker threads below it.
pub(super) fn by_process_rows(reading: &Reading) -> Vec<String> {
    let mut rows = Vec::new();
    for process in &reading.processes {
        let row = |name: &str, of: &Figures| {
            let name = report::printable(name);
            format!("{:>7} {name}  {}", process.pid, figures(of))
        };
        rows.push(row(&process.name, &process.figures));
        rows.extend(process.workers.iter().map(|of| {
            let name = format!("{} {}", of.worker.isolate, of.worker.name);
            row(&name, &of.figures)
        }));
    }
    rows
}

/// What is known of the figures that people look at.
pub(super) fn figures(figures: &Figures) -> String {
    let shown = [
        ("rss", Metric::Rss),
        ("limit", Metric::Limit),
        ("heap", Metric::HeapUsed),
        ("of", Metric::HeapTotal),
        ("external", Metric::External),
        ("cpu", Metric::Cpu),
        ("processes", Metric::Processes),
        ("threads", Metric::Threads),
        ("fds", Metric::Fds),
        ("sockets", Metric::Sockets),
        ("lag", Metric::LagMax),
        ("gc", Metric::GcCount),
        ("pause", Metric::GcPause),
    ];
    let known = shown.iter().filter_map(|&(name, metric)| {
        let value = figures.get(metric)?;
        let is_dull = metric == Metric::Processes && value < 2.0;
        (!is_dull).then(|| format!("{name} {}", metric.unit().show(value)))
    });
    known.collect::<Vec<_>>().join("  ")
}
