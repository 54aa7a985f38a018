//! Ways from the roots, as text.

use explore::{PathGroup, PathGroups, Paths};
use units::{Bytes, Count};

use super::cells;
use super::retainers::{object_line, path_lines};
use crate::{Style, printable};

/// Two ways to one object.
#[must_use]
pub fn paths_text(paths: &Paths, _style: Style) -> String {
    format!(
        "{}\n\nShortest path\n{}\nPath along the program's own objects\n{}",
        object_line(&paths.object),
        path_lines(&paths.shortest),
        path_lines(&paths.user),
    )
}

/// The ways to all objects of a class.
#[must_use]
pub fn path_groups_text(found: &PathGroups, style: Style) -> String {
    let class = printable(&cells::cut(&found.class, 100));
    let mut text = format!("{class}: {} objects by their path\n", Count(found.count));
    for group in &found.groups {
        text += &group_text(group, style);
    }
    if !found.groups.is_empty() {
        text.push('\n');
    }
    text + &cells::rest(found.page, "paths")
}

fn group_text(group: &PathGroup, style: Style) -> String {
    let steps: Vec<String> = group
        .path
        .iter()
        .map(|step| printable(&cells::cut(step, 60)))
        .collect();
    let path = match steps.as_slice() {
        [] => "  only weak references lead here".to_owned(),
        steps => format!("  {}", steps.join("\n    \u{2192} ")),
    };
    let count = style.paint("1", &format!("{} objects", Count(group.count)));
    format!(
        "\n{count}   shallow size {}, retained size {}, such as @{}\n{path}\n",
        Bytes(group.shallow_size),
        Bytes(group.retained_size),
        group.example,
    )
}
