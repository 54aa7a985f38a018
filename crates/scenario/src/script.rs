//! A script as it is meant: checked, complete, nothing of its text left.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::{
    Capture, Expectation, Expression, Jitter, JsonTemplate, Match, Phase, Settings,
    SocketIoSettings, Spread, Target, Template,
};

/// A checked load script.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// Where the load goes.
    pub target: Target,
    /// The script's own plan of arrivals; may be empty.
    pub phases: Vec<Phase>,
    /// How phases spread their arrivals that do not say it themselves.
    pub spread: Spread,
    /// What a session does, one of these by weight; never empty.
    pub scenarios: Vec<Scenario>,
    /// Performed once before the first session; what it captures, every session has.
    pub before: Option<Scenario>,
    /// Performed once after the last session.
    pub after: Option<Scenario>,
    /// What `config` says of all sessions.
    pub settings: Settings,
    /// Variables that are the same for all sessions: `target`, `$environment` and such.
    pub globals: BTreeMap<String, Value>,
    /// Names of endpoints, as metrics are counted by; requests know theirs by its index.
    pub endpoints: Vec<String>,
    /// Whether something is filled in from `$`, the last JSON body.
    pub uses_last_body: bool,
}

/// One kind of session.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// How often it is taken, relative to the others; above zero.
    pub weight: f64,
    /// What its steps are performed with.
    pub engine: Engine,
    /// Functions of the processor around its steps.
    pub hooks: Hooks,
    /// Where it differs from the configuration's.
    pub socketio: Option<SocketIoSettings>,
    /// What it does, in order.
    pub flow: Vec<Step>,
}

/// Functions of the processor that are called around steps, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Before the first step.
    pub before_scenario: Vec<String>,
    /// After the last step.
    pub after_scenario: Vec<String>,
    /// Before every request.
    pub before_request: Vec<String>,
    /// After every response.
    pub after_response: Vec<String>,
    /// When a step fails.
    pub on_error: Vec<String>,
}

/// What a scenario's steps are performed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// HTTP requests.
    Http,
    /// Messages over one WebSocket connection.
    Ws,
    /// Events over Socket.IO, and HTTP requests.
    SocketIo,
}

/// One step of a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send a request and read its response.
    Request(Box<HttpRequest>),
    /// Open the WebSocket in another way than the configuration says.
    Connect(Box<Connect>),
    /// Send a message, and perhaps wait for an answer.
    Send(Box<Send>),
    /// Wait for a message.
    Wait(Box<Reply>),
    /// Send a Socket.IO event, and perhaps wait for an answer.
    Emit(Box<Emit>),
    /// Wait.
    Think(Think),
    /// Write a line to standard error.
    Log(Template),
    /// Call a function of the processor.
    Function(Template),
    /// Do steps again and again.
    Loop(Box<Loop>),
    /// Do steps at the same time, so many at once.
    Parallel(Vec<Step>, usize),
}

/// A pause.
#[derive(Debug, Clone, PartialEq)]
pub struct Think {
    /// How long.
    pub span: Span,
    /// By how much it may differ.
    pub jitter: Option<Jitter>,
}

/// A span of time.
#[derive(Debug, Clone, PartialEq)]
pub enum Span {
    /// This long.
    Fixed(Duration),
    /// As a text says that is filled in: seconds, or `500ms`.
    Filled(Template),
}

impl Span {
    /// Reads seconds, or a span such as `500ms`, `30s`, `2m`, `1h`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Duration> {
        let seconds = crate::parse::span_seconds(text.trim())?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// Steps that are repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct Loop {
    /// How often.
    pub rounds: Rounds,
    /// A function of the processor that says after a round whether there is another, or a condition.
    pub while_true: Option<Condition>,
    /// The variable that counts.
    pub count_name: String,
    /// The variable of the value that a round is for.
    pub element_name: String,
    /// What is repeated.
    pub steps: Vec<Step>,
}

/// How often steps are repeated.
#[derive(Debug, Clone, PartialEq)]
pub enum Rounds {
    /// Counting from the first number up to the second, which is not reached.
    Count(u64, u64),
    /// As a text says that is filled in.
    Filled(Template),
    /// Once for each of these.
    Over(JsonTemplate),
    /// Once for each item of a variable.
    OverVariable(String),
    /// Without end, until the session is ended.
    Forever,
}

impl Rounds {
    /// Reads a number, or a range as `1-5`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(count) = text.parse::<f64>() {
            return Some(match count < 0.0 {
                true => Self::Forever,
                false => Self::Count(0, count as u64),
            });
        }
        let (from, to) = text.split_once('-')?;
        Some(Self::Count(
            from.trim().parse().ok()?,
            to.trim().parse().ok()?,
        ))
    }
}

