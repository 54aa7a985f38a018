//! A virtual user with one WebSocket connection: the steps of its flow.
//!
//! Messages that nobody waits for yet are kept, so many of them, if the flow ever waits: an answer
//! may come before the step that looks at it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue};
use scenario::{Connect, Document, Reply, Send, Step, Target, Template};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::Meter;
use crate::cause::Cause;
use crate::http::keep;
use crate::processor::Call;
use crate::session::{Session, payload_text};
use crate::transport::Proxy;
use crate::websocket::{Connection, Frame, Opening};

/// Messages that are kept until a step looks at them; the oldest go first.
const MOST_KEPT: usize = 256;

pub(crate) struct WebSocketUser {
    connection: Connection,
    /// Messages that no step has looked at, if any step of the flow does.
    kept: Option<VecDeque<Frame>>,
}

/// How a connection is to be opened.
struct Way {
    url: String,
    headers: Vec<(String, String)>,
    subprotocols: Vec<String>,
    proxy: Option<String>,
    compresses: bool,
}

impl WebSocketUser {
    pub(crate) async fn connect(
        session: &mut Session<'_>,
        how: Option<&Connect>,
    ) -> Result<Self, Cause> {
        let way = way(session, how).await?;
        let (target, path) = match crate::http::split_url(&way.url) {
            Some(parts) => parts.map_err(Cause)?,
            None => return Err(Cause(format!("`{}` is no URL", way.url))),
        };
        let proxy = match &way.proxy {
            Some(url) => Some(Proxy::parse(url).map_err(|error| Cause(error.to_string()))?),
            None => None,
        };
        let opening = Opening {
            transport: session.transport,
            target: &target,
            path: &path,
            headers: header_map(&way)?,
            proxy: proxy.as_ref(),
            compress: way.compresses,
            within: session.limit(),
        };
        let connection = Connection::open(opening).await?;
        let waits = session.scenario.flow.iter().any(waits);
        Ok(Self {
            connection,
            kept: waits.then(VecDeque::new),
        })
    }

    pub(crate) async fn send(
        &mut self,
        session: &mut Session<'_>,
        send: &Send,
    ) -> Result<(), Cause> {
        let text = payload_text(&send.payload, &mut session.scope);
        let (limit, meter, kept) = (session.limit(), session.meter, &mut self.kept);
        let sent_at = Instant::now();
        let frame = Frame::Text(text.into());
        let sending = self.connection.send(frame, limit, |frame| {
            note(frame, meter, kept);
        });
        sending.await?;
        meter.message_sent();
        if let Some(reply) = &send.reply {
            self.wait(session, reply).await?;
            meter.time("websocket.response_time", sent_at.elapsed());
        }
        Ok(())
    }

    /// Waits for a message that is the right one, for as long as a response may take.
    pub(crate) async fn wait(
        &mut self,
        session: &mut Session<'_>,
        reply: &Reply,
    ) -> Result<(), Cause> {
        let deadline = Instant::now() + session.limit();
        let mut was_there_any = false;
        loop {
            let kept = self.kept.as_mut().and_then(VecDeque::pop_front);
            let frame = match kept {
                Some(frame) => frame,
                None => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    match timeout(left, self.connection.next()).await {
                        Ok(frame) => {
                            let frame = frame?;
                            session.meter.message_received();
                            frame
                        }
                        Err(_) if was_there_any => {
                            return Err(Cause("Failed capture or match".into()));
                        }
                        Err(_) => return Err(Cause("response timeout".into())),
                    }
                }
            };
            was_there_any = true;
            if is_the_one(&frame, reply, session)? {
                return Ok(());
            }
        }
    }

    /// Takes in what comes for so long.
    pub(crate) async fn listen(&mut self, span: Duration, meter: &Meter) -> Result<(), Cause> {
        let listening = async {
            loop {
                let frame = self.connection.next().await?;
                note(frame, meter, &mut self.kept);
            }
        };
        timeout(span, listening).await.unwrap_or(Ok(()))
    }

    /// Closes the connection and waits until the server has, too.
    pub(crate) async fn close(self, meter: &Meter) -> Result<(), Cause> {
        self.connection.close(|_| meter.message_received()).await
    }
}

/// Whether any step looks at messages.
fn waits(step: &Step) -> bool {
    match step {
        Step::Wait(_) => true,
        Step::Send(send) => send.reply.is_some(),
        Step::Loop(repeated) => repeated.steps.iter().any(waits),
        _ => false,
    }
}

