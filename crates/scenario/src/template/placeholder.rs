//! What stands between `{{` and `}}`.

use super::{Part, Slip};
use crate::value::Path;

/// Lengths that a script may ask for; more would be a slip of the key.
const MOST_LETTERS: usize = 1 << 20;

/// Parses a placeholder, trimmed.
pub(super) fn parse(inside: &str) -> Result<Part, Slip> {
    let call = inside
        .strip_suffix(')')
        .and_then(|call| call.split_once('('));
    match call {
        Some((function, args)) if function.starts_with('$') => call_of(function.trim(), args),
        _ => variable(inside),
    }
}

fn variable(inside: &str) -> Result<Part, Slip> {
    match inside {
        "$randomNumber" => return Ok(Part::Number(0, 100)),
        "$randomString" => return Ok(Part::Letters(10)),
        _ => {}
    }
    let is_path = |c: char| c.is_alphanumeric() || c.is_whitespace() || "$_.[]'\"-".contains(c);
    if inside.is_empty() || !inside.chars().all(is_path) {
        return Err(Slip {
            is_error: false,
            message: format!("`{{{{ {inside} }}}}` is no variable and is sent as it stands"),
        });
    }
    Ok(Part::Variable(Path::parse(inside)))
}

fn call_of(function: &str, args: &str) -> Result<Part, Slip> {
    let error = |message: String| Slip {
        is_error: true,
        message,
    };
    let args: Vec<&str> = args
        .split(',')
        .map(|arg| arg.trim().trim_matches(['\'', '"']))
        .filter(|arg| !arg.is_empty())
        .collect();
    let wrong = || {
        error(format!(
            "`{function}({})` takes other arguments",
            args.join(", ")
        ))
    };
    match (function, &args[..]) {
        ("$randomNumber", []) => Ok(Part::Number(0, 100)),
        ("$randomNumber", [high]) => number("0", high).ok_or_else(wrong),
        ("$randomNumber", [low, high]) => number(low, high).ok_or_else(wrong),
        ("$randomString", []) => Ok(Part::Letters(10)),
        ("$randomString", [length]) => match length.parse() {
            Ok(length) if length <= MOST_LETTERS => Ok(Part::Letters(length)),
            _ => Err(wrong()),
        },
        ("$uuid", []) => Ok(Part::Uuid),
        ("$template", [path]) => Ok(Part::Nested(Path::parse(path))),
        ("$randomNumber" | "$randomString" | "$uuid" | "$template", _) => Err(wrong()),
        _ => Err(error(format!(
            "`{function}` is no function of templates; there are `$randomNumber`, \
             `$randomString`, `$uuid` and `$template`"
        ))),
    }
}

/// A number from `low` to `high`, whichever is the greater.
fn number(low: &str, high: &str) -> Option<Part> {
    if let (Ok(low), Ok(high)) = (low.parse::<i64>(), high.parse::<i64>()) {
        return Some(Part::Number(low.min(high), low.max(high)));
    }
    let (low, high) = (low.parse::<f64>().ok()?, high.parse::<f64>().ok()?);
    let is_span = low.is_finite() && high.is_finite();
    is_span.then(|| Part::Float(low.min(high), low.max(high)))
}

impl super::Template {
    /// The names of all variables in it.
    pub(crate) fn roots(&self) -> Vec<&str> {
        let roots = self.parts.iter().filter_map(|part| match part {
            Part::Variable(path) | Part::Nested(path) => Some(path.root()),
            _ => None,
        });
        roots.collect()
    }
}
