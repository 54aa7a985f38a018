//! One virtual user's pass through a scenario: its steps, in order, whatever they are sent over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use scenario::{
    Condition, Engine, Jitter, JsonTemplate, Loop, Rounds, Scenario, Scope, Script, Span, Step,
    Target, Template, Think,
};
use serde_json::Value;

use crate::cause::Cause;
use crate::http::HttpUser;
use crate::meter::BY_SCENARIO;
use crate::processor::Call;
use crate::socketio::SocketIoUser;
use crate::transport::Transport;
use crate::variables::Variables;
use crate::ws_user::WebSocketUser;
use crate::{Job, Meter, Surroundings};

/// After so many rounds of a loop the others get their turn, whatever its steps are.
const ROUNDS_AT_ONCE: u32 = 64;

/// A virtual user.
pub(crate) struct Session<'a> {
    pub(crate) script: &'a Script,
    pub(crate) target: &'a Target,
    pub(crate) transport: &'a Arc<Transport>,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) meter: &'a Meter,
    pub(crate) scenario: &'a Scenario,
    pub(crate) scope: Variables<'a>,
    /// Which session it is, for functions that keep something of it.
    pub(crate) number: u64,
    pub(crate) http: HttpUser,
    websocket: Option<WebSocketUser>,
    socketio: Option<Box<SocketIoUser>>,
    /// For names that are put together.
    pub(crate) scratch: String,
    /// When the session should have started, until its first step takes it.
    due: Option<Instant>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(job: &'a Job, meter: &'a Meter, number: u64, due: Instant) -> Self {
        let before = &job.surroundings.variables;
        let mut scope = Variables::new(&job.script, before, job.seed, number);
        let scenario = job.script.pick(scope.draw());
        Self::of(job, meter, scenario, scope, due)
    }

    /// A session of its own: `before` and `after`.
    pub(crate) fn of(
        job: &'a Job,
        meter: &'a Meter,
        scenario: &'a Scenario,
        scope: Variables<'a>,
        due: Instant,
    ) -> Self {
        Self {
            script: &job.script,
            target: &job.target,
            transport: &job.transport,
            surroundings: &job.surroundings,
            meter,
            scenario,
            number: scope.number(),
            scope,
            http: HttpUser::new(&job.script),
            websocket: None,
            socketio: None,
            scratch: String::new(),
            due: Some(due),
        }
    }

    /// When the step that begins now should have begun: the first one when the session was due,
    /// any other as soon as the one before has ended.
    pub(crate) fn intended_start(&mut self) -> Instant {
        self.due.take().unwrap_or_else(Instant::now)
    }

    pub(crate) fn into_variables(self) -> Variables<'a> {
        self.scope
    }

    /// How long a response may take.
    pub(crate) fn limit(&self) -> Duration {
        self.script.settings.timeout
    }

    /// Goes through the scenario to its end.
    pub(crate) async fn perform(&mut self) -> Result<(), Cause> {
        let scenario = self.scenario;
        let mut all = self.script.scenarios.iter();
        let name = match &scenario.name {
            Some(name) => Some(format!("{BY_SCENARIO}{name}")),
            // As Artillery calls it; `before` and `after` have no number.
            None => all
                .position(|one| std::ptr::eq(one, scenario))
                .map(|number| format!("{BY_SCENARIO}{number}")),
        };
        if let Some(name) = name {
            self.meter.count(&name, 1);
        }
        let result = self.flow(scenario).await;
        if let Err(cause) = &result {
            Box::pin(self.on_error(cause, Value::Null)).await;
        }
        if let Some(processor) = &self.surroundings.processor {
            processor.forget(self.number);
        }
        result
    }

    async fn flow(&mut self, scenario: &'a Scenario) -> Result<(), Cause> {
        let hooks = &scenario.hooks;
        self.functions(&hooks.before_scenario).await?;
        match scenario.engine {
            Engine::Http => self.steps(&scenario.flow).await?,
            Engine::Ws => {
                let flow = self.connect(&scenario.flow).await?;
                self.steps(flow).await?;
                if let Some(websocket) = self.websocket.take() {
                    Box::pin(websocket.close(self.meter)).await?;
                }
            }
            Engine::SocketIo => {
                let user = Box::pin(SocketIoUser::connect(self)).await?;
                self.socketio = Some(Box::new(user));
                self.steps(&scenario.flow).await?;
                if let Some(socketio) = self.socketio.take() {
                    Box::pin(socketio.close()).await?;
                }
            }
        }
        self.functions(&hooks.after_scenario).await
    }

    /// Opens the WebSocket, as the first step says it if it does; the steps that are left.
    async fn connect(&mut self, flow: &'a [Step]) -> Result<&'a [Step], Cause> {
        let (how, rest) = match flow {
            [Step::Connect(how), rest @ ..] => (Some(&**how), rest),
            all => (None, all),
        };
        let websocket = Box::pin(WebSocketUser::connect(self, how)).await?;
        self.websocket = Some(websocket);
        Ok(rest)
    }

    async fn steps(&mut self, steps: &'a [Step]) -> Result<(), Cause> {
        for step in steps {
            match step {
                // Boxed, so that those who make no requests have no room for one.
                Step::Request(request) => Box::pin(self.request(request)).await?,
                Step::Send(send) => {
                    if let Some(mut websocket) = self.websocket.take() {
                        websocket.send(self, send).await?;
                        self.websocket = Some(websocket);
                    }
                }
                Step::Wait(reply) => {
                    if let Some(mut websocket) = self.websocket.take() {
                        websocket.wait(self, reply).await?;
                        self.websocket = Some(websocket);
                    }
                }
                // As in Artillery, only the first step says how to connect.
                Step::Connect(_) => {}
                Step::Emit(emit) => {
                    if let Some(mut socketio) = self.socketio.take() {
                        Box::pin(socketio.emit(self, emit)).await?;
                        self.socketio = Some(socketio);
                    }
                }
                Step::Think(think) => self.think(think).await?,
                Step::Log(text) => {
                    let text = text.render(&mut self.scope);
                    self.surroundings.say(&text);
                }
                Step::Function(name) => {
                    let name = name.render(&mut self.scope).into_owned();
                    self.functions(&[name]).await?;
                }
                Step::Loop(repeated) => self.repeat(repeated).await?,
                Step::Parallel(steps, limit) => self.parallel(steps, *limit).await?,
            }
        }
        Ok(())
    }

    async fn think(&mut self, think: &Think) -> Result<(), Cause> {
        let span = match &think.span {
            Span::Fixed(span) => *span,
            Span::Filled(template) => {
                let text = template.render(&mut self.scope);
                let no_span = || Cause(format!("`{text}` is no span of time to think"));
                Span::parse(&text).ok_or_else(no_span)?
            }
        };
        let jitter = think.jitter.or(self.script.settings.jitter);
        let span = jitter.map_or(span, |jitter: Jitter| jitter.apply(span, self.scope.draw()));
        // A connection is listened to all the while.
        match (&mut self.websocket, &mut self.socketio) {
            (Some(websocket), _) => websocket.listen(span, self.meter).await,
            (_, Some(socketio)) => Box::pin(socketio.listen(span, self.meter)).await,
            _ => {
                tokio::time::sleep(span).await;
                Ok(())
            }
        }
    }

    /// Boxed, since loops are within loops.
    fn repeat<'s>(&'s mut self, repeated: &'a Loop) -> BoxFuture<'s, Result<(), Cause>> {
        Box::pin(async move {
            let mut rounds = self.rounds(repeated);
            let mut turns = 0;
            self.scope.set(&repeated.count_name, rounds.at.into());
            // As in Artillery, without items it stays what it is in the first round.
            self.scope.set(&repeated.element_name, rounds.at.into());
            loop {
                // With `whileTrue`, that alone says when it ends.
                if repeated.while_true.is_none() && rounds.is_over() {
                    return Ok(());
                }
                if let Some(items) = &mut rounds.items {
                    let item = items.get_mut(rounds.at as usize).map(Value::take);
                    self.scope
                        .set(&repeated.element_name, item.unwrap_or_default());
                }
                self.steps(&repeated.steps).await?;
                rounds.at += 1;
                self.scope.set(&repeated.count_name, rounds.at.into());
                if let Some(condition) = &repeated.while_true
                    && !self.while_true(condition).await?
                {
                    return Ok(());
                }
                turns += 1;
                if turns % ROUNDS_AT_ONCE == 0 {
                    tokio::task::yield_now().await;
                }
            }
        })
    }

    fn rounds(&mut self, repeated: &Loop) -> Round {
        let over = |list: Option<Value>| match list {
            Some(Value::Array(items)) => Round {
                at: 0,
                end: items.len() as u64,
                items: Some(items),
            },
            // What is no list has nothing to go over.
            _ => Round {
                at: 0,
                end: 0,
                items: None,
            },
        };
        let filled;
        let rounds = match &repeated.rounds {
            Rounds::Filled(template) => {
                let text = template.render(&mut self.scope);
                filled = Rounds::parse(&text).unwrap_or(Rounds::Count(0, 0));
                &filled
            }
            other => other,
        };
        match rounds {
            Rounds::Count(from, to) => Round {
                at: *from,
                end: *to,
                items: None,
            },
            Rounds::Over(list) => over(list.value(&mut self.scope)),
            Rounds::OverVariable(path) => {
                let template = Template::parse(&format!("{{{{ {path} }}}}"));
                let list = template.ok().and_then(|t| t.value(&mut self.scope));
                over(list)
            }
            Rounds::Forever | Rounds::Filled(_) => Round {
                at: 0,
                end: u64::MAX,
                items: None,
            },
        }
    }

    async fn while_true(&mut self, condition: &Condition) -> Result<bool, Cause> {
        match condition {
            Condition::Expression(_) => self.holds(condition).await,
            Condition::Function(name) => {
                let call = Call::new("whileTrue", name);
                let value = self.call(call).await?.value;
                Ok(scenario::value::is_truthy(&value))
            }
        }
    }

    /// Whether a condition holds; a mere name may be a function of the processor.
    pub(crate) async fn holds(&mut self, condition: &Condition) -> Result<bool, Cause> {
        let name = match condition {
            Condition::Function(name) => Some(name.as_str()),
            Condition::Expression(expression) => expression.as_name(),
        };
        let processor = self.surroundings.processor.as_ref();
        if let Some(name) = name
            && processor.is_some_and(|processor| processor.has(name))
        {
            let call = Call::new("condition", name);
            let value = self.call(call).await?.value;
            return Ok(scenario::value::is_truthy(&value));
        }
        Ok(match condition {
            Condition::Function(_) => false,
            Condition::Expression(expression) => {
                let scope = &self.scope;
                expression.is_true(&|path| {
                    let value = scope.variable(path.root())?;
                    scenario::value::get(value, path.keys())
                })
            }
        })
    }

    /// Steps at the same time: each goes on with variables of its own, and what they set is there
    /// for the steps after.
    fn parallel<'s>(
        &'s mut self,
        steps: &'a [Step],
        limit: usize,
    ) -> BoxFuture<'s, Result<(), Cause>> {
        Box::pin(async move {
            let mut forks: Vec<BoxFuture<'a, (Self, Result<(), Cause>)>> = Vec::new();
            for step in steps {
                let mut fork = self.fork();
                forks.push(Box::pin(async move {
                    let result = fork.steps(std::slice::from_ref(step)).await;
                    (fork, result)
                }));
            }
            let forks = futures_util::stream::iter(forks);
            let mut running = forks.buffer_unordered(limit.max(1));
            let mut first_failure = Ok(());
            let mut finished = Vec::new();
            while let Some((fork, result)) = running.next().await {
                finished.push((fork.scope, fork.http));
                if result.is_err() {
                    first_failure = result;
                    break;
                }
            }
            drop(running);
            for (scope, http) in finished {
                self.scope.join(scope);
                self.http.join(http);
            }
            first_failure
        })
    }

    fn fork(&mut self) -> Self {
        Self {
            scope: self.scope.fork(),
            http: self.http.fork(),
            websocket: None,
            socketio: None,
            scratch: String::new(),
            due: self.due,
            ..*self
        }
    }

    /// Calls functions of the processor, one after another.
    async fn functions(&mut self, names: &[String]) -> Result<(), Cause> {
        for name in names {
            if self.has_function(name) {
                Box::pin(self.call(Call::new("function", name))).await?;
            }
        }
        Ok(())
    }

    /// Whether there is such a function. What is missing was told when the load was set up.
    pub(crate) fn has_function(&self, name: &str) -> bool {
        let processor = self.surroundings.processor.as_ref();
        processor.is_some_and(|processor| processor.has(name))
    }

    /// Calls a function of the processor with this session's variables, which it may change.
    pub(crate) async fn call(&mut self, call: Call) -> Result<crate::processor::Reply, Cause> {
        let Some(processor) = &self.surroundings.processor else {
            return Ok(crate::processor::Reply::default());
        };
        let name = self.scenario.name.as_deref();
        let (number, all) = (self.number, self.scope.all());
        let reply = processor.call(call, number, name, &all).await;
        let mut reply = reply.map_err(Cause)?;
        for (name, value) in std::mem::take(&mut reply.variables) {
            match value {
                Some(value) => self.scope.set(&name, value),
                None => self.scope.unset(&name),
            }
        }
        for event in std::mem::take(&mut reply.events) {
            event.count(self.meter);
        }
        Ok(reply)
    }

    /// Tells the scenario's functions of a failure; what they do about it changes nothing.
    pub(crate) async fn on_error(&mut self, cause: &Cause, request: Value) {
        let scenario = self.scenario;
        for name in &scenario.hooks.on_error {
            if self.has_function(name) {
                let call = Call {
                    error: Some(cause.0.clone()),
                    request: request.clone(),
                    ..Call::new("onError", name)
                };
                // A failure of a function that is told of failures has nobody to be told to.
                let _ = Box::pin(self.call(call)).await;
            }
        }
    }
}