fn note(frame: Frame, meter: &Meter, kept: &mut Option<VecDeque<Frame>>) {
    meter.message_received();
    if let Some(kept) = kept {
        if kept.len() == MOST_KEPT {
            kept.pop_front();
        }
        kept.push_back(frame);
    }
}

/// Whether a message is the one that is waited for; what is captured of it is kept then.
fn is_the_one(frame: &Frame, reply: &Reply, session: &mut Session<'_>) -> Result<bool, Cause> {
    let (Frame::Text(bytes) | Frame::Binary(bytes)) = frame;
    let document = Document::message(bytes);
    if session.script.uses_last_body
        && let Some(json) = document.json()
    {
        session.scope.set("$", json.clone());
    }
    let (captures, matches) = (&reply.captures, &reply.matches);
    let (is_good, transforms) = keep(&document, captures, matches, true, &mut session.scope);
    if is_good {
        session.transform(transforms)?;
    }
    Ok(is_good)
}

/// Where to connect to and what to say: from the configuration, the first step, or a function.
async fn way(session: &mut Session<'_>, how: Option<&Connect>) -> Result<Way, Cause> {
    let settings = &session.script.settings.ws;
    let mut url = session.target.to_string();
    let mut headers = &settings.headers;
    let mut subprotocols = &settings.subprotocols;
    let mut proxy = settings.proxy.clone();
    let mut compresses = settings.has_compression.unwrap_or(false);
    if let Some(Connect::To {
        target,
        headers: own_headers,
        subprotocols: own_protocols,
        has_compression: own_compression,
        proxy: own_proxy,
    }) = how
    {
        if let Some(target) = target {
            let text = target.render(&mut session.scope);
            url = absolute(session.target, &text);
        }
        headers = own_headers.as_ref().unwrap_or(headers);
        subprotocols = own_protocols.as_ref().unwrap_or(subprotocols);
        proxy = own_proxy.clone().or(proxy);
        compresses = own_compression.unwrap_or(compresses);
    }
    let headers = filled(headers, session);
    let way = Way {
        url,
        headers,
        subprotocols: subprotocols.clone(),
        proxy,
        compresses,
    };
    match how {
        Some(Connect::Function(name)) if session.has_function(name) => {
            by_function(session, name, way).await
        }
        _ => Ok(way),
    }
}

fn filled(headers: &[(String, Template)], session: &mut Session<'_>) -> Vec<(String, String)> {
    let scope = &mut session.scope;
    let filled = headers.iter().filter_map(|(name, value)| {
        let value = value.render_defined(scope)?;
        Some((name.clone(), value.into_owned()))
    });
    filled.collect()
}

/// A path is under the target; anything else is a URL of its own.
fn absolute(target: &Target, text: &str) -> String {
    match text.starts_with('/') {
        true => format!("{}{text}", crate::http::origin(target)),
        false => text.to_owned(),
    }
}

/// Lets a function of the processor say how: it is given `target`, `subprotocols` and `options`.
async fn by_function(session: &mut Session<'_>, name: &str, way: Way) -> Result<Way, Cause> {
    let headers: serde_json::Map<String, Value> = way
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let call = Call {
        request: json!({
            "target": way.url,
            "subprotocols": way.subprotocols,
            "options": { "headers": headers },
        }),
        ..Call::new("connect", name)
    };
    let params = session.call(call).await?.request;
    let text = |value: &Value| scenario::value::text(value).into_owned();
    let url = params.get("target").map_or(way.url, text);
    let subprotocols = match params.get("subprotocols") {
        Some(Value::Array(all)) => all.iter().map(text).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    };
    let headers = params.pointer("/options/headers");
    let headers = headers.and_then(Value::as_object).into_iter().flatten();
    Ok(Way {
        url,
        headers: headers.map(|(name, v)| (name.clone(), text(v))).collect(),
        subprotocols,
        proxy: way.proxy,
        compresses: way.compresses,
    })
}

fn header_map(way: &Way) -> Result<HeaderMap, Cause> {
    let mut headers = HeaderMap::new();
    let protocols = way.subprotocols.join(", ");
    let protocols = (!protocols.is_empty()).then_some(("sec-websocket-protocol", &protocols));
    let own = way.headers.iter().map(|(name, value)| (&name[..], value));
    for (name, value) in own.chain(protocols) {
        let parsed = HeaderName::try_from(name).ok();
        let parsed = parsed.zip(HeaderValue::try_from(value).ok());
        let no_header = || Cause(format!("`{name}: {value}` is no header"));
        let (name, value) = parsed.ok_or_else(no_header)?;
        headers.append(name, value);
    }
    Ok(headers)
}
