//! Source maps: from a place in generated text back to the place that somebody wrote.
//!
//! Owns finding a script's map (`//# sourceMappingURL=`), reading it, and the names of the files in
//! it. Must not read files: a map comes as text. Source: ECMA-426, revision 3 of the format, index
//! maps included. A map that is damaged is none.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::Position;

/// The map of one script.
#[derive(Debug, Clone)]
pub struct SourceMap {
    map: sourcemap::SourceMap,
    /// Where the names of the sources lead from: a folder's path.
    base: String,
}

/// Where a piece of a script comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original<'m> {
    /// The file's path.
    pub file: String,
    /// The place in it.
    pub position: Position,
    /// What stands there, where the map says that it was renamed.
    pub name: Option<&'m str>,
    /// The file's text, where the map has it.
    pub text: Option<&'m str>,
}

impl SourceMap {
    /// Reads a map; the names of its sources lead from the folder `base`, which is the map's own,
    /// or that of the script with the map in it. `None` if it is no map.
    #[must_use]
    pub fn parse(json: &[u8], base: &str) -> Option<Self> {
        let map = match sourcemap::decode_slice(json).ok()? {
            sourcemap::DecodedMap::Regular(map) => map,
            sourcemap::DecodedMap::Index(index) => index.flatten().ok()?,
            _ => return None,
        };
        (map.get_token_count() > 0).then(|| Self {
            map,
            base: base.to_owned(),
        })
    }

    /// Where the text at a position of the script comes from; `None` for what the generator itself
    /// put there.
    #[must_use]
    pub fn original(&self, at: Position) -> Option<Original<'_>> {
        let token = self.map.lookup_token(at.line, at.column)?;
        // A token of an earlier line says nothing of this one.
        if token.get_dst_line() != at.line {
            return None;
        }
        let source = token.get_source()?;
        let is_exact = token.get_dst_col() == at.column;
        Some(Original {
            file: resolve(&self.base, source),
            position: Position {
                line: token.get_src_line(),
                column: token.get_src_col(),
            },
            name: token.get_name().filter(|_| is_exact),
            text: self.map.get_source_contents(token.get_src_id()),
        })
    }

    /// What an identifier was called that ends where `end` is, as a function's name ends before its
    /// parameters.
    #[must_use]
    pub fn name_before(&self, end: Position, identifier: &str) -> Option<&str> {
        let length = u32::try_from(identifier.encode_utf16().count()).ok()?;
        let column = end.column.checked_sub(length)?;
        let token = self.map.lookup_token(end.line, column)?;
        let is_there = token.get_dst() == (end.line, column);
        token.get_name().filter(|_| is_there)
    }

    /// The paths of its sources with their texts, where the map has them.
    pub fn texts(&self) -> impl Iterator<Item = (String, &str)> {
        let sources = (0u32..).zip(self.map.sources());
        sources.filter_map(|(id, source)| {
            let text = self.map.get_source_contents(id)?;
            Some((resolve(&self.base, source), text))
        })
    }

    /// The paths of its sources.
    pub fn files(&self) -> impl Iterator<Item = String> {
        self.map.sources().map(|source| resolve(&self.base, source))
    }
}

/// The address of a script's map, from the last `//# sourceMappingURL=` in its text.
#[must_use]
pub fn map_url(text: &str) -> Option<&str> {
    const MARK: &str = "# sourceMappingURL=";
    let at = text.rfind(MARK)?;
    let before = text[..at].chars().next_back();
    let rest = &text[at + MARK.len()..];
    let url = rest.split(|c: char| c.is_whitespace() || c == '*').next()?;
    // In a comment of either kind, and nowhere else.
    (matches!(before, Some('/' | '*')) && !url.is_empty()).then_some(url)
}

/// The map that an address holds in itself: `data:application/json;base64,…`.
#[must_use]
pub fn inline_map(url: &str) -> Option<Vec<u8>> {
    let (kind, data) = url.strip_prefix("data:")?.split_once(',')?;
    match kind.ends_with(";base64") {
        true => BASE64_STANDARD.decode(data).ok(),
        false => Some(percent_decoded(data).into_bytes()),
    }
}

/// The path that a source's name leads to from a folder. Bundlers name files by schemes of their
/// own (`webpack://app/./src/a.ts`), which lead from the folder of the bundler: what follows is
/// taken to lead from there as well.
#[must_use]
pub fn resolve(base: &str, source: &str) -> String {
    let source = percent_decoded(source);
    let path = match source.split_once("://") {
        Some(("file", path)) => path.to_owned(),
        Some((_, path)) => {
            let inside = path.split_once('/').map_or(path, |(_, inside)| inside);
            return normal(inside.trim_start_matches('/'));
        }
        None if source.starts_with('/') => source,
        None => format!("{base}/{source}"),
    };
    normal(&path)
}

/// A path without `.` and `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if path.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    root.to_owned() + &parts.join("/")
}

/// A URL's text with its `%` codes read.
#[must_use]
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, column: u32) -> Position {
        Position { line, column }
    }

    /// `let r=[];` from `  const clients: string[] = [];`, in the map's own code for numbers.
    const MAP: &str = r#"{"version":3,"sources":["../src/a b.ts"],"names":["clients"],
        "sourcesContent":["\n  const clients: string[] = [];\n"],"mappings":"AACE,IAAMA"}"#;

    #[test]
    fn a_place_leads_back_to_file_line_and_name() {
        let map = SourceMap::parse(MAP.as_bytes(), "/srv/dist").unwrap();
        let found = map.original(at(0, 4)).unwrap();
        assert_eq!(found.file, "/srv/src/a b.ts");
        assert_eq!(found.position, at(1, 8));
        assert_eq!(found.name, Some("clients"));
        assert!(found.text.unwrap().contains("const clients"));
        assert_eq!(map.original(at(0, 5)).unwrap().name, None);
        assert_eq!(map.original(at(1, 0)), None);
        assert_eq!(map.name_before(at(0, 5), "r"), Some("clients"));
        assert_eq!(map.name_before(at(0, 5), "rr"), None);
        assert!(SourceMap::parse(b"{}", "").is_none());
    }

    #[test]
    fn the_last_comment_names_the_map() {
        let text = "a();\n//# sourceMappingURL=old.map\nb();\n//# sourceMappingURL=a.js.map\n";
        assert_eq!(map_url(text), Some("a.js.map"));
        assert_eq!(
            map_url("/*# sourceMappingURL=a.css.map */"),
            Some("a.css.map")
        );
        assert_eq!(map_url("say('# sourceMappingURL=x')"), None);
        assert_eq!(map_url(""), None);
        assert_eq!(
            inline_map("data:application/json;base64,e30=").unwrap(),
            b"{}"
        );
        assert_eq!(inline_map("data:application/json,%7B%7D").unwrap(), b"{}");
        assert_eq!(inline_map("a.js.map"), None);
    }

    #[test]
    fn sources_lead_from_the_folder_of_their_map() {
        assert_eq!(resolve("/srv/dist", "../src/a.ts"), "/srv/src/a.ts");
        assert_eq!(resolve("/srv/dist", "/opt/./a.ts"), "/opt/a.ts");
        assert_eq!(resolve("/srv", "file:///opt/a%20b.ts"), "/opt/a b.ts");
        assert_eq!(resolve("/srv", "webpack://app/./src/a.ts"), "src/a.ts");
        assert_eq!(resolve("/", "../../a.ts"), "/a.ts");
    }
}
