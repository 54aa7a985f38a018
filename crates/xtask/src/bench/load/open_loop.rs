//! An open load on a server that freezes: what is reported, and what is true.
//!
//! The truth follows from the plan and from the server's own word of when it stood still: an arrival
//! within a freeze is answered at its end, any other at once. A generator that waits for answers
//! before it sends again sees far less of it.

use std::fs;
use std::io::BufRead;

use crate::steps::Result;

use super::super::measured;
use super::{generators, servers};

const PER_SECOND: u64 = 2000;
const SECONDS: u64 = 10;

pub(super) fn table() -> Result<String> {
    let (port, mut server) = servers::start_freezing()?;
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
    let mut freezes = Vec::new();
    let mut line = String::new();
    // The server says of a freeze when it is over; the last one that matters began in time.
    while freezes
        .last()
        .is_none_or(|&(_, to)| to < began_ns + SECONDS as f64 * 1e9)
    {
        line.clear();
        if !matches!(server.stdout.read_line(&mut line), Ok(1..)) {
            break;
        }
        freezes.extend(freeze(&line));
    }
    let truth = truth(began_ns, &freezes);
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

/// `frozen FROM TO`, in nanoseconds since 1970.
fn freeze(line: &str) -> Option<(f64, f64)> {
    let mut words = line.strip_prefix("frozen ")?.split_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// How long each arrival of the plan has to wait, in milliseconds, from short to long.
fn truth(began_ns: f64, freezes: &[(f64, f64)]) -> Vec<f64> {
    let mut waits: Vec<f64> = (0..PER_SECOND * SECONDS)
        .map(|k| {
            let due = began_ns + k as f64 * 1e9 / PER_SECOND as f64;
            let freeze = freezes
                .iter()
                .find(|&&(from, to)| (from..to).contains(&due));
            freeze.map_or(0.0, |(_, to)| (to - due) / 1e6)
        })
        .collect();
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
    fn the_truth_is_the_rest_of_the_freeze() {
        let waits = truth(0.0, &[(1e9, 1.5e9)]);
        assert_eq!(waits.len(), 20_000);
        // A thousand arrivals meet the freeze, the first of them waits for all of it.
        assert_eq!(waits.iter().filter(|&&wait| wait > 0.0).count(), 1000);
        assert_eq!(waits.last(), Some(&500.0));
        assert_eq!(freeze("frozen 10 20\n"), Some((10.0, 20.0)));
        assert_eq!(number_of("{\"a\": 12.5,", "\"a\": "), Some(12.5));
    }
}
