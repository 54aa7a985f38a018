//! A session's variables and random numbers.
//!
//! A session starts without copying anything: its row of a payload and what the script sets are
//! looked up where they are; only what it captures is its own.

use std::cell::OnceCell;
use std::collections::HashMap;

use scenario::{PayloadOrder, Scope, Script, uuid, value};
use serde_json::{Map, Value};

/// What placeholders are filled in from.
#[derive(Debug, Clone)]
pub(crate) struct Variables<'a> {
    number: u64,
    script: &'a Script,
    /// What `before` has captured.
    before: &'a Map<String, Value>,
    /// The rows of payloads, in the order of the payloads.
    rows: Vec<Option<&'a [Value]>>,
    /// What was drawn of several values.
    drawn: Vec<(&'a str, &'a Value)>,
    /// What whole payloads are in.
    whole: OnceCell<HashMap<&'a str, Value>>,
    own: HashMap<String, Value>,
    id: u128,
    uuid: OnceCell<Value>,
    random: fastrand::Rng,
}

impl<'a> Variables<'a> {
    /// What a session draws follows from the seed and its number alone.
    pub(crate) fn new(
        script: &'a Script,
        before: &'a Map<String, Value>,
        seed: u64,
        number: u64,
    ) -> Self {
        // Neighbors must not draw alike: the golden ratio spreads their seeds, as in SplitMix64.
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut random = fastrand::Rng::with_seed(seed ^ spread);
        let settings = &script.settings;
        let row = |payload: &'a scenario::Payload, random: &mut fastrand::Rng| {
            let count = payload.rows.len();
            let at = match payload.order {
                _ if count == 0 => return None,
                PayloadOrder::All(_) => return None,
                // By its number, so that a plan that is split among machines deals the same rows.
                PayloadOrder::Sequence => (number % count as u64) as usize,
                PayloadOrder::Random => random.usize(..count),
            };
            Some(&payload.rows[at][..])
        };
        let rows = settings.payloads.iter().map(|p| row(p, &mut random));
        let rows = rows.collect();
        let mut drawn = Vec::with_capacity(settings.variables.len());
        for (name, choices) in &settings.variables {
            if let Some(value) = random.choice(choices) {
                drawn.push((name.as_str(), value));
            }
        }
        Self {
            number,
            script,
            before,
            rows,
            drawn,
            whole: OnceCell::new(),
            own: HashMap::new(),
            id: random.u128(..),
            uuid: OnceCell::new(),
            random,
        }
    }

    /// The session's number.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// A number from 0 up to 1.
    pub(crate) fn draw(&mut self) -> f64 {
        self.random.f64()
    }

    /// The session's variables for a part of it that goes on at the same time.
    pub(crate) fn fork(&mut self) -> Self {
        let mut fork = self.clone();
        fork.random = self.random.fork();
        fork
    }

    /// Takes over what a fork has set.
    pub(crate) fn join(&mut self, fork: Self) {
        for (name, value) in fork.own {
            if self.own.get(&name) != Some(&value) {
                self.own.insert(name, value);
            }
        }
    }

    pub(crate) fn set(&mut self, name: &str, new: Value) {
        match self.own.get_mut(name) {
            Some(old) => *old = new,
            None => {
                self.own.insert(name.to_owned(), new);
            }
        }
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.own.remove(name);
    }

    /// Sets what a path leads to, as captures do.
    pub(crate) fn set_at(&mut self, path: &str, new: Value) {
        if !path.contains(['.', '[']) {
            self.set(path, new);
            return;
        }
        let keys = value::keys(path);
        if let Some((root, rest)) = keys.split_first() {
            let mut whole = self.variable(root).cloned().unwrap_or(Value::Null);
            value::set(&mut whole, rest, new);
            self.set(root, whole);
        }
    }

    /// All variables but those of the process's environment, for functions of the processor.
    pub(crate) fn all(&self) -> Map<String, Value> {
        let mut all = Map::new();
        for (name, value) in &self.script.globals {
            all.insert(name.clone(), value.clone());
        }
        all.extend(self.before.clone());
        for (payload, row) in self.script.settings.payloads.iter().zip(&self.rows) {
            for (field, value) in payload.fields.iter().zip(row.unwrap_or_default()) {
                all.insert(field.clone(), value.clone());
            }
        }
        for (name, value) in self.whole_payloads() {
            all.insert((*name).to_owned(), value.clone());
        }
        for (name, value) in &self.drawn {
            all.insert((*name).to_owned(), (*value).clone());
        }
        all.insert("$uuid".into(), self.session_uuid().clone());
        for (name, value) in &self.own {
            all.insert(name.clone(), value.clone());
        }
        all
    }

    /// What the session has set itself, on top of what was there before.
    pub(crate) fn captured(self, before: &Map<String, Value>) -> Map<String, Value> {
        let mut captured = before.clone();
        captured.extend(self.own);
        captured
    }

    fn session_uuid(&self) -> &Value {
        self.uuid.get_or_init(|| uuid(self.id).into())
    }

    fn whole_payloads(&self) -> &HashMap<&'a str, Value> {
        self.whole.get_or_init(|| {
            let payloads = self.script.settings.payloads.iter();
            let named = payloads.filter_map(|payload| match &payload.order {
                PayloadOrder::All(name) => Some((name.as_str(), payload)),
                _ => None,
            });
            named
                .map(|(name, payload)| (name, whole(payload)))
                .collect()
        })
    }
}

