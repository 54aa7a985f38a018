//! Classes over several snapshots, as text.

use explore::{Trend, TrendClass, TrendGrowth};
use units::{Bytes, Count};

use super::cells;
use crate::{Column, Style, printable, table};

/// Titles for the columns of snapshots: a table has the first letters of the alphabet for them.
const TITLES: [&str; 9] = [
    "# 1", "# 2", "# 3", "# 4", "# 5", "# 6", "# 7", "# 8", "# 9",
];

/// One line a snapshot, then one line a class with its number of objects in each.
#[must_use]
pub fn trend_text(trend: &Trend, style: Style) -> String {
    let mut text = String::new();
    for (number, snapshot) in trend.snapshots.iter().enumerate() {
        text += &format!(
            "# {}  {}: {} nodes, {}\n",
            number + 1,
            printable(&snapshot.name),
            Count(snapshot.nodes),
            Bytes(snapshot.total_size),
        );
    }
    // A long row of snapshots is told by its last ones.
    let shown = trend.snapshots.len().min(TITLES.len());
    let left_out = trend.snapshots.len() - shown;
    let mut columns = vec![Column::text("Constructor")];
    if left_out == 0 {
        columns.extend(TITLES[..shown].iter().map(|&title| Column::number(title)));
    } else {
        text += &format!("the last {shown} are shown: `--json` has all\n");
        columns.extend(TITLES[..shown].iter().map(|_| Column::number("#")));
    }
    columns.extend([
        Column::number("Objects/step"),
        Column::number("Bytes/step"),
        Column::number("Shallow Size"),
        Column::text("Grows"),
    ]);
    let row = |class: &TrendClass| {
        let mut cells_of_row = vec![class.class.clone()];
        let counts = class.counts.iter().skip(left_out);
        cells_of_row.extend(counts.map(|&count| cells::count(count)));
        cells_of_row.extend([
            per_step(class.count_slope),
            per_step(class.size_slope),
            cells::count(class.shallow_sizes.last().copied().unwrap_or(0)),
            growth_text(class.growth).into(),
        ]);
        cells_of_row
    };
    let rows: Vec<_> = trend.classes.iter().map(row).collect();
    text.push('\n');
    text += &table(&columns, &rows, style);
    text + &cells::rest(trend.page, "classes")
}

fn per_step(slope: f64) -> String {
    match slope {
        0.0 => "0".into(),
        slope if slope.fract() == 0.0 => cells::signed(slope as i64),
        slope => {
            let sign = if slope < 0.0 { "\u{2212}" } else { "+" };
            format!("{sign}{:.1}", slope.abs())
        }
    }
}

fn growth_text(growth: TrendGrowth) -> &'static str {
    match growth {
        TrendGrowth::EveryStep => "at every step",
        TrendGrowth::NeverFalls => "never falls",
        TrendGrowth::None => "",
    }
}
