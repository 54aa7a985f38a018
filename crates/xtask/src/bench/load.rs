//! `cargo xtask bench load`: leakscope's load engine beside other generators and hand-written
//! floors, against the same local servers.
//!
//! The server has one core to itself, the generator the other. What is compared is CPU time for one
//! unit of work: the difference between a long and a short run, by the difference of their units,
//! so that what a program needs to start does not count. Generators take turns, and ratios are
//! taken within a round, as in `bench heap`. The answer is Markdown on stdout.

mod generators;
mod open_loop;
mod servers;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

use crate::steps::{Failure, Result, say};

use super::measured::{self, Cost};
use generators::{Generator, Unit};
use servers::Servers;

pub(crate) const USAGE: &str = "\
cargo xtask bench load [--runs N] [--scale N] [--tools NAME,…]
  --runs   rounds [default: 3]
  --scale  percent of the usual number of units [default: 100]
  --tools  leakscope and the floors are always measured [default: wrk,oha,autocannon,artillery].
           wrk is taken from the path, oha from the path or target/bench/oha/bin, the others are installed by npm
";

/// What a row of a table is made of, one number a round.
struct Row {
    name: String,
    /// CPU time of a unit, in microseconds.
    micros: Vec<f64>,
    /// The largest resident set, in MiB.
    peaks: Vec<f64>,
}

/// How much is measured.
struct Order {
    runs: usize,
    scale: u64,
    tools: Vec<String>,
}

pub(crate) fn bench(words: &[&str]) -> Result {
    let order = parse(words).map_err(|text| Failure::with_code(format!("{text}\n{USAGE}"), 2))?;
    generators::build()?;
    let servers = Servers::start()?;
    for unit in [Unit::Get, Unit::RichGet, Unit::Session, Unit::Echo] {
        let generators = generators::of(unit, &order.tools)?;
        print(&table(unit, &measure(&generators, &servers, &order)?));
    }
    print(&idle(&servers)?);
    print(&start_up()?);
    print(&open_loop::table()?);
    Ok(())
}

/// Whoever reads the answer may have had enough.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn parse(words: &[&str]) -> std::result::Result<Order, String> {
    let mut order = Order {
        runs: 3,
        scale: 100,
        tools: generators::PEERS.map(str::to_owned).to_vec(),
    };
    let mut words = words.iter();
    while let Some(&option) = words.next() {
        let value = words.next().ok_or(format!("`{option}` needs a value"))?;
        let wrong = |part: &str| format!("`{part}` is no value of `{option}`");
        let number = || {
            value
                .parse()
                .ok()
                .filter(|&n| n > 0)
                .ok_or_else(|| wrong(value))
        };
        match option {
            "--runs" => order.runs = number()? as usize,
            "--scale" => order.scale = number()?,
            "--tools" => {
                let unknown = |part: &&str| !generators::PEERS.contains(part);
                if let Some(unknown) = value.split(',').find(unknown) {
                    return Err(wrong(unknown));
                }
                order.tools = value.split(',').map(str::to_owned).collect();
            }
            _ => return Err(format!("`{option}` is no option")),
        }
    }
    Ok(order)
}

fn measure(generators: &[Generator], servers: &Servers, order: &Order) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = generators
        .iter()
        .map(|generator| Row {
            name: generator.name.clone(),
            micros: Vec::new(),
            peaks: Vec::new(),
        })
        .collect();
    for round in 0..order.runs {
        let mut turns: Vec<usize> = (0..generators.len()).collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for turn in turns {
            let generator = &generators[turn];
            let many = generator.units * order.scale / 100;
            let (long, short) = (many.max(100), (many / 10).max(10));
            let long_cost = cost(generator, servers, long)?;
            let short_cost = cost(generator, servers, short)?;
            let (Some((long, long_cost)), Some((short, short_cost))) = (long_cost, short_cost)
            else {
                continue;
            };
            let micros = (long_cost.cpu_s - short_cost.cpu_s) * 1e6 / (long - short) as f64;
            say(&format!("{}: {micros:.1} µs", generator.name));
            rows[turn].micros.push(micros);
            rows[turn]
                .peaks
                .push(long_cost.peak_bytes as f64 / f64::from(1 << 20));
        }
    }
    Ok(rows)
}

