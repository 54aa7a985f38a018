//! `cargo xtask bench heap`: leakscope's heap engine beside its peers, on the same files.
//!
//! Tools take turns, forwards in one round and backwards in the next, so that a busy machine is
//! busy for all of them; ratios are taken within a round. The answer is Markdown on stdout.

use std::io::Write;
use std::path::PathBuf;

use crate::steps::{Failure, Result, check_node, say};

use super::measured::{self, Cost};
use super::peers::{self, Task, Tool};
use super::snapshots::{self, Pair};
use super::tables::{self, Measured};

pub(crate) const USAGE: &str = "\
cargo xtask bench heap [--sizes MB,…] [--runs N] [--tools NAME,…] [--tasks summary,diff] [--program FILE]
  --sizes  snapshots of about so many million bytes [default: 10,100]. Making a pair of 500 takes about
           70 s, of 1000 150 s and 7 GB of memory, of 3000 10 minutes and 19 GB; they are kept in target/bench/heap
  --runs   rounds of each size [default: 5]
  --tools  leakscope is always measured [default: all: leakscope,devtools,heap-snapshot,memlab]
  --tasks  what is asked of them [default: summary,diff]
  --program  a leakscope that is built already, to measure instead of this checkout's
";

#[derive(Debug, PartialEq, Eq)]
struct Order {
    sizes: Vec<u32>,
    runs: usize,
    tools: Vec<String>,
    tasks: Vec<Task>,
    program: Option<PathBuf>,
}

pub(crate) fn bench(words: &[&str]) -> Result {
    let order = parse(words).map_err(|text| Failure::with_code(format!("{text}\n{USAGE}"), 2))?;
    check_node()?;
    let tools = peers::tools(&order.tools, order.program.as_deref())?;
    let mut sizes = Vec::new();
    for &megabytes in &order.sizes {
        let pair = snapshots::pair(megabytes, &order.tasks)?;
        for &task in &order.tasks {
            let measured = measure(task, &pair, &tools, order.runs)?;
            print(&tables::table(task, &pair, &measured));
            if let (Task::Summary, Ok(costs)) = (task, &measured[0].costs) {
                sizes.push((pair.clone(), costs.clone()));
            }
        }
    }
    if sizes.len() > 1 {
        print(&tables::per_node(&sizes));
    }
    Ok(())
}

/// Whoever reads the answer may have had enough.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn parse(words: &[&str]) -> std::result::Result<Order, String> {
    let mut order = Order {
        sizes: vec![10, 100],
        runs: 5,
        tools: peers::NAMES.map(str::to_owned).to_vec(),
        tasks: vec![Task::Summary, Task::Diff],
        program: None,
    };
    let mut words = words.iter();
    while let Some(&option) = words.next() {
        let value = words.next().ok_or(format!("`{option}` needs a value"))?;
        let parts = || value.split(',');
        let wrong = |part: &str| format!("`{part}` is no value of `{option}`");
        match option {
            "--sizes" => {
                let size = |part: &str| part.parse().map_err(|_| wrong(part));
                order.sizes = parts().map(size).collect::<std::result::Result<_, _>>()?;
            }
            "--runs" => {
                let runs = value.parse().ok().filter(|&runs| runs > 0);
                order.runs = runs.ok_or_else(|| wrong(value))?;
            }
            "--tools" => {
                if let Some(unknown) = parts().find(|part| !peers::NAMES.contains(part)) {
                    return Err(wrong(unknown));
                }
                order.tools = parts().map(str::to_owned).collect();
            }
            "--tasks" => {
                let task = |part: &str| {
                    let known = [Task::Summary, Task::Diff].into_iter();
                    let mut named = known.filter(|task| task.name() == part);
                    named.next().ok_or_else(|| wrong(part))
                };
                order.tasks = parts().map(task).collect::<std::result::Result<_, _>>()?;
            }
            "--program" => order.program = Some(value.into()),
            _ => return Err(format!("`{option}` is no option")),
        }
    }
    Ok(order)
}

fn measure(task: Task, pair: &Pair, tools: &[Tool], runs: usize) -> Result<Vec<Measured>> {
    snapshots::warm(&pair.base)?;
    if task == Task::Diff {
        snapshots::warm(&pair.later)?;
    }
    let able = |tool: &&Tool| tool.command(task, pair).is_some();
    let tools: Vec<&Tool> = tools.iter().filter(able).collect();
    let mut measured: Vec<Measured> = tools
        .iter()
        .map(|tool| Measured {
            tool: tool.name,
            costs: Ok(Vec::new()),
        })
        .collect();
    for tool in tools.iter().filter(|tool| tool.cache.is_some()) {
        if let Some(mut first_look) = tool.command(task, pair) {
            drop(measured::run(&mut first_look)?);
        }
    }
    for round in 0..runs {
        let forwards: Vec<usize> = (0..tools.len()).collect();
        let backwards = forwards.iter().rev().copied().collect();
        let turns: Vec<usize> = if round % 2 == 0 { forwards } else { backwards };
        for turn in turns {
            take_turn(task, pair, tools[turn], &mut measured[turn])?;
        }
    }
    Ok(measured)
}

fn take_turn(task: Task, pair: &Pair, tool: &Tool, measured: &mut Measured) -> Result {
    let (Ok(costs), Some(mut command)) = (&mut measured.costs, tool.command(task, pair)) else {
        return Ok(());
    };
    let name = format!("{} of s{}, {}", task.name(), pair.megabytes, tool.name);
    match measured::run(&mut command)? {
        Ok(cost) => {
            let Cost { cpu_s, wall_s, .. } = cost;
            say(&format!("{name}: {cpu_s:.2} s CPU, {wall_s:.2} s"));
            costs.push(cost);
        }
        Err(how) => {
            say(&format!("{name}: failed, {how}"));
            measured.costs = Err(how);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_read_and_a_wrong_one_refused() {
        let order = parse(&["--sizes", "10,500", "--tools", "memlab", "--tasks", "diff"]).unwrap();
        assert_eq!(order.sizes, [10, 500]);
        assert_eq!(order.tools, ["memlab"]);
        assert_eq!(order.tasks, [Task::Diff]);
        assert_eq!((order.runs, order.program), (5, None));
        let wrong: [&[&str]; 6] = [
            &["--sizes", "x"],
            &["--sizes"],
            &["--runs", "0"],
            &["--tools", "other"],
            &["--tasks", "judge"],
            &["--all", "1"],
        ];
        for words in wrong {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
