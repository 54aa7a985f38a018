//! URLs, as far as requests need them: split, joined, escaped (RFC 3986, WHATWG's form encoding).

use std::fmt::Write;

use scenario::{JsonTemplate, Scope, Target, value};
use serde_json::Value;

/// Target and path of an absolute URL; nothing if the text is none.
pub(crate) fn split(url: &str) -> Option<Result<(Target, String), String>> {
    let scheme_end = url.find("://")?;
    if url.starts_with('/') || url[..scheme_end].contains(['/', '?', '#']) {
        return None;
    }
    let target = match Target::parse(url) {
        Ok(target) => target,
        Err(error) => return Some(Err(format!("`{url}` is no URL: {error}"))),
    };
    let rest = &url[scheme_end + 3..];
    let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
    Some(Ok((target, path_under("", path))))
}

/// Whether a relative URL is already the path as it is sent.
pub(super) fn needs_no_work(prefix: &str, url: &str) -> bool {
    prefix.is_empty() && url.starts_with('/') && url.bytes().all(|b| b != b'#' && is_plain(b))
}

/// Whether a byte stands for itself in a path and in a query.
fn is_plain(byte: u8) -> bool {
    (0x21..0x7f).contains(&byte) && !b"\"<>`{}'".contains(&byte)
}

/// Whether a byte stands for itself in a path, or in a query: the WHATWG's sets differ.
fn is_kept(byte: u8, is_query: bool) -> bool {
    is_plain(byte)
        || if is_query {
            b"`{}".contains(&byte)
        } else {
            byte == b'\''
        }
}

/// The path that is asked for, under a target's own.
pub(super) fn path_under(prefix: &str, url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let mut path = String::with_capacity(prefix.len() + url.len() + 1);
    path.push_str(prefix);
    if !url.starts_with('/') {
        path.push('/');
    }
    let mut is_query = false;
    for byte in url.bytes() {
        is_query |= byte == b'?';
        match is_kept(byte, is_query) {
            true => path.push(char::from(byte)),
            // Writing to a string cannot fail.
            false => {
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    path
}

/// Scheme and address, as a URL begins.
pub(crate) fn origin(target: &Target) -> String {
    let shown = target.to_string();
    let path = target.path();
    shown.strip_suffix(path).unwrap_or(&shown).to_owned()
}

/// Where a redirect leads.
pub(super) fn join(
    base: &Target,
    base_path: &str,
    location: &str,
) -> Result<(Target, String), String> {
    if let Some(absolute) = split(location) {
        return absolute;
    }
    if let Some(rest) = location.strip_prefix("//") {
        let scheme = if base.is_tls() { "https" } else { "http" };
        let url = format!("{scheme}://{rest}");
        return split(&url).unwrap_or_else(|| Err(format!("`{url}` is no URL")));
    }
    let path = base_path.split('?').next().unwrap_or_default();
    let joined = match location.chars().next() {
        Some('/') => location.to_owned(),
        Some('?') => format!("{path}{location}"),
        Some('#') | None => path.to_owned(),
        Some(_) => {
            let directory = path.rfind('/').map_or("/", |at| &path[..=at]);
            format!("{directory}{location}")
        }
    };
    let (path, query) = match joined.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (&joined[..], None),
    };
    let mut cleaned = without_dots(path);
    if let Some(query) = query {
        cleaned.push('?');
        cleaned.push_str(query);
    }
    Ok((base.clone(), path_under("", &cleaned)))
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Fields as a query has them; a list is one field for each of its items.
pub(crate) fn write_query(
    out: &mut String,
    fields: &[(String, JsonTemplate)],
    scope: &mut dyn Scope,
) {
    write_fields(out, fields, |value| match value.value(scope) {
        None | Some(Value::Null) => vec![String::new()],
        Some(Value::Array(items)) => items.iter().map(|v| value::text(v).into_owned()).collect(),
        Some(one) => vec![value::text(&one).into_owned()],
    });
}

/// Fields as a form has them, where JavaScript makes one text of everything.
pub(super) fn write_form(
    out: &mut String,
    fields: &[(String, JsonTemplate)],
    scope: &mut dyn Scope,
) {
    let text = |v: &Value| value::text(v).into_owned();
    write_fields(out, fields, |value| match value.value(scope) {
        None => vec!["undefined".to_owned()],
        Some(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(text).collect();
            vec![items.join(",")]
        }
        Some(one) => vec![text(&one)],
    });
}

fn write_fields(
    out: &mut String,
    fields: &[(String, JsonTemplate)],
    mut texts: impl FnMut(&JsonTemplate) -> Vec<String>,
) {
    let mut is_first = true;
    for (name, value) in fields {
        for text in texts(value) {
            if !std::mem::replace(&mut is_first, false) {
                out.push('&');
            }
            escape_into(out, name);
            out.push('=');
            escape_into(out, &text);
        }
    }
}

/// `application/x-www-form-urlencoded`, as `URLSearchParams` writes it.
fn escape_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_escaped() {
        let mut text = String::new();
        escape_into(&mut text, "a b&c=d/é~*");
        assert_eq!(text, "a+b%26c%3Dd%2F%C3%A9%7E*");
    }

    #[test]
    fn paths_are_made_fit_to_be_sent() {
        for (prefix, url, path) in [
            ("", "/a", "/a"),
            ("", "/a b?c=\"é\"#f", "/a%20b?c=%22%C3%A9%22"),
            ("/api", "/a", "/api/a"),
            ("", "a", "/a"),
            ("", "/a%20b", "/a%20b"),
            ("", "/{'}?{'}|", "/%7B'%7D?{%27}|"),
            ("", "?x", "/?x"),
            ("", "", "/"),
        ] {
            assert_eq!(path_under(prefix, url), path);
        }
        assert!(needs_no_work("", "/a?b=c&d"));
        assert!(!needs_no_work("/x", "/a"));
        assert!(!needs_no_work("", "/a b"));
    }

    #[test]
    fn redirects_lead_where_browsers_go() {
        let base = Target::parse("http://a:81/p").unwrap();
        for (path, location, expected) in [
            ("/p/x/y?q", "/z", "http://a:81/z"),
            ("/p/x/y?q", "z?r=1", "http://a:81/p/x/z?r=1"),
            ("/p/x/y", "../z", "http://a:81/p/z"),
            ("/p/x/y", "./", "http://a:81/p/x/"),
            ("/p/x/y", "?r", "http://a:81/p/x/y?r"),
            ("/p", "https://b/c", "https://b:443/c"),
            ("/p", "//b:9/c", "http://b:9/c"),
            ("/p", "../../..", "http://a:81/"),
        ] {
            let (target, path) = join(&base, path, location).unwrap();
            assert_eq!(format!("{}{path}", origin(&target)), expected);
        }
        assert!(join(&base, "/", "http://").is_err());
    }
}
