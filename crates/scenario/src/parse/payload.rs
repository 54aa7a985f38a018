//! `payload`: values from CSV files.

use serde_json::Value;

use super::Reader;
use super::fields::Fields;
use crate::tree::{Kind, Node};
use crate::{Payload, PayloadOrder};

impl Reader<'_> {
    pub(super) fn payloads(&mut self, node: &Node) -> Vec<Payload> {
        if !matches!(node.kind, Kind::List(_) | Kind::Map(_)) {
            self.expected("a list of files", node, "`payload`");
            return Vec::new();
        }
        let items = self.list_or_one(node);
        let is_one = matches!(node.kind, Kind::Map(_));
        items
            .into_iter()
            .filter_map(|item| self.payload(item, is_one))
            .collect()
    }

    fn payload(&mut self, node: &Node, is_one: bool) -> Option<Payload> {
        let mut fields = Fields::of(node, "`payload`", self)?;
        let path_node = fields.take("path");
        let path = path_node.and_then(|n| self.text(n, "`path`"));
        let names = fields
            .take("fields")
            .map(|n| self.texts(n, "`fields`"))
            .unwrap_or_default();
        let order = fields.take("order").and_then(|n| self.text(n, "`order`"));
        let name = fields.take("name").and_then(|n| self.text(n, "`name`"));
        let mut truth = |key| {
            let node = fields.take(key)?;
            self.truth(node, key)
        };
        let loads_all = truth("loadAll").unwrap_or(false);
        let mut csv = Csv {
            skips_header: truth("skipHeader").unwrap_or(false),
            skips_empty: truth("skipEmptyLines").unwrap_or(true),
            casts: truth("cast").unwrap_or(true),
            delimiter: b',',
        };
        if let Some(node) = fields.take("delimiter") {
            csv.delimiter = self.delimiter(node).unwrap_or(b',');
        }
        if let Some(mut options) = fields
            .take("options")
            .and_then(|n| Fields::of(n, "`options`", self))
        {
            if let Some(node) = options.take("delimiter") {
                csv.delimiter = self.delimiter(node).unwrap_or(b',');
            }
            if let Some(truth) = options.take("cast").and_then(|n| self.truth(n, "`cast`")) {
                csv.casts = truth;
            }
            options.finish(self);
        }
        fields.finish(self);
        let order = match (order.as_deref(), loads_all, name) {
            (Some("sequence"), _, _) => PayloadOrder::Sequence,
            (_, true, Some(name)) => PayloadOrder::All(name),
            (_, true, None) => {
                let hint = "say with `name` what variable the rows are in";
                self.warning(node.place, "`loadAll` without `name`", Some(hint.into()));
                PayloadOrder::Random
            }
            (None | Some("random"), _, _) => PayloadOrder::Random,
            (Some(other), _, _) => {
                let hint = "use `random` or `sequence`";
                let message = format!("unknown order `{other}`");
                self.warning(node.place, message, Some(hint.into()));
                PayloadOrder::Random
            }
        };
        let place = path_node.map_or(node.place, |n| n.place);
        let (path, text) = match (self.inputs.payload.filter(|_| is_one), path) {
            (Some((path, text)), _) => (path.to_owned(), text.to_owned()),
            (None, Some(path)) => match self.inputs.files.read(&path) {
                Ok(text) => (path, text),
                Err(why) => {
                    let hint = "the path is relative to the script";
                    let message = format!("`{path}` cannot be read: {why}");
                    self.error(place, message, Some(hint.into()));
                    return None;
                }
            },
            (None, None) => {
                let hint = "name the file with `path`, or with `--payload`";
                self.error(place, "a payload without a file", Some(hint.into()));
                return None;
            }
        };
        let rows = match csv.rows(&text) {
            Ok(rows) => rows,
            Err(why) => {
                self.error(place, format!("`{path}`: {why}"), None);
                return None;
            }
        };
        if rows.is_empty() {
            let message = format!("`{path}` has no rows");
            self.warning(place, message, None);
        }
        Some(Payload {
            order,
            fields: names,
            rows,
        })
    }

    fn delimiter(&mut self, node: &Node) -> Option<u8> {
        let text = self.text(node, "`delimiter`")?;
        let text = if text == "\\t" { "\t" } else { &text };
        match text.as_bytes() {
            [one] => Some(*one),
            _ => {
                self.expected("one character", node, "`delimiter`");
                None
            }
        }
    }
}

/// How a text is read.
struct Csv {
    skips_header: bool,
    skips_empty: bool,
    casts: bool,
    delimiter: u8,
}

impl Csv {
    fn rows(&self, text: &str) -> Result<Vec<Vec<Value>>, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(text.as_bytes());
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let is_empty = record.iter().all(str::is_empty) && record.len() <= 1;
            if is_empty && self.skips_empty {
                continue;
            }
            rows.push(record.iter().map(|cell| self.cell(cell)).collect());
        }
        if self.skips_header && !rows.is_empty() {
            rows.remove(0);
        }
        Ok(rows)
    }

    fn cell(&self, cell: &str) -> Value {
        let is_number = cell.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        let number = cell.trim().parse::<f64>().ok();
        match number.filter(|number| self.casts && is_number && number.is_finite()) {
            Some(number) => crate::value::as_in_javascript(number.into()),
            None => cell.into(),
        }
    }
}
