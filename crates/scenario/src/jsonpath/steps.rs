//! From a JSON path's text to its steps.

use crate::Expression;

/// One step from values to values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// To children.
    Select(Vec<Select>),
    /// To children of the value and of everything below it.
    Descend(Vec<Select>),
    /// The value and everything below it.
    Everything,
    /// Back to where the value is in.
    Parent,
    /// From values to their names.
    Names,
}

/// Which children.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Select {
    Key(String),
    All,
    Slice {
        from: Option<i64>,
        to: Option<i64>,
        step: i64,
    },
    /// So many places before the end of a list.
    FromEnd(usize),
    Filter(Expression),
}

impl Step {
    /// The key, if it selects that one and nothing else.
    pub(super) fn as_key(&self) -> Option<String> {
        match self {
            Self::Select(selects) => match &selects[..] {
                [Select::Key(key)] => Some(key.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}

pub(super) fn parse(text: &str) -> Result<Vec<Step>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("an empty path".into());
    }
    let mut rest = text.strip_prefix('$').unwrap_or(text);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let is_descent = rest.starts_with("..");
        rest = rest
            .strip_prefix("..")
            .or_else(|| rest.strip_prefix('.'))
            .unwrap_or(rest);
        if let Some(after) = rest.strip_prefix('^') {
            steps.push(Step::Parent);
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix('~') {
            steps.push(Step::Names);
            rest = after;
            continue;
        }
        if rest.is_empty() {
            steps.push(Step::Everything);
            break;
        }
        let selects = match rest.strip_prefix('[') {
            Some(inside) => {
                let end = closing(inside).ok_or("`[` without `]`")?;
                rest = &inside[end + 1..];
                bracket(inside[..end].trim())?
            }
            None => {
                let end = rest.find(['.', '[', '^', '~']).unwrap_or(rest.len());
                let key = rest[..end].trim();
                rest = &rest[end..];
                vec![match key {
                    "*" => Select::All,
                    key => Select::Key(key.to_owned()),
                }]
            }
        };
        steps.push(match is_descent {
            true => Step::Descend(selects),
            false => Step::Select(selects),
        });
    }
    Ok(steps)
}

/// Where the bracket that was opened before `text` closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) => {
                if c == open {
                    quote = None;
                }
            }
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

fn bracket(inside: &str) -> Result<Vec<Select>, String> {
    if let Some(filter) = inside.strip_prefix('?') {
        let condition = Expression::parse(filter)?;
        return Ok(vec![Select::Filter(condition)]);
    }
    if let Some(script) = inside.strip_prefix('(').and_then(|s| s.strip_suffix(')')) {
        let back = script
            .trim()
            .strip_prefix("@.length")
            .and_then(|rest| rest.trim().strip_prefix('-'))
            .and_then(|back| back.trim().parse().ok());
        let back = back.ok_or_else(|| format!("`({script})` is not supported in a path"))?;
        return Ok(vec![Select::FromEnd(back)]);
    }
    let mut selects = Vec::new();
    for part in split_commas(inside) {
        selects.push(one(part.trim())?);
    }
    Ok(selects)
}

fn split_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut quote = None;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ',') => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn one(part: &str) -> Result<Select, String> {
    for quote in ['\'', '"'] {
        if let Some(key) = part.strip_prefix(quote) {
            let key = key.strip_suffix(quote);
            let key = key.ok_or_else(|| format!("`{part}` has no closing quote"))?;
            return Ok(Select::Key(key.to_owned()));
        }
    }
    if part == "*" {
        return Ok(Select::All);
    }
    if part.contains(':') {
        let number = |text: &str| match text.trim() {
            "" => Ok(None),
            text => text
                .parse::<i64>()
                .map(Some)
                .map_err(|_| format!("`{part}` is no range of a list")),
        };
        let mut bounds = part.split(':');
        let mut next = || bounds.next().map_or(Ok(None), number);
        let (from, to, step) = (next()?, next()?, next()?);
        return Ok(Select::Slice {
            from,
            to,
            step: step.unwrap_or(1),
        });
    }
    match part.strip_prefix('-').map(str::parse::<usize>) {
        Some(Ok(back)) => Ok(Select::FromEnd(back)),
        _ => Ok(Select::Key(part.to_owned())),
    }
}
