//! Readings for programs: lines of CSV and of JSON, in files or on stdout.
//!
//! Invariant: a line is whole. Columns of the CSV are those of the first reading.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::{Map, Value, json};
use watch::{Figures, Metric};

use super::{Known, Reading};
use crate::args::WatchArgs;
use crate::exit::Exit;
use crate::failure::Failure;

pub(crate) struct Records {
    csv: Option<Sink>,
    json: Option<Sink>,
    /// The heap's spaces that have columns.
    spaces: Option<Vec<String>>,
    uses_stdout: bool,
}

struct Sink {
    to: Box<dyn Write>,
    name: String,
}

impl Sink {
    fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        if path == Path::new("-") {
            let to = Box::new(io::stdout());
            return Ok(Self { to, name });
        }
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path);
        match file {
            Ok(file) => Ok(Self {
                to: Box::new(file),
                name,
            }),
            Err(error) => Err(cannot_write(&name, &error)),
        }
    }

    /// A reader that has gone has had enough: that is for the caller to see.
    fn line(&mut self, line: &str) -> Result<(), Failure> {
        let written = writeln!(self.to, "{line}").and_then(|()| self.to.flush());
        written.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::reader_gone(),
            _ => cannot_write(&self.name, &error),
        })
    }
}

fn cannot_write(name: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::Output, format!("cannot write `{name}`: {error}"))
}

impl Records {
    pub(super) fn open(args: &WatchArgs) -> Result<Self, Failure> {
        let is_stdout = |path: &Option<_>| path.as_deref() == Some(Path::new("-"));
        let (csv, json) = (is_stdout(&args.csv), is_stdout(&args.json));
        if csv && json {
            let message = "`--csv` and `--json` cannot both go to stdout";
            return Err(Failure::new(Exit::Usage, message)
                .hint(Some("give one of them a file, as `--csv readings.csv`")));
        }
        Ok(Self {
            csv: args.csv.as_deref().map(Sink::open).transpose()?,
            json: args.json.as_deref().map(Sink::open).transpose()?,
            spaces: None,
            uses_stdout: csv || json,
        })
    }

    /// Whether stdout is for a program.
    pub(super) fn use_stdout(&self) -> bool {
        self.uses_stdout
    }

    /// Adds a reading: a line for all processes, or one for each.
    pub(super) fn reading(&mut self, known: &Known, by_process: bool) -> Result<(), Failure> {
        if self.csv.is_none() && self.json.is_none() {
            return Ok(());
        }
        let reading = &known.reading;
        let time = jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
            .to_string();
        for row in rows(reading, by_process) {
            if let Some(json) = &mut self.json {
                json.line(&json_line(&time, &row, known).to_string())?;
            }
            if let Some(csv) = &mut self.csv {
                let names = || {
                    let spaces = reading.spaces.iter();
                    spaces.map(|space| space.name.clone()).collect()
                };
                let is_first = self.spaces.is_none();
                let columns = self.spaces.get_or_insert_with(names);
                if is_first {
                    csv.line(&header(columns))?;
                }
                csv.line(&csv_line(&time, &row, reading.at, columns))?;
            }
        }
        Ok(())
    }

    /// Adds what happened; only JSON has a place for it.
    pub(super) fn event(&mut self, event: &str, message: &str) -> Result<(), Failure> {
        let Some(sink) = &mut self.json else {
            return Ok(());
        };
        let time = jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
            .to_string();
        let line = json!({
            "schema": "leakscope.watch-event/1", "time": time, "event": event, "message": message,
        });
        sink.line(&line.to_string())
    }
}

/// A line to be: one process, or all together under the name of the service's own.
struct Row<'r> {
    pid: u32,
    /// The worker thread; empty for a process.
    isolate: &'r str,
    name: &'r str,
    figures: &'r Figures,
    spaces: &'r [probe::SpaceFigures],
}

