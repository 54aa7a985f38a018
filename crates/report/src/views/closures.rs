//! What closures keep, as text.

use explore::{Closures, FunctionRow, Place, VariableRow};
use units::{Bytes, Count};

use super::cells;
use crate::{Style, printable};

/// Variables of a function that are shown.
const VARIABLES: usize = 6;

/// Functions with the variables that their closures keep.
#[must_use]
pub fn closures_text(found: &Closures, style: Style) -> String {
    let mut text = format!(
        "{} closures; contexts with variables: {}\n",
        Count(found.closures),
        Count(found.contexts),
    );
    for function in &found.functions {
        text += &function_text(function, style);
    }
    if !found.functions.is_empty() {
        text.push('\n');
    }
    text + &cells::rest(found.page, "functions")
}

fn function_text(row: &FunctionRow, style: Style) -> String {
    let name = match row.function.as_str() {
        "" => "function ()".to_owned(),
        name => format!("{}()", printable(&cells::cut(name, 60))),
    };
    let place = row.place.as_ref().map(place_text);
    let mut text = format!(
        "\n{}  {}\n  {} closures, {} contexts that retain {}, such as @{}\n",
        style.paint("1", &name),
        place.unwrap_or_default(),
        Count(row.closures),
        Count(row.contexts),
        Bytes(row.retained_size),
        row.example,
    );
    for variable in row.variables.iter().take(VARIABLES) {
        text += &variable_text(variable);
    }
    if row.variables.len() > VARIABLES {
        text += &format!("    … {} more variables\n", row.variables.len() - VARIABLES);
    }
    text
}

fn variable_text(row: &VariableRow) -> String {
    let objects = match row.objects {
        1 => String::new(),
        n => format!(" in all of {} objects, the largest", Count(n)),
    };
    format!(
        "    {}  {}{objects} {}\n",
        printable(&cells::cut(&row.name, 60)),
        Bytes(row.retained_size),
        cells::object(&row.largest),
    )
}

/// `server.js:13:7`.
pub(super) fn place_text(place: &Place) -> String {
    let file = match &place.file {
        Some(file) => printable(&cells::cut(file, 200)),
        None => format!("script {}", place.script_id),
    };
    format!("{file}:{}:{}", place.line, place.column)
}
