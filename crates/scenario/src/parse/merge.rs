//! From the texts of several files to one tree, and what the command line adds.
//!
//! In Artillery's order: the script, further files and the configuration file laid over it, the
//! chosen environment over the configuration, `--overrides`, variables, and then the
//! configuration's placeholders are filled in, once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Reader;
use crate::diagnostic::did_you_mean;
use crate::template::{Scope, Template};
use crate::tree::{self, Kind, Lists, Node, Place};

/// Reads the files that a script names.
pub trait ReadFile {
    /// The text of a file, by its name relative to the script.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn read(&self, path: &str) -> Result<String, String>;

    /// The contents of a file that need not be text.
    ///
    /// # Errors
    /// As [`ReadFile::read`].
    fn read_bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        self.read(path).map(String::into_bytes)
    }

    /// Whether there is such a file, which somebody else will read.
    fn is_there(&self, _path: &str) -> bool {
        true
    }
}

/// Where there are no files.
#[derive(Debug, Clone, Copy)]
pub struct NoFiles;

impl ReadFile for NoFiles {
    fn read(&self, _path: &str) -> Result<String, String> {
        Err("files are not read here".into())
    }
}

/// A script's text, and everything that goes with it.
#[derive(Clone)]
pub struct Inputs<'a> {
    /// The script's name, for messages.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Names and texts of files that are laid over it, in this order; `-i` and then `-c`.
    pub overlays: &'a [(String, String)],
    /// The environment that is chosen: `-e`.
    pub environment: Option<&'a str>,
    /// JSON that replaces parts of the script: `--overrides`.
    pub overrides: Option<&'a str>,
    /// JSON of variables: `-v`.
    pub variables: Option<&'a str>,
    /// Where the load goes instead: `-t`.
    pub target: Option<&'a str>,
    /// Name and text of the payload that the script leaves open: `-p`.
    pub payload: Option<(&'a str, &'a str)>,
    /// Whether certificates are not verified: `-k`.
    pub is_insecure: bool,
    /// What `$testId` is.
    pub test_id: &'a str,
    /// The absolute name of the directory that `$dirname` is.
    pub directory: &'a str,
    /// The absolute name of the script.
    pub script_path: &'a str,
    /// Variables of the process's environment.
    pub env: &'a BTreeMap<String, String>,
    /// Where other files come from.
    pub files: &'a dyn ReadFile,
    /// What placeholders of the configuration draw from.
    pub seed: u64,
}

static NO_ENV: BTreeMap<String, String> = BTreeMap::new();

impl<'a> Inputs<'a> {
    /// A script alone.
    #[must_use]
    pub fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            overlays: &[],
            environment: None,
            overrides: None,
            variables: None,
            target: None,
            payload: None,
            is_insecure: false,
            test_id: "",
            directory: "",
            script_path: file,
            env: &NO_ENV,
            files: &NoFiles,
            seed: 0,
        }
    }
}

impl Reader<'_> {
    /// The one tree that everything together is.
    pub(super) fn tree(&mut self) -> Option<Node> {
        let inputs = self.inputs;
        let mut root = self.file_tree(inputs.file, inputs.text)?;
        for (name, text) in inputs.overlays {
            let overlay = self.file_tree(name, text)?;
            root.merge(overlay, Lists::Merge);
        }
        if let Some(name) = inputs.environment {
            self.lay_environment(&mut root, name);
        }
        if let Some(text) = inputs.overrides {
            let overrides = self.file_tree("--overrides", text)?;
            root.merge(overrides, Lists::Replace);
        }
        if let Some(text) = inputs.variables {
            let variables = self.file_tree("--variables", text)?;
            let place = variables.place;
            let wrapped = wrap(place, "config", wrap(place, "variables", variables));
            root.merge(wrapped, Lists::Replace);
        }
        if let Some(target) = inputs.target {
            let place = self.named_place("--target");
            let target = Node::at(place, target.into());
            let wrapped = wrap(place, "config", wrap(place, "target", target));
            root.merge(wrapped, Lists::Replace);
        }
        self.fill_config(&mut root);
        Some(root)
    }

    fn named_place(&mut self, name: &str) -> Place {
        self.files.push(name.to_owned());
        Place {
            file: self.files.len() - 1,
            line: 1,
            column: 1,
        }
    }

    fn file_tree(&mut self, name: &str, text: &str) -> Option<Node> {
        let place = self.named_place(name);
        match tree::parse(text, place.file) {
            Ok(node) => Some(node),
            Err((place, message)) => {
                let hint = match name.starts_with("--") {
                    true => "it has to be a JSON object",
                    false => "a load script is JSON or YAML with `config` and `scenarios`",
                };
                let message = format!("neither JSON nor YAML: {message}");
                self.error(place, message, Some(hint.into()));
                None
            }
        }
    }

    fn lay_environment(&mut self, root: &mut Node, name: &str) {
        let Kind::Map(fields) = &mut root.kind else {
            return;
        };
        let Some((_, config)) = fields.iter_mut().rfind(|(key, _)| key.name == "config") else {
            return;
        };
        let place = config.place;
        let environments = config.get("environments");
        match environments.and_then(|all| all.get(name)).cloned() {
            Some(environment) => config.merge(environment, Lists::Merge),
            None => {
                let known = match environments.map(|all| &all.kind) {
                    Some(Kind::Map(all)) => all.iter().map(|(key, _)| key.name.as_str()).collect(),
                    _ => Vec::new(),
                };
                let hint = did_you_mean(name, known.iter().copied());
                let message = format!("the environment `{name}` is not among `environments`");
                self.warning(place, message, hint);
            }
        }
    }

    /// Fills in the configuration's placeholders, but for those that only sessions can fill in.
    fn fill_config(&mut self, root: &mut Node) {
        let mut known = self.globals("");
        known.remove("target");
        let from_flags = self.inputs.variables.unwrap_or_default();
        if let Ok(Value::Object(variables)) = serde_json::from_str(from_flags) {
            known.extend(variables);
        }
        let Kind::Map(fields) = &mut root.kind else {
            return;
        };
        let Some((_, config)) = fields.iter_mut().rfind(|(key, _)| key.name == "config") else {
            return;
        };
        let mut scope = Known {
            variables: known,
            state: self.inputs.seed,
        };
        let mut missing = Vec::new();
        config.for_each_text(&mut |text| {
            if !text.contains("{{") {
                return None;
            }
            let template = Template::parse(text).ok()?;
            let roots = template.roots();
            if !roots.iter().all(|root| scope.variables.contains_key(*root)) {
                return None;
            }
            let value = template.value(&mut scope);
            if value.is_none() {
                missing.push(text.to_owned());
            }
            Some(value.unwrap_or(Value::Null))
        });
        let place = config.place;
        for text in missing {
            let hint = "set the variable before the start, or in the file of `--dotenv`";
            self.warning(place, format!("`{text}` has no value"), Some(hint.into()));
        }
    }
}

fn wrap(place: Place, name: &str, node: Node) -> Node {
    let key = tree::Key {
        place,
        name: name.to_owned(),
    };
    Node {
        place,
        kind: Kind::Map(vec![(key, node)]),
    }
}

/// What is known before any session.
struct Known {
    variables: BTreeMap<String, Value>,
    state: u64,
}

impl Scope for Known {
    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
