//! JSON paths as `jsonpath-plus` and its forebear read them, which both eras use.
//!
//! `$.a.b[0]`, `['a']`, `*`, `..`, unions, slices, `[-1:]`, `[(@.length-1)]`, filters
//! `[?(@.price < 10)]`, the parent `^` and names `~`. The leading `$` may be left out. Cost: linear
//! in what is looked at; a path of plain keys alone need not even parse the rest of the document.

mod steps;

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::value::Path;
use steps::{Select, Step};

/// A path, parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPath {
    steps: Vec<Step>,
    /// The keys, if there is nothing but keys.
    plain: Option<Vec<String>>,
}

/// A place in a document: the value, its key, and the values around it, outermost first.
#[derive(Clone)]
struct Spot<'v> {
    value: Cow<'v, Value>,
    key: Option<String>,
    around: Vec<(&'v Value, Option<String>)>,
}

impl JsonPath {
    /// Parses a path.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let steps = steps::parse(text)?;
        let plain = steps.iter().map(Step::as_key).collect();
        Ok(Self { steps, plain })
    }

    /// Whether it has nothing but keys, and so leads to one value at most.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.plain.is_some()
    }

    /// Everything that the path leads to, in the document's order.
    #[must_use]
    pub fn select<'v>(&self, root: &'v Value) -> Vec<Cow<'v, Value>> {
        let start = Spot {
            value: Cow::Borrowed(root),
            key: None,
            around: Vec::new(),
        };
        let mut spots = vec![start];
        for step in &self.steps {
            let mut next = Vec::new();
            for spot in &spots {
                match step {
                    Step::Select(selects) => select(spot, selects, root, &mut next),
                    Step::Descend(selects) => {
                        for below in descendants(spot) {
                            select(&below, selects, root, &mut next);
                        }
                    }
                    Step::Everything => next.extend(descendants(spot)),
                    Step::Parent => next.extend(parent(spot)),
                    Step::Names => {
                        let name = spot.key.clone().map(Value::from);
                        next.extend(name.map(|name| Spot {
                            value: Cow::Owned(name),
                            ..spot.clone()
                        }));
                    }
                }
            }
            spots = next;
        }
        spots.into_iter().map(|spot| spot.value).collect()
    }

    /// What a path of plain keys leads to in a text, without taking in the rest of it. Nothing if
    /// the path has more than keys: the document has to be parsed then.
    ///
    /// # Errors
    /// If the text is no JSON.
    #[must_use]
    pub fn pluck(&self, text: &[u8]) -> Option<Result<Option<Value>, serde_json::Error>> {
        let keys = self.plain.as_deref()?;
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let found = Pluck(keys).deserialize(&mut deserializer);
        Some(found.and_then(|found| deserializer.end().map(|()| found)))
    }
}

fn select<'v>(spot: &Spot<'v>, selects: &[Select], root: &'v Value, out: &mut Vec<Spot<'v>>) {
    // What was made on the way, such as a length, has nothing below it.
    let Cow::Borrowed(value) = spot.value else {
        return;
    };
    let below = |key: String, value: Cow<'v, Value>| {
        let mut around = spot.around.clone();
        if let Cow::Borrowed(parent) = spot.value {
            around.push((parent, spot.key.clone()));
        }
        Spot {
            value,
            key: Some(key),
            around,
        }
    };
    for select in selects {
        match select {
            Select::Key(key) => {
                let found = crate::value::get(value, std::slice::from_ref(key));
                out.extend(found.map(|found| below(key.clone(), found)));
            }
            Select::All => {
                out.extend(children(value).map(|(key, v)| below(key, Cow::Borrowed(v))));
            }
            Select::Slice { from, to, step } => {
                let Value::Array(items) = value else { continue };
                let length = items.len() as i64;
                let at = |index: i64| if index < 0 { index + length } else { index };
                let from = at(from.unwrap_or(0)).max(0);
                let to = at(to.unwrap_or(length)).min(length);
                for index in (from..to).step_by((*step).max(1) as usize) {
                    let item = &items[index as usize];
                    out.push(below(index.to_string(), Cow::Borrowed(item)));
                }
            }
            Select::FromEnd(back) => {
                let Value::Array(items) = value else { continue };
                if let Some(index) = items.len().checked_sub(*back)
                    && let Some(item) = items.get(index)
                {
                    out.push(below(index.to_string(), Cow::Borrowed(item)));
                }
            }
            Select::Filter(condition) => {
                for (key, item) in children(value) {
                    let lookup = |path: &Path| match path.root() {
                        "@" => crate::value::get(item, path.keys()),
                        "$" => crate::value::get(root, path.keys()),
                        _ => None,
                    };
                    if condition.is_true(&lookup) {
                        out.push(below(key, Cow::Borrowed(item)));
                    }
                }
            }
        }
    }
}

fn children(value: &Value) -> Box<dyn Iterator<Item = (String, &Value)> + '_> {
    match value {
        Value::Array(items) => {
            Box::new(items.iter().enumerate().map(|(at, v)| (at.to_string(), v)))
        }
        Value::Object(fields) => Box::new(fields.iter().map(|(key, v)| (key.clone(), v))),
        _ => Box::new(std::iter::empty()),
    }
}

/// The spot and everything below it, parents first.
fn descendants<'v>(spot: &Spot<'v>) -> Vec<Spot<'v>> {
    let mut found = vec![spot.clone()];
    let mut at = 0;
    while let Some(next) = found.get(at).cloned() {
        at += 1;
        if let Cow::Borrowed(value) = next.value {
            let mut around = next.around.clone();
            around.push((value, next.key.clone()));
            let below = children(value).filter(|(_, v)| v.is_array() || v.is_object());
            let spots = below.map(|(key, value)| Spot {
                value: Cow::Borrowed(value),
                key: Some(key),
                around: around.clone(),
            });
            let spots: Vec<_> = spots.collect();
            // Depth first, as the document reads.
            found.splice(at..at, spots);
        }
    }
    found
}

