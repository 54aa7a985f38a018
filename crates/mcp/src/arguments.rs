//! What tools are asked with: read strictly, so that a slip is told and not passed over.

use explore::{Filter, Wanted};
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::desk::Problem;

/// Rows of a list, if no number is asked for.
const ROWS: usize = 12;

/// Rows of a list at most.
const MOST_ROWS: usize = 50;

/// Reads the arguments of a tool.
pub(crate) fn read<A: DeserializeOwned>(arguments: JsonObject) -> Result<A, Problem> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| {
        let wrong = report::printable(&error.to_string());
        Problem::new(format!("the arguments are wrong: {wrong}"))
            .hint("the tool's input schema names them all")
    })
}

/// Which rows of a list.
#[derive(Debug, Default, Clone, Deserialize)]
pub(crate) struct Rows {
    top: Option<usize>,
    filter: Option<String>,
    sort: Option<String>,
}

impl Rows {
    /// As the views take it.
    pub(crate) fn wanted(&self) -> Result<Wanted, Problem> {
        let filter = self.filter.as_deref().map(Filter::parse).transpose();
        let filter = filter.map_err(|wrong| {
            let wrong = report::printable(&wrong);
            Problem::new(format!("`filter` is no regular expression: {wrong}"))
                .hint("give a plain text, or /REGEX/")
        })?;
        Ok(Wanted {
            sort: self.sort.clone(),
            filter,
            top: Some(self.top.unwrap_or(ROWS).min(MOST_ROWS)),
            ..Wanted::default()
        })
    }
}

/// The error of a column that is not there.
pub(crate) fn no_column(unknown: &explore::UnknownColumn) -> Problem {
    let wanted = report::printable(&unknown.wanted);
    Problem::new(format!("cannot sort by `{wanted}`: no such column")).hint(format!(
        "the columns are `{}`",
        unknown.columns.join("`, `")
    ))
}

/// The schema of a tool's arguments.
pub(crate) fn schema(properties: &Value, required: &[&str]) -> JsonObject {
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    }
}

/// The properties of `own`, and those of [`Rows`].
pub(crate) fn with_rows(mut own: Value) -> Value {
    let rows = json!({
        "top": { "type": "integer", "minimum": 1, "maximum": MOST_ROWS,
            "description": format!("rows, {ROWS} if not given") },
        "filter": { "type": "string", "description": "text that a class or name holds, or /REGEX/" },
        "sort": { "type": "string", "description": "column; -COLUMN from the largest, +COLUMN from the smallest" },
    });
    if let (Value::Object(own), Value::Object(rows)) = (&mut own, rows) {
        own.extend(rows);
    }
    own
}
