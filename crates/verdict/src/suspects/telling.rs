//! Of the classes that pile up together, the one that tells most about the leak.

use super::ClassGrowth;

/// The class that says most: one that the program or a package named, nearest to the holder; else
/// whatever is nearest, rather an object than a text, which may be its key.
pub(crate) fn main_class(classes: &[ClassGrowth]) -> Option<&ClassGrowth> {
    let named = classes.iter().filter(|c| is_telling(&c.class));
    nearest(named).or_else(|| nearest_class(classes))
}

/// The class nearest to the holder, rather of objects than of texts.
pub(crate) fn nearest_class(classes: &[ClassGrowth]) -> Option<&ClassGrowth> {
    nearest(classes.iter())
}

/// The class nearest to the holder of those that a statement makes: `new Session(…)`, which Node.js
/// may have put something of its own around.
pub(crate) fn made_in<'c>(text: &str, classes: &'c [ClassGrowth]) -> Option<&'c ClassGrowth> {
    let makes = |c: &&ClassGrowth| text.contains(&format!("new {}(", c.class));
    nearest(
        classes
            .iter()
            .filter(|c| is_telling(&c.class))
            .filter(makes),
    )
}

fn nearest<'c>(classes: impl Iterator<Item = &'c ClassGrowth>) -> Option<&'c ClassGrowth> {
    classes.min_by(|a, b| {
        let by_bytes = b.bytes_per_session.total_cmp(&a.bytes_per_session);
        let says = |c: &ClassGrowth| (is_telling(&c.class), !c.class.starts_with('('));
        let most_first = says(b).cmp(&says(a));
        a.depth.cmp(&b.depth).then(most_first).then(by_bytes)
    })
}

/// Whether a class's name tells more than its type.
pub(crate) fn is_telling(class: &str) -> bool {
    const PLAIN: [&str; 29] = [
        "Object",
        "Array",
        "Function",
        "Map",
        "Set",
        "Promise",
        "Symbol",
        "RegExp",
        "Date",
        "ArrayBuffer",
        "SharedArrayBuffer",
        "DataView",
        "Uint8Array",
        "Uint8ClampedArray",
        "Uint16Array",
        "Uint32Array",
        "Int8Array",
        "Int16Array",
        "Int32Array",
        "Float32Array",
        "Float64Array",
        "BigInt64Array",
        "BigUint64Array",
        "WeakRef",
        "Error",
        "String",
        "Number",
        "Arguments",
        "Generator",
    ];
    !PLAIN.contains(&class)
        && !class.starts_with(['{', '('])
        && !class.starts_with("system / ")
        && !class.starts_with("Node / ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::Rate;

    fn class(name: &str, depth: u32, bytes: f64) -> ClassGrowth {
        let rate = Rate::of(vec![101.0], &[101]);
        ClassGrowth {
            class: name.into(),
            rate,
            bytes_per_session: bytes,
            depth,
        }
    }

    #[test]
    fn a_named_class_near_the_holder_speaks_for_the_leak() {
        let classes = [
            class("Sender", 4, 900.0),
            class("{connection, ops}", 1, 40.0),
            class("WebSocket", 2, 300.0),
            class("Array", 2, 500.0),
        ];
        assert_eq!(main_class(&classes).unwrap().class, "WebSocket");
        assert_eq!(
            main_class(&classes[1..2]).unwrap().class,
            "{connection, ops}"
        );
        let entry = [
            class("(string)", 1, 90.0),
            class("{resolve, reject}", 1, 40.0),
        ];
        assert_eq!(main_class(&entry).unwrap().class, "{resolve, reject}");
        assert!(main_class(&[]).is_none());
    }

    #[test]
    fn what_a_statement_makes_is_told_by_the_class_in_it() {
        let classes = [
            class("ReadableWorkerStdio", 4, 300.0),
            class("Worker", 13, 100.0),
            class("Map", 2, 500.0),
        ];
        let made = |text| made_in(text, &classes).map(|c| c.class.as_str());
        assert_eq!(made("const worker = new Worker(code);"), Some("Worker"));
        assert_eq!(made("workers.set(id, worker);"), None);
        assert_eq!(made("new WorkerPool(new Map())"), None);
    }
}
