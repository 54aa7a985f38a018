//! Costs as tables in Markdown: every tool beside leakscope, as medians and as ratios.

use std::fmt::Write;

use super::measured::Cost;
use super::peers::Task;
use super::snapshots::Pair;

/// What one tool needed for one task, in the order of the rounds; or how it failed.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) tool: &'static str,
    pub(crate) costs: Result<Vec<Cost>, String>,
}

const MIB: f64 = 1024.0 * 1024.0;

/// The table of one task on one size; the first tool is the one that the others are held against.
pub(crate) fn table(task: Task, pair: &Pair, measured: &[Measured]) -> String {
    let of_file = match task {
        Task::Summary => format!("{} nodes, {} edges", pair.n_nodes, pair.n_edges),
        Task::Diff => "and its later twin".into(),
    };
    let mut text = format!(
        "\n### {} of s{}: {} bytes, {of_file}\n\n",
        task.name(),
        pair.megabytes,
        pair.bytes
    );
    text += "| tool | runs | CPU s | wall s | peak MiB | peak / file | CPU ns a node | CPU ratio | wall ratio |\n";
    text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    let ours = measured.first().and_then(|first| first.costs.as_ref().ok());
    for tool in measured {
        text += &row(pair, tool, ours);
    }
    text
}

fn row(pair: &Pair, tool: &Measured, ours: Option<&Vec<Cost>>) -> String {
    let costs = match &tool.costs {
        Ok(costs) if !costs.is_empty() => costs,
        Ok(_) => return format!("| {} | 0 | | | | | | | |\n", tool.tool),
        Err(how) => return format!("| {} | {how} | | | | | | | |\n", tool.tool),
    };
    let cpu_s = median(costs.iter().map(|cost| cost.cpu_s));
    let wall_s = median(costs.iter().map(|cost| cost.wall_s));
    let peak = median(costs.iter().map(|cost| cost.peak_bytes as f64));
    let mut text = format!("| {} | {} ", tool.tool, costs.len());
    // Writing into a string cannot fail.
    let _ = write!(
        text,
        "| {cpu_s:.3} | {wall_s:.3} | {:.0} | {:.2} | {:.0} ",
        peak / MIB,
        peak / pair.bytes as f64,
        cpu_s * 1e9 / pair.n_nodes as f64,
    );
    let ratio = |of: fn(&Cost) -> f64| {
        let pairs = costs.iter().zip(ours.into_iter().flatten());
        median(pairs.map(|(theirs, ours)| of(theirs) / of(ours)))
    };
    let _ = writeln!(
        text,
        "| {:.2} | {:.2} |",
        ratio(|cost| cost.cpu_s),
        ratio(|cost| cost.wall_s)
    );
    text
}

/// How leakscope's time for a node grows with the size of the file.
pub(crate) fn per_node(sizes: &[(Pair, Vec<Cost>)]) -> String {
    let mut text = String::from("\n### time a node\n\n| size | CPU ns a node | wall ns a node |\n");
    text += "| --- | ---: | ---: |\n";
    for (pair, costs) in sizes {
        let of_node =
            |of: fn(&Cost) -> f64| median(costs.iter().map(of)) * 1e9 / pair.n_nodes as f64;
        let _ = writeln!(
            text,
            "| s{} | {:.0} | {:.0} |",
            pair.megabytes,
            of_node(|cost| cost.cpu_s),
            of_node(|cost| cost.wall_s)
        );
    }
    text
}

/// The middle value, or the mean of the two in the middle; not a number if there is none.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(cpu_s: f64) -> Cost {
        Cost {
            cpu_s,
            wall_s: cpu_s / 2.0,
            peak_bytes: 2 << 20,
        }
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let pair = Pair {
            megabytes: 1,
            base: "a".into(),
            later: "b".into(),
            bytes: 1 << 20,
            n_nodes: 1000,
            n_edges: 3000,
        };
        let measured = [
            Measured {
                tool: "leakscope",
                costs: Ok([1.0, 2.0, 4.0].map(cost).to_vec()),
            },
            Measured {
                tool: "other",
                costs: Ok([3.0, 8.0, 20.0].map(cost).to_vec()),
            },
            Measured {
                tool: "third",
                costs: Err("exit code 1".into()),
            },
        ];
        let text = table(Task::Summary, &pair, &measured);
        let row = |name| text.lines().find(|line| line.contains(name)).unwrap();
        assert_eq!(
            row("leakscope"),
            "| leakscope | 3 | 2.000 | 1.000 | 2 | 2.00 | 2000000 | 1.00 | 1.00 |"
        );
        assert_eq!(
            row("other"),
            "| other | 3 | 8.000 | 4.000 | 2 | 2.00 | 8000000 | 4.00 | 4.00 |"
        );
        assert!(row("third").contains("exit code 1"));
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0].into_iter()), 2.5);
        assert!(median([].into_iter()).is_nan());
    }
}
