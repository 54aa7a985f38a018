//! The tools: one list of values, from which their description for agents and their calls come.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::arguments::{read, schema, with_rows};
use crate::desk::{Desk, Problem};
use crate::{runs, snapshots};

/// One tool.
pub(crate) struct Spec {
    name: &'static str,
    description: &'static str,
    properties: fn() -> Value,
    required: &'static [&'static str],
    /// Whether a call changes nothing but what is kept in memory.
    is_read_only: bool,
    answer: fn(&dyn Desk, JsonObject) -> Result<Answer, Problem>,
}

const RUN: &str = "folder of a run";
const SNAPSHOT: &str = "heap snapshot file, or folder of a run: its snapshot after the last round";
const OBJECT: &str = "@ID, or a class name: the largest object of it";

/// All of them, in the order in which they are commonly needed.
pub(crate) const TOOLS: [Spec; 9] = [
    Spec {
        name: "list",
        description: "Runs and heap snapshots that can be read, the newest first.",
        properties: || json!({}),
        required: &[],
        is_read_only: true,
        answer: |desk, arguments| call(desk, arguments, runs::list),
    },
    Spec {
        name: "verdict",
        description: "Whether the service of a run leaks: outcome, reason, suspects with the lines \
            that declare and add, what to do next.",
        properties: || json!({ "run": text(RUN) }),
        required: &["run"],
        is_read_only: true,
        answer: |desk, arguments| call(desk, arguments, runs::verdict),
    },
    Spec {
        name: "explain_suspect",
        description: "One suspect of a run: what piles up, the object that keeps it, the retaining \
            path, the source lines, what comes with it.",
        properties: || json!({ "run": text(RUN), "rank": number("from 1, the largest leak; 1 if not given", 1) }),
        required: &["run"],
        is_read_only: true,
        answer: |desk, arguments| call(desk, arguments, runs::explain_suspect),
    },
    Spec {
        name: "diff",
        description: "Which classes grew from one heap snapshot to a later one of the same process. \
            Give `run` for its measured rounds, or `base` and `newer`.",
        properties: || {
            with_rows(json!({
                "run": text(RUN), "base": text("earlier snapshot file"),
                "newer": text("later snapshot file"),
            }))
        },
        required: &[],
        is_read_only: true,
        answer: |desk, arguments| call(desk, arguments, snapshots::diff),
    },
    Spec {
        name: "summary",
        description: "What a heap snapshot holds by class; or with `class`, the objects of one.",
        properties: || {
            with_rows(json!({ "snapshot": text(SNAPSHOT), "class": text("a class, by its name") }))
        },
        required: &["snapshot"],
        is_read_only: true,
        answer: |desk, arguments| call(desk, arguments, snapshots::summary),
    },
    Spec {
        name: "retainers",
        description: "What refers to an object, by distance from the roots.",
        properties: || {
            with_rows(json!({
                "snapshot": text(SNAPSHOT), "object": text(OBJECT),
                "depth": number("levels of the tree, 1 if not given", 1),
            }))
        },
        required: &["snapshot", "object"],
        is_read_only: true,
        answer: |desk, arguments| call(desk, arguments, snapshots::retainers),
    },
    Spec {
        name: "path",
        description: "Why an object is alive: the path from the roots to it; of a class name, the \
            paths to all its objects, those alike taken together.",
        properties: || {
            with_rows(json!({
                "snapshot": text(SNAPSHOT),
                "object": text("@ID of an object, or a class name"),
            }))
        },
        required: &["snapshot", "object"],
        is_read_only: true,
        answer: |desk, arguments| call(desk, arguments, snapshots::path),
    },
    Spec {
        name: "object",
        description: "Everything about one object: sizes, text or properties, what it refers to, \
            what refers to it.",
        properties: || with_rows(json!({ "snapshot": text(SNAPSHOT), "object": text(OBJECT) })),
        required: &["snapshot", "object"],
        is_read_only: true,
        answer: |desk, arguments| call(desk, arguments, snapshots::object),
    },
    Spec {
        name: "hunt",
        description: "Runs a command that the user has allowed under exactly counted load and answers \
            with the verdict. Takes minutes: if it is not done in time the answer says so; then \
            call again to go on waiting.",
        properties: || {
            json!({
                "command": text("which of the allowed commands, to the letter; not needed if there is one"),
                "sessions": number("sessions of the first round, 101 if not given", 10),
                "rounds": number("measured rounds, 3 if not given", 2),
                "wait_seconds": number("seconds to wait, 45 if not given", 0),
            })
        },
        required: &[],
        is_read_only: false,
        answer: |desk, arguments| call(desk, arguments, runs::hunt),
    },
];

impl Spec {
    /// The tool of a name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        static ALL: &[Spec] = &TOOLS;
        ALL.iter().find(|tool| tool.name == name)
    }

    /// Whether it is offered by this server at all.
    pub(crate) fn is_offered(&self, desk: &dyn Desk) -> bool {
        self.is_read_only || !desk.allowed_hunts().is_empty()
    }

    /// As agents are told of it.
    pub(crate) fn tool(&self) -> Tool {
        let annotations = ToolAnnotations::new()
            .read_only(self.is_read_only)
            .destructive(false)
            .open_world(false);
        let schema = schema(&(self.properties)(), self.required);
        Tool::new(self.name, self.description, std::sync::Arc::new(schema))
            .with_annotations(annotations)
    }

    /// Calls it.
    pub(crate) fn answer(&self, desk: &dyn Desk, arguments: JsonObject) -> Result<String, Problem> {
        let properties = (self.properties)();
        let known = |name: &String| properties.get(name).is_some();
        if let Some(unknown) = arguments.keys().find(|name| !known(name)) {
            let unknown = report::printable(unknown);
            let names = properties.as_object().map(|p| p.keys().cloned().collect());
            let names: Vec<String> = names.unwrap_or_default();
            return Err(Problem::new(format!("no argument `{unknown}`"))
                .hint(format!("the arguments are `{}`", names.join("`, `"))));
        }
        (self.answer)(desk, arguments).map(Answer::text)
    }
}

fn call<A: DeserializeOwned>(
    desk: &dyn Desk,
    arguments: JsonObject,
    answer: impl FnOnce(&dyn Desk, &A) -> Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    answer(desk, &read(arguments)?)
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn number(description: &str, least: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "description": description })
}
