//! What is counted and timed while load is performed.
//!
//! One lock for everything: load runs on one thread, so that it is hardly ever waited for, and a
//! reader never sees a session that has ended before it began. Nothing here grows with the number
//! of sessions or requests: only with that of different names.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use recording::Ledger;

use crate::cause::Cause;
use crate::tally::{Tally, Times};
use crate::transport::ResponseFacts;

/// A session that starts later than this after it was due is counted as late.
pub const LATE: Duration = Duration::from_millis(10);

/// What the counters of sessions by their scenario are called, up to its name.
pub(crate) const BY_SCENARIO: &str = "vusers.created_by_name.";

/// The only scenario, if it has no name, is every session: that is counted already.
pub(crate) fn forget_the_only(scenarios: &mut BTreeMap<String, u64>) {
    if scenarios.len() == 1 {
        scenarios.remove("0");
    }
}

/// Counts and times that anyone may read while the load lasts.
#[derive(Debug, Default)]
pub struct Meter {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// All periods that are over.
    before: Counts,
    /// The period that lasts.
    now: Counts,
    span: Span,
    began: Span,
    /// What the script's endpoints are called in reports, by their index.
    endpoint_names: Vec<EndpointNames>,
    /// The reports of periods that are over: what they weigh does not depend on the load.
    periods: Vec<serde_json::Value>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            before: Counts::default(),
            now: Counts::default(),
            span: Span::begin(),
            began: Span::begin(),
            endpoint_names: Vec::new(),
            periods: Vec::new(),
        }
    }
}

/// When something began, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) unix_ms: u64,
    pub(crate) began: Instant,
}

impl Span {
    fn begin() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            unix_ms: since.map_or(0, |since| since.as_millis() as u64),
            began: Instant::now(),
        }
    }
}

/// Everything that is counted within one span of time.
#[derive(Debug, Default)]
struct Counts {
    ledger: Ledger,
    late: u64,
    codes: BTreeMap<u16, u64>,
    downloaded_bytes: u64,
    session_length: Times,
    /// From when a request should have begun to the first byte of its response.
    response_time: Times,
    /// The same by the first digit of the status.
    by_class: [Times; 6],
    /// From when it was handed to the system: without waiting for a connection, or for us.
    service_time: Times,
    start_lag: Times,
    /// Responses by the script's endpoints: most have one, and a name to look up for each response
    /// would cost more than all other counting.
    endpoints: Vec<Endpoint>,
    /// Whatever else is counted and timed, by its full name.
    named: BTreeMap<String, u64>,
    named_times: BTreeMap<String, Times>,
    rates: BTreeMap<String, u64>,
}

/// What an endpoint's metrics are called.
#[derive(Debug, Clone, Default)]
pub(crate) struct EndpointNames {
    /// Of the times until its responses.
    pub(crate) response_time: String,
    /// Of its responses by status, up to the status.
    pub(crate) codes: String,
}

/// Responses of one endpoint.
#[derive(Debug, Default)]
struct Endpoint {
    codes: BTreeMap<u16, u64>,
    times: Times,
}

impl Counts {
    fn endpoint(&mut self, at: usize) -> &mut Endpoint {
        if at >= self.endpoints.len() {
            self.endpoints.resize_with(at + 1, Endpoint::default);
        }
        &mut self.endpoints[at]
    }

    fn add(&mut self, other: &Self) {
        self.ledger.add(&other.ledger);
        self.late += other.late;
        self.downloaded_bytes += other.downloaded_bytes;
        for (code, count) in &other.codes {
            *self.codes.entry(*code).or_default() += count;
        }
        self.session_length.add(&other.session_length);
        self.response_time.add(&other.response_time);
        for (class, times) in self.by_class.iter_mut().zip(&other.by_class) {
            class.add(times);
        }
        self.service_time.add(&other.service_time);
        self.start_lag.add(&other.start_lag);
        for (theirs, at) in other.endpoints.iter().zip(0..) {
            let ours = self.endpoint(at);
            ours.times.add(&theirs.times);
            for (code, count) in &theirs.codes {
                *ours.codes.entry(*code).or_default() += count;
            }
        }
        add_counts(&mut self.named, &other.named);
        add_counts(&mut self.rates, &other.rates);
        for (name, times) in &other.named_times {
            self.named_times.entry(name.clone()).or_default().add(times);
        }
    }