/// Where a loop is.
struct Round {
    at: u64,
    end: u64,
    items: Option<Vec<Value>>,
}

impl Round {
    fn is_over(&self) -> bool {
        self.at >= self.end
    }
}

/// What is sent of a document: a string as it is, anything else as JSON.
pub(crate) fn payload_text(payload: &JsonTemplate, scope: &mut dyn Scope) -> String {
    match payload {
        JsonTemplate::Text(template) => template.render(scope).into_owned(),
        _ => match payload.value(scope) {
            Some(value) => scenario::value::text(&value).into_owned(),
            None => String::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use scenario::Arrivals;

    use super::*;
    use crate::{Segment, TransportOptions};

    /// Ten thousand idle users are an ordinary load: what each of them holds is looked after.
    #[test]
    fn a_session_on_its_way_is_small() {
        let text = "config: {target: 'ws://localhost'}\nscenarios: [{engine: ws, flow: []}]";
        let script = scenario::parse(text, "s.yml").script.unwrap();
        let job = Job {
            target: script.target.clone(),
            script: Arc::new(script),
            transport: Transport::new(TransportOptions::default()).unwrap(),
            surroundings: Surroundings::default(),
            arrivals: Arrivals::paced(1, 1.0),
            segment: Segment::WHOLE,
            log: None,
            max_in_flight: None,
            session_offset: 0,
            seed: 1,
        };
        let meter = Meter::default();
        let mut session = Session::new(&job, &meter, 0, Instant::now());
        let (own, way) = (size_of_val(&session), size_of_val(&session.perform()));
        assert!(own + way < 4096, "{own} + {way}");
    }
}