/// What so many units cost; the generator may have done another number of them, and says so.
fn cost(generator: &Generator, servers: &Servers, units: u64) -> Result<Option<(u64, Cost)>> {
    let mut command = (generator.command)(servers, units)?;
    let (result, output) = measured::run_and_read(&mut command)?;
    match result {
        Ok(cost) => {
            let done = generator.counted.and_then(|count| count(&output));
            Ok(Some((done.unwrap_or(units), cost)))
        }
        Err(how) => {
            say(&format!("{}: failed, {how}", generator.name));
            Ok(None)
        }
    }
}

fn table(unit: Unit, rows: &[Row]) -> String {
    let mut text = format!("\n### {}\n\n", unit.heading());
    text += "| generator | runs | CPU µs | to the floor | to leakscope | peak MiB |\n";
    text += "| --- | ---: | ---: | ---: | ---: | ---: |\n";
    for row in rows {
        let ratio = |to: &Row| {
            let rounds = row.micros.iter().zip(&to.micros);
            super::tables::median(rounds.map(|(ours, theirs)| ours / theirs))
        };
        let of = |name: &str| rows.iter().find(|row| row.name.starts_with(name));
        let told = |to: Option<&Row>| to.map_or_else(String::new, |to| format!("{:.2}", ratio(to)));
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} | {} | {} | {:.0} |",
            row.name,
            row.micros.len(),
            super::tables::median(row.micros.iter().copied()),
            told(of("floor")),
            told(of("leakscope")),
            super::tables::median(row.peaks.iter().copied()),
        );
    }
    text
}

/// Ten thousand WebSockets that say nothing.
fn idle(servers: &Servers) -> Result<String> {
    let script = generators::script(&format!(
        r#"{{"config":{{"target":"ws://127.0.0.1:{}","phases":[{{"duration":5,"arrivalRate":2000}}]}},
            "scenarios":[{{"engine":"ws","flow":[{{"think":8}}]}}]}}"#,
        servers.echo()
    ))?;
    let mut command = generators::leakscope(&script);
    let cost = measured::run(&mut command)?.map_err(|how| format!("idle WebSockets: {how}"))?;
    Ok(format!(
        "\n### 10,000 idle WebSockets\n\npeak {:.0} MiB, {:.2} s CPU in all\n",
        cost.peak_bytes as f64 / f64::from(1 << 20),
        cost.cpu_s
    ))
}

/// From the command line to the end of a plan of nobody.
fn start_up() -> Result<String> {
    let script = generators::script(
        r#"{"config":{"target":"http://127.0.0.1:1","phases":[{"pause":0.001}]},
            "scenarios":[{"flow":[{"get":{"url":"/"}}]}]}"#,
    )?;
    let mut walls = Vec::new();
    for _ in 0..20 {
        let mut command = Command::new(generators::program());
        command.args(["load".as_ref(), script.as_os_str()]);
        let cost = measured::run(&mut command)?.map_err(|how| format!("start-up: {how}"))?;
        walls.push(cost.wall_s * 1e3);
    }
    let median = super::tables::median(walls.into_iter());
    Ok(format!(
        "\n### Start-up\n\n{median:.1} ms from start to end, the median of 20\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_read_and_a_wrong_one_refused() {
        let order = parse(&["--runs", "5", "--tools", "wrk,oha"]).unwrap();
        assert_eq!((order.runs, order.scale), (5, 100));
        assert_eq!(order.tools, ["wrk", "oha"]);
        for words in [
            &["--runs", "0"][..],
            &["--tools", "curl"],
            &["--runs"],
            &["--x", "1"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let row = |name: &str, micros: &[f64]| Row {
            name: name.into(),
            micros: micros.to_vec(),
            peaks: vec![3.0],
        };
        let rows = [
            row("floor: raw socket", &[8.0, 10.0, 20.0]),
            row("leakscope", &[12.0, 10.0, 40.0]),
        ];
        let text = table(Unit::Get, &rows);
        let last = text.lines().last().unwrap();
        assert_eq!(last, "| leakscope | 3 | 12.0 | 1.50 | 1.00 | 3 |");
    }
}