    /// The same under Artillery's names.
    fn tally(&self, endpoint_names: &[EndpointNames]) -> Tally {
        let mut tally = Tally {
            counters: self.named.clone(),
            rates: self.rates.clone(),
            times: self.named_times.clone(),
        };
        let Ledger {
            requests,
            messages_sent,
            messages_received,
            ..
        } = self.ledger;
        for (name, count) in [
            ("vusers.created", self.ledger.created),
            ("vusers.completed", self.ledger.completed),
            ("vusers.failed", self.ledger.failed),
            ("vusers.skipped", self.ledger.skipped),
            ("leakscope.late", self.late),
            ("http.requests", requests),
            ("http.responses", self.codes.values().sum()),
            ("http.downloaded_bytes", self.downloaded_bytes),
            ("websocket.messages_sent", messages_sent),
            ("websocket.messages_received", messages_received),
        ] {
            // Artillery always has these two, and nothing else that is zero.
            if count > 0 || matches!(name, "vusers.created" | "vusers.failed") {
                tally.count(name, count);
            }
        }
        for (code, count) in &self.codes {
            tally.count(&format!("http.codes.{code}"), *count);
        }
        for (cause, count) in &self.ledger.failures {
            tally.count(&format!("errors.{cause}"), *count);
        }
        for (name, count) in [
            ("http.request_rate", requests),
            ("websocket.send_rate", messages_sent),
            ("websocket.receive_rate", messages_received),
        ] {
            if count > 0 {
                *tally.rates.entry(name.to_owned()).or_default() += count;
            }
        }
        for (name, times) in [
            ("vusers.session_length", &self.session_length),
            ("http.response_time", &self.response_time),
            ("leakscope.service_time", &self.service_time),
            ("leakscope.start_lag", &self.start_lag),
        ] {
            tally.add_times(name, times);
        }
        for (class, times) in self.by_class.iter().enumerate() {
            tally.add_times(&format!("http.response_time.{class}xx"), times);
        }
        for (endpoint, names) in self.endpoints.iter().zip(endpoint_names) {
            tally.add_times(&names.response_time, &endpoint.times);
            for (code, count) in &endpoint.codes {
                tally.count(&format!("{}{code}", names.codes), *count);
            }
        }
        tally
    }
}

fn add_counts(to: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>) {
    for (name, count) in from {
        *to.entry(name.clone()).or_default() += count;
    }
}

