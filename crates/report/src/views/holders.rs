//! Growing holders as text.

use explore::{HolderRow, Holders};
use units::{Bytes, Count};

use super::cells;
use super::retainers::path_lines;
use crate::{Style, printable};

/// Classes that a holder drags along and that are named.
const CLASSES: usize = 5;

/// The holders that grow between snapshots.
#[must_use]
pub fn holders_text(found: &Holders, style: Style) -> String {
    let mut text = String::new();
    for (number, pair) in found.pairs.iter().enumerate() {
        text += &format!(
            "from # {} to # {}: {} new objects, {}\n",
            number + 1,
            number + 2,
            Count(pair.new_objects),
            Bytes(pair.new_bytes),
        );
    }
    for holder in &found.holders {
        text.push('\n');
        text += &holder_text(holder, style);
    }
    match found.page.all {
        0 => text + "\nNo object of several snapshots refers to more than before.\n",
        _ => text + "\n" + &cells::rest(found.page, "holders"),
    }
}

fn holder_text(holder: &HolderRow, style: Style) -> String {
    let name = match &holder.object {
        Some(object) => cells::object(object),
        None => format!("@{}, gone since", holder.id),
    };
    let gains: Vec<String> = holder
        .gains
        .iter()
        .map(|gain| gain.map_or_else(|| "·".into(), cells::signed))
        .collect();
    let word = match (holder.constant, holder.every_step) {
        (true, _) => "the same at every step",
        (false, true) => "at every step",
        _ => "not at every step",
    };
    let last = holder.bytes.iter().rev().flatten().next().copied();
    let mut text = format!(
        "{}   {} references ({word}), {} in the last step\n",
        style.paint("1", &name),
        gains.join(" "),
        Bytes(last.unwrap_or(0)),
    );
    let dragged: Vec<String> = holder
        .dragged
        .iter()
        .take(CLASSES)
        .map(|dragged| {
            let class = printable(&cells::cut(&dragged.class, 40));
            format!("{} {class}", Count(dragged.count))
        })
        .collect();
    if !dragged.is_empty() {
        text += &format!("  with {}\n", dragged.join(", "));
    }
    text + &path_lines(&holder.path)
}
