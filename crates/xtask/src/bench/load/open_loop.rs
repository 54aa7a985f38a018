//! An open load on a server that freezes: what is reported, and what is true.
//!
//! The truth follows from the plan and from the server's own log of when it gave each answer: it
//! answers in the order in which they came. A generator that waits for answers before it sends again
//! sees far less of it.

use std::fs;
use std::io::BufRead;

use crate::steps::Result;

use super::super::measured;
use super::{generators, servers};

const PER_SECOND: u64 = 2000;
const SECONDS: u64 = 10;
const ARRIVALS: usize = (PER_SECOND * SECONDS) as usize;

pub(super) fn table() -> Result<String> {
    let (port, mut server) = servers::start_freezing()?;
    let log = server.stdout.take().ok_or("a server without a log")?;
    // Read while it is written: a pipe holds less than the server has to say.
    let answered = std::thread::spawn(move || answers(log));
    let script = generators::script(&format!(
        r#"{{"config":{{"target":"http://127.0.0.1:{port}",
            "phases":[{{"duration":{SECONDS},"arrivalRate":{PER_SECOND}}}]}},
            "scenarios":[{{"flow":[{{"get":{{"url":"/"}}}}]}}]}}"#
    ))?;
    let report = script.with_extension("report");
    let mut command = generators::leakscope(&script);
    command.arg("-o").arg(&report);
    let cost = measured::run(&mut command)?.map_err(|how| format!("the open load: {how}"))?;
    let text = fs::read_to_string(&report).map_err(|error| format!("no report: {error}"))?;
    let figure = |name: &str| number_of(&text, name).ok_or(format!("no `{name}` in the report"));
    let began_ns = figure("\"began_unix_ms\": ")? * 1e6;
    let mut answered = answered.join().map_err(|_| "the log could not be read")?;
    if answered.len() < ARRIVALS {
        return Err("the server ended before all were answered".into());
    }
    let truth = truth(began_ns, &mut answered);
    let at = |quantile: f64| truth[((truth.len() - 1) as f64 * quantile) as usize];
    let told = |what: &str, name: &str| {
        let of = text.split(&format!("\"{what}\": {{")).nth(1);
        of.and_then(|of| number_of(of, &format!("\"{name}\": ")))
            .ok_or(format!("no `{what}` in the report"))
    };
    let mut table = format!(
        "\n### {PER_SECOND} arrivals a second for {SECONDS} s; the server freezes 500 ms every 3.5 s\n\n\
         started {}, {:.2} s CPU\n\n| | p50 ms | p95 ms | p99 ms | max ms |\n\
         | --- | ---: | ---: | ---: | ---: |\n",
        figure("\"started\": ")?,
        cost.cpu_s
    );
    table += &format!(
        "| truth | {:.1} | {:.1} | {:.1} | {:.1} |\n",
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0)
    );
    for (name, what) in [
        ("leakscope, from the intended start", "http.response_time"),
        ("leakscope, start lag", "leakscope.start_lag"),
    ] {
        let [p50, p95, p99, max] = ["p50", "p95", "p99", "max"].map(|q| told(what, q));
        table += &format!("| {name} | {} | {} | {} | {} |\n", p50?, p95?, p99?, max?);
    }
    Ok(table)
}

/// `answered before NS: NS NS …`, in nanoseconds since 1970, until there is an answer for everybody.
fn answers(log: impl BufRead) -> Vec<f64> {
    let mut answers: Vec<f64> = Vec::new();
    for line in log.lines().map_while(std::result::Result::ok) {
        let (_, times) = line.split_once(": ").unwrap_or_default();
        let times = times
            .split_whitespace()
            .map_while(|at| at.parse::<f64>().ok());
        answers.extend(times);
        if answers.len() >= ARRIVALS {
            break;
        }
    }
    answers
}

/// How long each arrival of the plan had to wait, in milliseconds, from short to long.
fn truth(began_ns: f64, answered: &mut [f64]) -> Vec<f64> {
    answered.sort_by(f64::total_cmp);
    let due = |k: usize| began_ns + k as f64 * 1e9 / PER_SECOND as f64;
    let waits = answered.iter().enumerate();
    let mut waits: Vec<f64> = waits.map(|(k, at)| (at - due(k)) / 1e6).collect();
    waits.sort_by(f64::total_cmp);
    waits
}

/// The number behind a name.
fn number_of(text: &str, name: &str) -> Option<f64> {
    let after = text.split(name).nth(1)?;
    let end = after
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(after.len());
    after[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_is_from_due_to_answered() {
        // The log need not be in order.
        let log = "answered before 9000000: 1500000 500000\nanswered before 99000000: 2000000\n";
        let mut answered = answers(log.as_bytes());
        assert_eq!(truth(0.0, &mut answered), [0.5, 1.0, 1.0]);
        assert_eq!(number_of("{\"a\": 12.5,", "\"a\": "), Some(12.5));
    }
}
