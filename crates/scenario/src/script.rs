//! A script as it is meant: checked, complete, nothing of its text left.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::{JsonTemplate, Phase, Spread, Target, Template};

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
    /// How long a response may take.
    pub timeout: Duration,
    /// Sent with every request.
    pub headers: Vec<(String, Template)>,
    /// The values that each session draws one of.
    pub variables: BTreeMap<String, Vec<Value>>,
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
    /// What it does, in order.
    pub flow: Vec<Step>,
}

/// What a scenario's steps are performed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// HTTP requests.
    Http,
    /// Messages over one WebSocket connection.
    Ws,
}

/// One step of a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send a request and read its response.
    Request(HttpRequest),
    /// Send a text message.
    Send(Template),
    /// Wait.
    Think(Duration),
    /// Do these steps so many times.
    Loop {
        /// How many times.
        count: u64,
        /// What is repeated.
        steps: Vec<Step>,
    },
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRequest {
    /// In capitals.
    pub method: &'static str,
    /// A path under the target, or an absolute URL.
    pub url: Template,
    /// Added to the URL's query.
    pub query: Vec<(String, Template)>,
    /// In addition to the script's, which they replace.
    pub headers: Vec<(String, Template)>,
    /// What is sent.
    pub body: Body,
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
    Form(Vec<(String, Template)>),
}

impl Script {
    /// The highest arrival rate of the script's own plan, per second; 0 if it has none.
    #[must_use]
    pub fn peak_rate(&self) -> f64 {
        self.phases.iter().map(Phase::peak_rate).fold(0.0, f64::max)
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
