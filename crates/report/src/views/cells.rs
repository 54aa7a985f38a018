//! Cells that several views share: objects, distances, signed numbers, and the line under a table.

use explore::{ObjectRow, PageOf};
use units::Count;

use crate::printable;

/// From here on DevTools shows no distance, only a dash.
const NO_DISTANCE: i64 = 100_000_000;

/// Characters of an object's own name that are shown.
const LONGEST_NAME: usize = 60;

pub(super) fn count(value: u64) -> String {
    Count(value).to_string()
}

pub(super) fn signed(value: i64) -> String {
    let sign = match value {
        0 => "",
        1.. => "+",
        _ => "\u{2212}",
    };
    format!("{sign}{}", Count(value.unsigned_abs()))
}

pub(super) fn distance(distance: i64) -> String {
    match distance {
        0..NO_DISTANCE => distance.to_string(),
        _ => "\u{2212}".into(),
    }
}

/// A text cut after so many characters.
pub(super) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `WebSocket @123`, and for what has a name of its own, `cleanup() @123` or `"text" @123`.
pub(super) fn object(object: &ObjectRow) -> String {
    let name = cut(&object.name, LONGEST_NAME);
    let class = cut(&object.class, LONGEST_NAME);
    let text = match object.class.as_str() {
        "Function" if name.is_empty() => "function ()".into(),
        "Function" => format!("{name}()"),
        "(string)" | "(concatenated string)" | "(sliced string)" => format!("\"{name}\""),
        "Object" => name,
        _ if name.is_empty() || !class.starts_with('(') => class,
        _ => format!("{class} {name}"),
    };
    format!("{} @{}", printable(&text), object.id)
}

/// What a page leaves out, and how to see it; empty if that is nothing.
pub(super) fn rest(page: PageOf, noun: &str) -> String {
    let end = page.skipped + page.shown;
    let filtered = match page.all - page.matching {
        0 => String::new(),
        _ => format!(" of {} pass the filter", Count(page.all)),
    };
    match page.matching.saturating_sub(end) {
        0 if page.shown == 0 => format!(
            "no {noun} here: {}{}\n",
            Count(page.matching),
            if filtered.is_empty() {
                " in all"
            } else {
                &filtered
            }
        ),
        0 if filtered.is_empty() => String::new(),
        0 => format!("{}{filtered}\n", Count(page.matching)),
        more => format!(
            "… and {} more {noun}{}: `--skip {end}` shows the next, `--top N` more at once\n",
            Count(more),
            match filtered.as_str() {
                "" => String::new(),
                text => format!(" ({}{text})", Count(page.matching)),
            }
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(skipped: u64, shown: u64, matching: u64, all: u64) -> PageOf {
        PageOf {
            skipped,
            shown,
            matching,
            all,
        }
    }

    #[test]
    fn the_line_under_a_table_leads_to_the_next_page() {
        assert_eq!(rest(page(0, 5, 5, 5), "classes"), "");
        assert_eq!(
            rest(page(30, 30, 1234, 1234), "classes"),
            "… and 1,174 more classes: `--skip 60` shows the next, `--top N` more at once\n"
        );
        assert_eq!(
            rest(page(0, 30, 40, 1234), "classes"),
            "… and 10 more classes (40 of 1,234 pass the filter): `--skip 30` shows the next, \
             `--top N` more at once\n"
        );
        assert_eq!(
            rest(page(0, 4, 4, 9), "classes"),
            "4 of 9 pass the filter\n"
        );
        assert_eq!(
            rest(page(50, 0, 9, 9), "classes"),
            "no classes here: 9 in all\n"
        );
    }

    #[test]
    fn objects_are_named_as_a_person_would() {
        let row = |class: &str, name: &str| ObjectRow {
            id: 7,
            class: class.into(),
            name: name.into(),
            kind: "object".into(),
            distance: 1,
            shallow_size: 8,
            retained_size: 8,
        };
        for (class, name, shown) in [
            ("WebSocket", "WebSocket", "WebSocket @7"),
            ("Function", "cleanup", "cleanup() @7"),
            ("Function", "", "function () @7"),
            ("(string)", "a\u{202e}b", "\"a\\u{202e}b\" @7"),
            ("(system)", "system / Map", "(system) system / Map @7"),
            ("{a, b}", "{a, b}", "{a, b} @7"),
            ("Object", "{x}", "{x} @7"),
        ] {
            assert_eq!(object(&row(class, name)), shown);
        }
        assert!(object(&row("A", &"x".repeat(5000))).len() < 200);
        assert!(object(&row(&"A".repeat(1 << 20), "")).len() < 200);
        assert_eq!(
            (signed(0), signed(-1200)),
            ("0".into(), "\u{2212}1,200".into())
        );
        assert_eq!((distance(-5), distance(3)), ("\u{2212}".into(), "3".into()));
    }
}