/// All rows: objects, if the fields have names.
fn whole(payload: &scenario::Payload) -> Value {
    let row = |row: &Vec<Value>| match payload.fields.is_empty() {
        true => Value::Array(row.clone()),
        false => payload
            .fields
            .iter()
            .cloned()
            .zip(row.iter().cloned())
            .collect(),
    };
    payload.rows.iter().map(row).collect()
}

impl Scope for Variables<'_> {
    fn variable(&self, name: &str) -> Option<&Value> {
        if let Some(own) = self.own.get(name) {
            return Some(own);
        }
        if name == "$uuid" {
            return Some(self.session_uuid());
        }
        if let Some((_, drawn)) = self.drawn.iter().find(|(known, _)| *known == name) {
            return Some(drawn);
        }
        for (payload, row) in self.script.settings.payloads.iter().zip(&self.rows) {
            if let Some(row) = row
                && let Some(at) = payload.fields.iter().position(|field| field == name)
            {
                return row.get(at);
            }
        }
        if !self.script.settings.payloads.is_empty()
            && let Some(whole) = self.whole_payloads().get(name)
        {
            return Some(whole);
        }
        let before = self.before.get(name);
        before.or_else(|| self.script.globals.get(name))
    }

    fn random(&mut self) -> u64 {
        self.random.u64(..)
    }
}

#[cfg(test)]
mod tests {
    use scenario::Template;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_session_draws_follows_from_seed_and_number() {
        let text = r#"{"config": {"target": "http://localhost", "variables": {"n": [1, 2, 3, 4]}},
            "scenarios": [{"flow": []}]}"#;
        let script = scenario::parse(text, "s.json").script.unwrap();
        let before = Map::new();
        let draws = |seed| -> Vec<String> {
            let template = Template::parse("{{ n }}-{{ $randomString(8) }}-{{ $uuid }}").unwrap();
            let of = |number| Variables::new(&script, &before, seed, number);
            (0..50)
                .map(|number| template.render(&mut of(number)).into_owned())
                .collect()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        let different: std::collections::HashSet<_> = draws(1).into_iter().collect();
        assert_eq!(different.len(), 50);
    }

    #[test]
    fn captures_hide_what_the_script_sets() {
        let text = r#"{"config": {"target": "http://localhost", "variables": {"a": {"b": 1}}},
            "scenarios": [{"flow": []}]}"#;
        let script = scenario::parse(text, "s.json").script.unwrap();
        let before = Map::from_iter([("token".to_owned(), json!("t"))]);
        let mut variables = Variables::new(&script, &before, 1, 0);
        variables.set_at("a.c", json!(2));
        variables.set_at("d", json!(3));
        assert_eq!(variables.variable("a"), Some(&json!({ "b": 1, "c": 2 })));
        assert_eq!(variables.variable("token"), Some(&json!("t")));
        assert_eq!(
            variables.variable("target"),
            Some(&json!("http://localhost"))
        );
        let mut fork = variables.fork();
        fork.set("e", json!(4));
        variables.join(fork);
        let all = variables.all();
        assert_eq!((&all["d"], &all["e"]), (&json!(3), &json!(4)));
        variables.unset("d");
        assert_eq!(variables.variable("d"), None);
    }
}
