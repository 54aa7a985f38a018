//! The conversation with an inspector: questions with numbers, answers by number, notices between.
//!
//! Owns the one WebSocket connection. A task of its own reads it, so that many may ask at once; it
//! ends with the connection, and everyone still waiting then learns so. Notices go to the question
//! that causes them, over a bounded channel: a slow reader slows the service down, it does not
//! make us grow.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_websockets::{ClientBuilder, Limits, Message, WebSocketStream};

use super::ScriptInfo;
use crate::Error;

/// Notices on their way to their reader.
const NOTICES: usize = 16;

/// One connection; ends with it.
#[derive(Debug)]
pub(super) struct Wire {
    questions: mpsc::UnboundedSender<Question>,
}

/// What an inspector says without being asked.
pub(super) enum Notice {
    /// The next piece of a heap snapshot.
    Chunk(String),
    /// How many of how many nodes of a snapshot are done.
    Progress(u64, u64),
    /// A script that V8 knows.
    Script(ScriptInfo),
}

type Answer = Result<Box<RawValue>, String>;

struct Question {
    method: &'static str,
    params: String,
    answer: oneshot::Sender<Answer>,
    notices: Option<mpsc::Sender<Notice>>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// A question whose notices come before its answer.
pub(super) struct Noticed {
    method: &'static str,
    notices: mpsc::Receiver<Notice>,
    answer: oneshot::Receiver<Answer>,
}

impl Noticed {
    /// The next notice; `None` when the answer is there or the connection has gone.
    pub(super) async fn next(&mut self) -> Option<Notice> {
        self.notices.recv().await
    }

    /// The answer.
    pub(super) async fn answer(self) -> Result<Box<RawValue>, Error> {
        answered(self.method, self.answer).await
    }
}

impl Wire {
    pub(super) async fn connect(url: &str) -> Result<Self, Error> {
        let builder = client(url)?;
        let connected = builder.connect().await;
        let (socket, _response) = connected.map_err(|source| failed(url, source))?;
        Ok(Self::start(socket))
    }

    pub(super) async fn connect_on(url: &str, stream: TcpStream) -> Result<Self, Error> {
        let builder = client(url)?;
        let connected = builder.connect_on(stream).await;
        let (socket, _response) = connected.map_err(|source| failed(url, source))?;
        Ok(Self::start(socket))
    }

    fn start<S>(socket: WebSocketStream<S>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (questions, asked) = mpsc::unbounded_channel();
        tokio::spawn(converse(socket, asked));
        Self { questions }
    }

    pub(super) async fn ask(
        &self,
        method: &'static str,
        params: &Value,
    ) -> Result<Box<RawValue>, Error> {
        let (answer, waiting) = oneshot::channel();
        self.send(Question {
            method,
            params: params.to_string(),
            answer,
            notices: None,
        })?;
        answered(method, waiting).await
    }

    /// Asks something whose effects are told in notices. Only one such question at a time gets
    /// them.
    pub(super) fn ask_with_notices(
        &self,
        method: &'static str,
        params: &Value,
    ) -> Result<Noticed, Error> {
        let (answer, waiting) = oneshot::channel();
        let (tell, notices) = mpsc::channel(NOTICES);
        let params = params.to_string();
        self.send(Question {
            method,
            params,
            answer,
            notices: Some(tell),
        })?;
        Ok(Noticed {
            method,
            notices,
            answer: waiting,
        })
    }

    fn send(&self, question: Question) -> Result<(), Error> {
        let method = question.method;
        self.questions
            .send(question)
            .map_err(|_| Error::Disconnected { method })
    }
}

fn failed(url: &str, source: tokio_websockets::Error) -> Error {
    Error::Connect {
        url: url.to_owned(),
        source,
    }
}

fn client(url: &str) -> Result<ClientBuilder<'static>, Error> {
    let uri = url.parse::<http::Uri>().map_err(|error| {
        failed(
            url,
            std::io::Error::new(std::io::ErrorKind::InvalidInput, error).into(),
        )
    })?;
    // A script or a profile comes as one message, however long.
    Ok(ClientBuilder::from_uri(uri).limits(Limits::unlimited()))
}

async fn answered(
    method: &'static str,
    waiting: oneshot::Receiver<Answer>,
) -> Result<Box<RawValue>, Error> {
    match waiting.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(message)) => Err(Error::Refused { method, message }),
        Err(_) => Err(Error::Disconnected { method }),
    }
}

#[derive(Deserialize)]
struct Incoming<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    result: Option<Box<RawValue>>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// Reads and writes until the connection or everyone who asks is gone.
async fn converse<S>(mut socket: S, mut asked: mpsc::UnboundedReceiver<Question>)
where
    S: StreamExt<Item = Result<Message, tokio_websockets::Error>>
        + SinkExt<Message, Error = tokio_websockets::Error>
        + Unpin,
{
    let mut last_id = 0_u64;
    let mut waiting: HashMap<u64, oneshot::Sender<Answer>> = HashMap::new();
    let mut listener: Option<(u64, mpsc::Sender<Notice>)> = None;
    loop {
        let message = tokio::select! {
            question = asked.recv() => {
                let Some(question) = question else { break };
                last_id += 1;
                let Question { method, params, answer, notices } = question;
                let text = format!(r#"{{"id":{last_id},"method":"{method}","params":{params}}}"#);
                waiting.insert(last_id, answer);
                listener = notices.map(|tell| (last_id, tell)).or(listener);
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
                continue;
            }
            message = socket.next() => message,
        };
        let Some(Ok(message)) = message else { return };
        let Some(text) = message.as_text() else {
            continue;
        };
        let Ok(incoming) = serde_json::from_str::<Incoming<'_>>(text) else {
            return;
        };
        if let Some(id) = incoming.id {
            // The channel closes first: the reader goes from notices to the answer.
            listener = listener.filter(|(of, _)| *of != id);
            let answer = match (incoming.result, incoming.error) {
                (Some(result), None) => Ok(result),
                (_, Some(refusal)) => Err(refusal.message),
                (None, None) => Err("an answer without a result".into()),
            };
            if let Some(reply) = waiting.remove(&id) {
                // Who asked may have stopped waiting.
                let _ = reply.send(answer);
            }
            continue;
        }
        let method = incoming.method.as_deref().unwrap_or_default();
        if method == "NodeRuntime.waitingForDisconnect" {
            break;
        }
        if let (Some((_, tell)), Some(params)) = (&listener, incoming.params)
            && let Some(notice) = notice(method, params)
        {
            // Who listened may have given up; the answer will still come.
            let _ = tell.send(notice).await;
        }
    }
    let _ = socket.close().await;
}

fn notice(method: &str, params: &RawValue) -> Option<Notice> {
    #[derive(Deserialize)]
    struct Chunk {
        chunk: String,
    }
    #[derive(Deserialize)]
    struct Progress {
        done: u64,
        total: u64,
    }
    let text = params.get();
    match method {
        "HeapProfiler.addHeapSnapshotChunk" => serde_json::from_str(text)
            .ok()
            .map(|Chunk { chunk }| Notice::Chunk(chunk)),
        "HeapProfiler.reportHeapSnapshotProgress" => serde_json::from_str(text)
            .ok()
            .map(|Progress { done, total }| Notice::Progress(done, total)),
        "Debugger.scriptParsed" => serde_json::from_str(text).ok().map(Notice::Script),
        _ => None,
    }
}