fn parent<'v>(spot: &Spot<'v>) -> Option<Spot<'v>> {
    let mut around = spot.around.clone();
    let (value, key) = around.pop()?;
    Some(Spot {
        value: Cow::Borrowed(value),
        key,
        around,
    })
}

/// Follows keys through a text.
struct Pluck<'k>(&'k [String]);

impl<'de> DeserializeSeed<'de> for Pluck<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0 {
            [] => serde::Deserialize::deserialize(deserializer).map(Some),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Pluck<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let is_length = matches!(self.0, [key] if key == "length");
        Ok(is_length.then(|| text.encode_utf16().count().into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((wanted, rest)) = self.0.split_first() else {
            return Ok(None);
        };
        let mut found = None;
        while let Some(is_it) = map.next_key_seed(Is(wanted))? {
            match is_it {
                true => found = map.next_value_seed(Pluck(rest))?,
                false => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let Some((wanted, rest)) = self.0.split_first() else {
            return Ok(None);
        };
        let at: Option<usize> = wanted.parse().ok();
        let mut found = None;
        let mut length = 0;
        loop {
            if Some(length) == at {
                let Some(item) = items.next_element_seed(Pluck(rest))? else {
                    break;
                };
                found = item;
            } else if items.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
            length += 1;
        }
        let is_length = wanted == "length" && rest.is_empty();
        Ok(if is_length {
            Some(length.into())
        } else {
            found
        })
    }
}

/// Whether a key is the wanted one; without a text of its own for every key.
struct Is<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn store() -> Value {
        json!({ "store": { "book": [
            { "title": "A", "price": 8.95, "isbn": "1" },
            { "title": "B", "price": 12.99 },
            { "title": "C", "price": 8.99, "isbn": "2" },
            { "title": "D", "price": 22.99 } ],
          "bicycle": { "color": "red", "price": 19.95 } }, "odd key": 1, "limit": 10 })
    }

    #[test]
    fn paths_lead_where_jsonpath_leads() {
        let store = store();
        for (path, expected) in [
            ("$.store.bicycle.color", json!(["red"])),
            ("store.bicycle.color", json!(["red"])),
            ("$['odd key']", json!([1])),
            ("$.store.book[1].title", json!(["B"])),
            ("$.store.book[*].title", json!(["A", "B", "C", "D"])),
            ("$..title", json!(["A", "B", "C", "D"])),
            ("$.store..price", json!([8.95, 12.99, 8.99, 22.99, 19.95])),
            ("$.store.book[0,2].title", json!(["A", "C"])),
            ("$.store.book[1:3].title", json!(["B", "C"])),
            ("$.store.book[-1:].title", json!(["D"])),
            ("$.store.book[::2].title", json!(["A", "C"])),
            ("$.store.book[(@.length-1)].title", json!(["D"])),
            ("$.store.book[-1].title", json!(["D"])),
            ("$.store.book[?(@.isbn)].title", json!(["A", "C"])),
            ("$.store.book[?(@.price < 10)].title", json!(["A", "C"])),
            (
                "$.store.book[?(@.price > $.limit && @.title !== 'B')].title",
                json!(["D"]),
            ),
            (
                "$.store.book[?(@.title.match(/[ab]/i))].title",
                json!(["A", "B"]),
            ),
            ("$.store.book[?(@['title'] == 'C')].price", json!([8.99])),
            ("$.store.book.length", json!([4])),
            ("$.store.bicycle['color','price']", json!(["red", 19.95])),
            ("$.store.bicycle.*~", json!(["color", "price"])),
            ("$.store.book[?(@.title == 'D')]^.length", json!([4])),
            ("$.nothing.here", json!([])),
        ] {
            let parsed = JsonPath::parse(path).unwrap_or_else(|e| panic!("{path}: {e}"));
            let found: Vec<Value> = parsed
                .select(&store)
                .into_iter()
                .map(Cow::into_owned)
                .collect();
            assert_eq!(json!(found), expected, "{path}");
        }
        assert_eq!(JsonPath::parse("$").unwrap().select(&store).len(), 1);
    }

    #[test]
    fn plain_paths_are_plucked_from_text_as_from_the_document() {
        let store = store();
        let text = store.to_string();
        for path in [
            "$.store.book[1].title",
            "$.limit",
            "$.store",
            "$.store.book[9].title",
            "$.store.book.length",
            "$.store.bicycle.color.length",
            "$.limit.x",
            "$",
        ] {
            let path = JsonPath::parse(path).unwrap();
            let plucked = path.pluck(text.as_bytes()).unwrap().unwrap();
            let selected = path.select(&store).into_iter().next().map(Cow::into_owned);
            assert_eq!(plucked, selected, "{path:?}");
        }
        let path = JsonPath::parse("$.a").unwrap();
        assert!(path.pluck(br#"{"a": 1"#).unwrap().is_err());
        assert!(path.pluck(br#"{"a": 1} x"#).unwrap().is_err());
        assert!(JsonPath::parse("$..a").unwrap().pluck(b"{}").is_none());
    }

    #[test]
    fn what_is_no_path_says_why() {
        for text in [
            "",
            "$.a[",
            "$.a[?(@.b]",
            "$.a[?(1 +)]",
            "$[(frob)]",
            "$.a[x:y]",
        ] {
            assert!(JsonPath::parse(text).is_err(), "{text}");
        }
    }
}