impl Meter {
    /// The sessions so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let state = self.state();
        let mut ledger = state.before.ledger.clone();
        ledger.add(&state.now.ledger);
        for counts in [&state.before, &state.now] {
            for (name, count) in &counts.named {
                if let Some(scenario) = name.strip_prefix(BY_SCENARIO) {
                    *ledger.scenarios.entry(scenario.to_owned()).or_default() += count;
                }
            }
            for (status, count) in &counts.codes {
                *ledger.responses.entry(*status).or_default() += count;
            }
        }
        forget_the_only(&mut ledger.scenarios);
        ledger
    }

    /// Everything so far, by name.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let state = self.state();
        let mut tally = state.before.tally(&state.endpoint_names);
        tally.add(&state.now.tally(&state.endpoint_names));
        tally
    }

    /// Ends a period and begins another; gives the report of the one that is over.
    pub fn end_period(&self) -> serde_json::Value {
        let mut state = self.state();
        let over = std::mem::take(&mut state.now);
        let span = std::mem::replace(&mut state.span, Span::begin());
        state.before.add(&over);
        let tally = over.tally(&state.endpoint_names);
        let mut report = tally.report(span.unix_ms, span.began.elapsed());
        report["period"] = span.unix_ms.to_string().into();
        state.periods.push(report.clone());
        report
    }

    /// The reports of the periods that are over, the time at which the load began, and how long ago
    /// that is.
    pub(crate) fn course(&self) -> (Vec<serde_json::Value>, u64, Duration) {
        let state = self.state();
        let Span { unix_ms, began } = state.began;
        (state.periods.clone(), unix_ms, began.elapsed())
    }

    /// The load begins now.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        state.began = Span::begin();
        state.span = state.began;
    }

    /// Counts something under its full name, as `plugins.expect.ok` or `errors.ETIMEDOUT`.
    pub(crate) fn count(&self, name: &str, by: u64) {
        let mut state = self.state();
        match state.now.named.get_mut(name) {
            Some(count) => *count += by,
            None => {
                state.now.named.insert(name.to_owned(), by);
            }
        }
    }

    /// Counts something of which the rate is asked.
    #[allow(dead_code, reason = "for metrics that scripts name")]
    pub(crate) fn rate(&self, name: &str) {
        let mut state = self.state();
        match state.now.rates.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                state.now.rates.insert(name.to_owned(), 1);
            }
        }
    }

    /// Notes a time under its full name, as `websocket.response_time`.
    #[allow(dead_code, reason = "for metrics that scripts name")]
    pub(crate) fn time(&self, name: &str, time: Duration) {
        let mut state = self.state();
        match state.now.named_times.get_mut(name) {
            Some(times) => times.note(time),
            None => {
                let mut times = Times::default();
                times.note(time);
                state.now.named_times.insert(name.to_owned(), times);
            }
        }
    }

    pub(crate) fn session_started(&self) {
        self.state().now.ledger.created += 1;
    }

    pub(crate) fn session_skipped(&self) {
        self.state().now.ledger.skipped += 1;
    }

    pub(crate) fn session_lagged(&self, lag: Duration) {
        let mut state = self.state();
        state.now.late += u64::from(lag > LATE);
        state.now.start_lag.note(lag);
    }

    pub(crate) fn session_ended(&self, result: Result<(), Cause>, length: Duration) {
        let mut state = self.state();
        let counts = &mut state.now;
        match result {
            Ok(()) => {
                counts.ledger.completed += 1;
                counts.session_length.note(length);
            }
            Err(Cause(cause)) => {
                counts.ledger.failed += 1;
                *counts.ledger.failures.entry(cause).or_default() += 1;
            }
        }
    }

    pub(crate) fn request_sent(&self) {
        self.state().now.ledger.requests += 1;
    }

    pub(crate) fn response_came(&self, facts: &ResponseFacts) {
        let mut state = self.state();
        let counts = &mut state.now;
        *counts.codes.entry(facts.status).or_default() += 1;
        counts.downloaded_bytes += facts.body_bytes;
        counts.response_time.note(facts.since_intended);
        if let Some(class) = counts.by_class.get_mut(usize::from(facts.status / 100)) {
            class.note(facts.since_intended);
        }
        counts.service_time.note(facts.times.first_byte);
    }

    /// A response of the script's endpoint with this index.
    pub(crate) fn endpoint_answered(
        &self,
        at: usize,
        facts: &ResponseFacts,
        names: impl FnOnce() -> EndpointNames,
    ) {
        let mut state = self.state();
        if at >= state.endpoint_names.len() {
            state
                .endpoint_names
                .resize_with(at + 1, EndpointNames::default);
        }
        if state.endpoint_names[at].codes.is_empty() {
            state.endpoint_names[at] = names();
        }
        let endpoint = state.now.endpoint(at);
        *endpoint.codes.entry(facts.status).or_default() += 1;
        endpoint.times.note(facts.since_intended);
    }

    pub(crate) fn message_sent(&self) {
        self.state().now.ledger.messages_sent += 1;
    }

    pub(crate) fn message_received(&self) {
        self.state().now.ledger.messages_received += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A count is whole at every moment, whoever panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