/// Whether a step is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// If this is true of the variables; a mere name may be a function of the processor.
    Expression(Expression),
    /// If a function of the processor says so.
    Function(String),
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRequest {
    /// In capitals.
    pub method: String,
    /// A path under the target, or an absolute URL.
    pub url: Template,
    /// What it is called in metrics.
    pub name: Option<Template>,
    /// Its endpoint, if that is known beforehand: an index into the script's.
    pub endpoint: Option<usize>,
    /// The URL's query, instead of the one in it.
    pub query: Vec<(String, JsonTemplate)>,
    /// The script's, and this request's where they differ; names in lower case.
    pub headers: Vec<(String, Template)>,
    /// Cookies that are set before it.
    pub cookies: Vec<(String, Template)>,
    /// What is sent.
    pub body: Body,
    /// User and password.
    pub auth: Option<(Template, Template)>,
    /// What is kept of the response.
    pub captures: Vec<Capture>,
    /// What the response has to have.
    pub matches: Vec<Match>,
    /// What the plug-in `expect` looks at.
    pub expectations: Vec<Expectation>,
    /// Functions of the processor, before and after.
    pub before_request: Vec<String>,
    /// Called with the response.
    pub after_response: Vec<String>,
    /// Whether it is made at all.
    pub condition: Option<Condition>,
    /// How likely it is made, in percent.
    pub probability: Option<f64>,
    /// Whether redirects are followed.
    pub follows_redirects: bool,
    /// Whether compressed responses are asked for.
    pub decompresses: bool,
    /// The request as it is written, for functions of the processor.
    pub source: Value,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// A text as it stands.
    Text(Template),
    /// A JSON document.
    Json(JsonTemplate),
    /// `application/x-www-form-urlencoded` fields.
    Form(Vec<(String, JsonTemplate)>),
    /// `multipart/form-data` parts.
    Multipart(Vec<Part>),
}

/// A part of `multipart/form-data`.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// What it carries.
    pub content: PartContent,
    /// Its type, if it says one.
    pub content_type: Option<Template>,
}

/// What a part carries.
#[derive(Debug, Clone, PartialEq)]
pub enum PartContent {
    /// A text.
    Text(JsonTemplate),
    /// A file, by its name relative to the script.
    File(Template),
}

/// How a WebSocket is opened.
#[derive(Debug, Clone, PartialEq)]
pub enum Connect {
    /// To another URL than the target's, with other headers and protocols where they are given.
    To {
        /// The URL, if it is not the target's.
        target: Option<Template>,
        /// Sent with the opening request.
        headers: Option<Vec<(String, Template)>>,
        /// Offered to the server.
        subprotocols: Option<Vec<String>>,
        /// Whether messages may be compressed.
        has_compression: Option<bool>,
        /// The URL of a proxy.
        proxy: Option<String>,
    },
    /// As a function of the processor makes it.
    Function(String),
}

/// A message to send over a WebSocket.
#[derive(Debug, Clone, PartialEq)]
pub struct Send {
    /// A string is sent as it is, anything else as JSON.
    pub payload: JsonTemplate,
    /// The answer to wait for, if there is one.
    pub reply: Option<Reply>,
}

/// A message to wait for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reply {
    /// What is kept of it.
    pub captures: Vec<Capture>,
    /// What makes it the one that is waited for.
    pub matches: Vec<Match>,
}

/// A Socket.IO event to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Emit {
    /// The event's name and its arguments.
    pub arguments: Vec<JsonTemplate>,
    /// The namespace, empty for the main one.
    pub namespace: Template,
    /// An event that has to come back.
    pub response: Option<Answer>,
    /// What the acknowledgement has to be.
    pub acknowledge: Option<Answer>,
}

/// What has to come back for an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The event's name; an acknowledgement has none.
    pub event: Option<Template>,
    /// What has to be in it.
    pub data: Option<JsonTemplate>,
    /// Whether a text is looked for in all arguments together.
    pub is_joined: bool,
    /// What is kept of it, and what it has to have.
    pub reply: Reply,
}

impl Script {
    /// The highest arrival rate of the script's own plan, per second; 0 if it has none.
    #[must_use]
    pub fn peak_rate(&self) -> f64 {
        self.phases.iter().map(Phase::peak_rate).fold(0.0, f64::max)
    }

    /// The names of all functions of the processor that are called, each once.
    #[must_use]
    pub fn functions(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for scenario in self.scenarios.iter().chain(&self.before).chain(&self.after) {
            let hooks = &scenario.hooks;
            let of_scenario = [
                &hooks.before_scenario,
                &hooks.after_scenario,
                &hooks.before_request,
                &hooks.after_response,
                &hooks.on_error,
            ];
            names.extend(of_scenario.into_iter().flatten().map(String::as_str));
            functions_of(&scenario.flow, &mut names);
        }
        // What is filled in is known only then.
        names.retain(|name| !name.contains("{{"));
        names
    }

    /// The scenario that a number drawn uniformly from 0 up to 1 falls on.
    #[must_use]
    pub fn pick(&self, draw: f64) -> &Scenario {
        let total: f64 = self.scenarios.iter().map(|s| s.weight).sum();
        let mut left = draw * total;
        for scenario in &self.scenarios {
            left -= scenario.weight;
            if left < 0.0 {
                return scenario;
            }
        }
        &self.scenarios[self.scenarios.len() - 1]
    }
}

fn functions_of<'s>(steps: &'s [Step], names: &mut BTreeSet<&'s str>) {
    for step in steps {
        match step {
            Step::Request(request) => {
                let hooks = request.before_request.iter().chain(&request.after_response);
                names.extend(hooks.map(String::as_str));
            }
            Step::Connect(connect) => {
                if let Connect::Function(name) = &**connect {
                    names.insert(name);
                }
            }
            Step::Function(name) => names.extend(name.as_fixed()),
            Step::Loop(repeated) => {
                if let Some(Condition::Function(name)) = &repeated.while_true {
                    names.insert(name);
                }
                functions_of(&repeated.steps, names);
            }
            Step::Parallel(steps, _) => functions_of(steps, names),
            _ => {}
        }
    }
}
