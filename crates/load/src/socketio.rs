//! A virtual user of Socket.IO, version 4: events, acknowledgements, namespaces.
//!
//! An event that comes while no step waits for it is counted and gone, as in a client that has no
//! listener for it.

mod packet;
mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use scenario::{Answer, Document, Emit, JsonTemplate, SocketIoSettings, value};
use serde_json::Value;
use tokio::time::timeout;

use crate::Meter;
use crate::cause::Cause;
use crate::http::keep;
use crate::session::Session;
use packet::Packet;
use wire::{Address, Wire};

pub(crate) struct SocketIoUser {
    wire: Wire,
    /// Those that were joined.
    namespaces: BTreeSet<String>,
    /// What is told the server on joining, written out.
    auth: Option<String>,
    next_id: u64,
    within: Duration,
}

impl SocketIoUser {
    /// Connects, and joins the main namespace.
    pub(crate) async fn connect(session: &mut Session<'_>) -> Result<Self, Cause> {
        let common = &session.script.settings.socketio;
        let own = session.scenario.socketio.as_ref();
        let of = |has: fn(&SocketIoSettings) -> bool| own.filter(|own| has(own)).unwrap_or(common);
        let scope = &mut session.scope;
        let mut query = String::new();
        for (name, value) in &of(|s| !s.query.is_empty()).query {
            let value = JsonTemplate::Text(value.clone());
            query.push('&');
            crate::http::write_query(&mut query, &[(name.clone(), value)], scope);
        }
        let headers = &of(|s| !s.headers.is_empty()).headers;
        let headers = headers.iter().filter_map(|(name, value)| {
            let value = value.render_defined(scope)?;
            Some((name.clone(), value.into_owned()))
        });
        let headers = headers.collect();
        let auth = of(|s| s.auth.is_some()).auth.as_ref();
        let auth = auth.and_then(|auth| auth.render(scope));
        let auth = auth.map(std::borrow::Cow::into_owned);
        let path = of(|s| s.path.is_some()).path.as_deref();
        let path = path.unwrap_or("/socket.io").trim_end_matches('/');
        let transports = &of(|s| !s.transports.is_empty()).transports;
        let has = |name: &str| transports.is_empty() || transports.iter().any(|t| t == name);
        let starts_with_websocket = transports.first().is_some_and(|t| t == "websocket");
        let address = Address {
            transport: Arc::clone(session.transport),
            target: session.target.clone(),
            path: format!("{path}/"),
            query,
            headers,
            within: session.limit(),
            polls: has("polling") && !starts_with_websocket,
            uses_websocket: has("websocket"),
        };
        let mut user = Self {
            wire: Wire::open(&address).await?,
            namespaces: BTreeSet::new(),
            auth,
            next_id: 0,
            within: session.limit(),
        };
        user.join(&main_namespace(session), session.meter).await?;
        Ok(user)
    }

    async fn join(&mut self, namespace: &str, meter: &Meter) -> Result<(), Cause> {
        if self.namespaces.contains(namespace) {
            return Ok(());
        }
        let joining = packet::connect(namespace, self.auth.as_deref());
        self.wire.send(&joining, self.within).await?;
        let deadline = Instant::now() + self.within;
        loop {
            let Some((of, packet)) = self.next_until(deadline, meter).await? else {
                return Err(Cause::timeout());
            };
            match packet {
                Packet::Connect if of == namespace => break,
                Packet::Refused(why) if of == namespace => return Err(Cause(why)),
                _ => {}
            }
        }
        self.namespaces.insert(namespace.to_owned());
        Ok(())
    }

    /// Sends an event, and waits for what has to come back.
    pub(crate) async fn emit(
        &mut self,
        session: &mut Session<'_>,
        emit: &Emit,
    ) -> Result<(), Cause> {
        let namespace = emit.namespace.render(&mut session.scope).into_owned();
        let namespace = full_namespace(session, &namespace);
        self.join(&namespace, session.meter).await?;
        // What came before is not an answer.
        while let Some(message) = self.wire.next(self.within).now_or_never() {
            self.note(&message?, session.meter)?;
        }
        let arguments: Vec<Value> = emit
            .arguments
            .iter()
            .map(|argument| argument.value(&mut session.scope).unwrap_or(Value::Null))
            .collect();
        let id = emit.acknowledge.as_ref().map(|_| {
            self.next_id += 1;
            self.next_id - 1
        });
        let started = Instant::now();
        session.meter.count("socketio.emit", 1);
        session.meter.rate("socketio.emit_rate");
        let event = packet::event(&namespace, id, &Value::Array(arguments).to_string());
        self.wire.send(&event, self.within).await?;
        self.answers(session, emit, &namespace, id).await?;
        session
            .meter
            .time("socketio.response_time", started.elapsed());
        Ok(())
    }