fn rows(reading: &Reading, by_process: bool) -> Vec<Row<'_>> {
    let own = reading.processes.first();
    if !by_process || own.is_none() {
        return vec![Row {
            pid: own.map_or(0, |process| process.pid),
            isolate: "",
            name: own.map_or("", |process| &process.name),
            figures: &reading.figures,
            spaces: &reading.spaces,
        }];
    }
    let mut rows = Vec::new();
    for process in &reading.processes {
        rows.push(Row {
            pid: process.pid,
            isolate: "",
            name: &process.name,
            figures: &process.figures,
            spaces: &process.spaces,
        });
        rows.extend(process.workers.iter().map(|of| Row {
            pid: process.pid,
            isolate: &of.worker.isolate,
            name: &of.worker.name,
            figures: &of.figures,
            spaces: &of.spaces,
        }));
    }
    rows
}

fn json_line(time: &str, row: &Row<'_>, known: &Known) -> Value {
    let mut line = Map::new();
    line.insert("schema".into(), "leakscope.reading/1".into());
    line.insert("time".into(), time.into());
    line.insert("at_s".into(), rounded(known.reading.at));
    line.insert("pid".into(), row.pid.into());
    if !row.isolate.is_empty() {
        line.insert("isolate".into(), row.isolate.into());
    }
    line.insert("name".into(), row.name.into());
    for (metric, value) in row.figures.known() {
        line.insert(metric.name().into(), rounded(value));
    }
    if !row.spaces.is_empty() {
        let space = |space: &probe::SpaceFigures| {
            (
                space.name.clone(),
                json!({ "used": space.used, "size": space.size }),
            )
        };
        line.insert(
            "spaces".into(),
            row.spaces.iter().map(space).collect::<Map<_, _>>().into(),
        );
    }
    let growth = known.growth.iter().map(|(metric, growth)| {
        let judged = match growth.judgement {
            watch::Judgement::TooEarly => "too-early",
            watch::Judgement::Steady => "steady",
            watch::Judgement::LevelingOff => "leveling-off",
            watch::Judgement::LooksLikeALeak => "looks-like-a-leak",
        };
        let growth = json!({
            "per_minute": rounded(growth.per_minute),
            "noise_per_minute": rounded(growth.noise_per_minute),
            "judgement": judged,
        });
        (metric.name().to_owned(), growth)
    });
    line.insert("growth".into(), growth.collect::<Map<_, _>>().into());
    Value::Object(line)
}

/// A whole number as one, any other with three decimals.
fn rounded(value: f64) -> Value {
    let rounded = (value * 1000.0).round() / 1000.0;
    match rounded.fract() == 0.0 && rounded.abs() < 9e15 {
        true => Value::from(rounded as i64),
        false => Value::from(rounded),
    }
}

fn header(spaces: &[String]) -> String {
    let fixed = ["time", "at_s", "pid", "isolate", "name"].map(str::to_owned);
    let metrics = Metric::ALL.iter().map(|metric| metric.name().to_owned());
    let spaces = spaces
        .iter()
        .flat_map(|name| [format!("{name}_used"), format!("{name}_size")]);
    fixed
        .into_iter()
        .chain(metrics)
        .chain(spaces)
        .collect::<Vec<_>>()
        .join(",")
}

fn csv_line(time: &str, row: &Row<'_>, at: f64, columns: &[String]) -> String {
    let name = row.name.replace('"', "\"\"").replace(['\n', '\r'], " ");
    let mut cells = vec![
        time.to_owned(),
        rounded(at).to_string(),
        row.pid.to_string(),
        row.isolate.to_owned(),
        format!("\"{name}\""),
    ];
    let cell =
        |value: Option<f64>| value.map_or_else(String::new, |value| rounded(value).to_string());
    cells.extend(
        Metric::ALL
            .iter()
            .map(|&metric| cell(row.figures.get(metric))),
    );
    for column in columns {
        let space = row.spaces.iter().find(|space| space.name == *column);
        cells.extend([
            space.map_or_else(String::new, |space| space.used.to_string()),
            space.map_or_else(String::new, |space| space.size.to_string()),
        ]);
    }
    cells.join(",")
}
