//! Reading V8's sampling heap profile: calls are as deep as the service's own.

use std::path::Path;

use explore::HeapProfile;
use serde::Deserialize;

/// Brackets inside one another; a call is two of them, and V8 keeps 128 calls unless told otherwise.
const DEEPEST: usize = 4000;

/// Bytes of stack for each: reading and letting go are recursive.
const STACK: usize = DEEPEST * 16 * 1024;

/// The profile in a file; `None` if there is none that can be read.
pub(crate) fn read(path: &Path) -> Option<HeapProfile> {
    let text = std::fs::read_to_string(path).ok()?;
    if depth(&text) > DEEPEST {
        return None;
    }
    let reading = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            let mut deserializer = serde_json::Deserializer::from_str(&text);
            deserializer.disable_recursion_limit();
            HeapProfile::deserialize(&mut deserializer).ok()
        });
    reading.ok()?.join().ok()?
}

/// How deep brackets are inside one another, texts aside.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_do_not_count() {
        assert_eq!(depth(r#"{"a":[{"b":"[[[{\"{{{"}],"c":[]}"#), 3);
        assert_eq!(depth("]]]{}"), 1);
    }

    #[test]
    fn deep_calls_are_read_and_endless_ones_refused() {
        let dir = tempfile::tempdir().unwrap();
        let profile = |calls: usize| {
            let open = r#"{"callFrame":{"functionName":"f","url":"","lineNumber":-1,
                "columnNumber":-1},"selfSize":1,"children":["#;
            let text = format!(r#"{{"head":{}{}}}"#, open.repeat(calls), "]}".repeat(calls));
            let path = dir.path().join("x.heapprofile");
            std::fs::write(&path, text).unwrap();
            read(&path)
        };
        let deep = profile(500).unwrap();
        assert_eq!(deep.head.children.len(), 1);
        assert!(profile(DEEPEST).is_none());
    }
}