    async fn answers(
        &mut self,
        session: &mut Session<'_>,
        emit: &Emit,
        namespace: &str,
        id: Option<u64>,
    ) -> Result<(), Cause> {
        let mut response = emit.response.as_ref();
        let mut acknowledge = emit.acknowledge.as_ref();
        let awaited = response.and_then(|r| r.event.as_ref());
        let awaited = awaited.map(|name| name.render(&mut session.scope).into_owned());
        let deadline = Instant::now() + self.within;
        let mut came: Vec<Value> = Vec::new();
        while response.is_some() || acknowledge.is_some() {
            let Some((of, packet)) = self.next_until(deadline, session.meter).await? else {
                // Something came, and it was not the right thing.
                return Err(Cause(match came.is_empty() {
                    true => "response timeout".into(),
                    false => "data is not valid".into(),
                }));
            };
            match packet {
                Packet::Event(mut event) if of == namespace && !event.is_empty() => {
                    let name = event.remove(0);
                    if let Some(answer) = response
                        && awaited.as_deref().is_some_and(|awaited| name == awaited)
                    {
                        came.extend(event);
                        if is_right(answer, &came, session) {
                            keep_answer(answer, &came, session)?;
                            response = None;
                        }
                    }
                }
                Packet::Ack(of_id, arguments) if of == namespace && Some(of_id) == id => {
                    if let Some(answer) = acknowledge.take() {
                        if !is_right(answer, &arguments, session) {
                            return Err(Cause("data is not valid".into()));
                        }
                        keep_answer(answer, &arguments, session)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes in what comes for so long.
    pub(crate) async fn listen(&mut self, span: Duration, meter: &Meter) -> Result<(), Cause> {
        let deadline = Instant::now() + span;
        while self.next_until(deadline, meter).await?.is_some() {}
        Ok(())
    }

    /// Leaves all namespaces and ends the connection.
    pub(crate) async fn close(mut self) -> Result<(), Cause> {
        for namespace in std::mem::take(&mut self.namespaces) {
            let leaving = packet::disconnect(&namespace);
            self.wire.send(&leaving, self.within).await?;
        }
        self.wire.close(self.within).await
    }

    /// The next packet, if one comes in time.
    async fn next_until(
        &mut self,
        deadline: Instant,
        meter: &Meter,
    ) -> Result<Option<(String, Packet)>, Cause> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(message) = timeout(left, self.wire.next(self.within)).await else {
                return Ok(None);
            };
            if let Some(packet) = self.note(&message?, meter)? {
                return Ok(Some(packet));
            }
        }
    }

    /// Counts a message; the packet in it.
    fn note(&self, message: &str, meter: &Meter) -> Result<Option<(String, Packet)>, Cause> {
        let packet = packet::parse(message);
        match &packet {
            Some((_, Packet::Event(_))) => meter.count("socketio.messages_received", 1),
            Some((of, Packet::Disconnect)) if self.namespaces.contains(of) => {
                return Err(Cause::closed());
            }
            _ => {}
        }
        Ok(packet)
    }
}

/// As in the client, the path of the URL is the namespace.
fn main_namespace(session: &Session<'_>) -> String {
    full_namespace(session, "")
}

fn full_namespace(session: &Session<'_>, namespace: &str) -> String {
    let slash = match namespace.starts_with('/') || namespace.is_empty() {
        true => "",
        false => "/",
    };
    match format!("{}{slash}{namespace}", session.target.path()) {
        empty if empty.is_empty() => "/".to_owned(),
        full => full,
    }
}

/// Whether what came is what the script expects: a list is compared with all of it, an object with
/// the last argument, and a text is looked for in that.
fn is_right(answer: &Answer, came: &[Value], session: &mut Session<'_>) -> bool {
    let Some(expected) = &answer.data else {
        return true;
    };
    let last = came.last().unwrap_or(&Value::Null);
    match expected.value(&mut session.scope) {
        None | Some(Value::Null) => true,
        Some(Value::Array(expected)) => {
            value::is_same(&Value::Array(expected), &Value::Array(came.to_vec()))
        }
        Some(Value::Object(mut expected)) => {
            expected.shift_remove("json");
            value::is_same(&Value::Object(expected), last)
        }
        Some(Value::String(expected)) => match answer.is_joined {
            true => {
                let all: String = came.iter().map(value::text).collect();
                all.contains(&expected)
            }
            false => value::text(last).contains(&expected),
        },
        Some(expected) => value::is_same(&expected, last),
    }
}

fn keep_answer(answer: &Answer, came: &[Value], session: &mut Session<'_>) -> Result<(), Cause> {
    let reply = &answer.reply;
    if reply.captures.is_empty() && reply.matches.is_empty() {
        return Ok(());
    }
    let body = Value::Array(came.to_vec()).to_string();
    let document = Document::message(body.as_bytes());
    let (captures, matches) = (&reply.captures, &reply.matches);
    let (is_good, transforms) = keep(&document, captures, matches, false, &mut session.scope);
    if !is_good {
        return Err(Cause("Failed match".into()));
    }
    if session.script.uses_last_body {
        session.scope.set("$", body.clone().into());
    }
    session.transform(transforms)
}
