//! The conversation with an inspector: questions with numbers, answers by number, notices between.
//!
//! Owns the one WebSocket connection. A task of its own reads it, so that many may ask at once; it
//! ends with the connection, and everyone still waiting then learns why. Notices go to the question
//! that causes them, over a bounded channel: a slow reader slows the service down, it does not
//! make us grow. Worker threads are spoken to over the same connection, each in a session of its
//! own: what they say comes wrapped in a notice of the main thread's.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

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

/// The longest message taken in. Snapshots come in pieces of 100 KiB, but a script or a profile as
/// one message; whoever sends more than this wants to fill our memory.
const LONGEST_MESSAGE: usize = 256 << 20;

/// A way to ask one isolate; all ways of one connection end with it.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    questions: mpsc::UnboundedSender<Question>,
    known: Arc<Mutex<Known>>,
    /// The worker thread that is asked; `None` for the main thread.
    session: Option<Arc<str>>,
}

/// What everybody on a connection may look up.
#[derive(Debug, Default)]
struct Known {
    workers: Vec<Worker>,
    /// Why the connection has ended, where that is more than that it did.
    broken: Option<String>,
}

/// A worker thread that runs.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    pub(super) session: Arc<str>,
    pub(super) title: String,
    pub(super) url: String,
}

/// What an inspector says without being asked.
pub(super) enum Notice {
    /// The next piece of a heap snapshot.
    Chunk(String),
    /// How many of how many nodes of a snapshot are done.
    Progress(u64, u64),
    /// A script that V8 knows.
    Script(ScriptInfo),
    /// How many live objects are in each span of ids that has changed.
    Objects(Vec<(u64, u64)>),
}

type Answer = Result<Box<RawValue>, String>;

struct Question {
    session: Option<Arc<str>>,
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
    wire: Wire,
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
        self.wire.answered(self.method, self.answer).await
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
        let known = Arc::default();
        let conversation = Conversation {
            known: Arc::clone(&known),
            last_id: 0,
            waiting: HashMap::new(),
            listeners: HashMap::new(),
        };
        tokio::spawn(conversation.hold(socket, asked));
        Self {
            questions,
            known,
            session: None,
        }
    }

    /// The way to ask a worker thread.
    pub(super) fn of(&self, worker: &Worker) -> Self {
        Self {
            session: Some(Arc::clone(&worker.session)),
            ..self.clone()
        }
    }

    /// The worker threads that are known by now.
    pub(super) fn workers(&self) -> Vec<Worker> {
        lock(&self.known).workers.clone()
    }

    pub(super) async fn ask(
        &self,
        method: &'static str,
        params: &Value,
    ) -> Result<Box<RawValue>, Error> {
        let (answer, waiting) = oneshot::channel();
        self.send(Question {
            session: self.session.clone(),
            method,
            params: params.to_string(),
            answer,
            notices: None,
        })?;
        self.answered(method, waiting).await
    }

    /// Asks something whose effects are told in notices. Only one such question at a time gets
    /// those of its isolate.
    pub(super) fn ask_with_notices(
        &self,
        method: &'static str,
        params: &Value,
    ) -> Result<Noticed, Error> {
        let (answer, waiting) = oneshot::channel();
        let (tell, notices) = mpsc::channel(NOTICES);
        self.send(Question {
            session: self.session.clone(),
            method,
            params: params.to_string(),
            answer,
            notices: Some(tell),
        })?;
        Ok(Noticed {
            wire: self.clone(),
            method,
            notices,
            answer: waiting,
        })
    }

    fn send(&self, question: Question) -> Result<(), Error> {
        let method = question.method;
        self.questions
            .send(question)
            .map_err(|_| self.disconnected(method))
    }

    async fn answered(
        &self,
        method: &'static str,
        waiting: oneshot::Receiver<Answer>,
    ) -> Result<Box<RawValue>, Error> {
        match waiting.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(message)) => Err(Error::Refused { method, message }),
            Err(_) => Err(self.disconnected(method)),
        }
    }

    fn disconnected(&self, method: &'static str) -> Error {
        match lock(&self.known).broken.clone() {
            Some(reason) => Error::Garbled { method, reason },
            None => Error::Disconnected { method },
        }
    }
}

/// Whoever panicked with it in hand left it as whole as it ever is.
fn lock(known: &Mutex<Known>) -> std::sync::MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
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
    let limits = Limits::default().max_payload_len(Some(LONGEST_MESSAGE));
    Ok(ClientBuilder::from_uri(uri).limits(limits))
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

/// What a worker thread says, in what the main thread says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FromWorker<'a> {
    #[serde(borrow)]
    session_id: Cow<'a, str>,
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WorkerAttached {
    session_id: String,
    worker_info: WorkerInfo,
}

#[derive(Deserialize)]
struct WorkerInfo {
    #[serde(default)]
    title: String,
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WorkerDetached {
    session_id: String,
}

type Session = Option<Arc<str>>;

/// The state of one connection.
struct Conversation {
    known: Arc<Mutex<Known>>,
    last_id: u64,
    /// By number, which is unique over all sessions.
    waiting: HashMap<u64, (Session, oneshot::Sender<Answer>)>,
    /// For each isolate, the question that gets its notices.
    listeners: HashMap<Session, (u64, mpsc::Sender<Notice>)>,
}

/// Whether the conversation goes on.
enum Heard {
    Go,
    End,
}

impl Conversation {
    /// Reads and writes until the connection or everyone who asks is gone.
    async fn hold<S>(mut self, mut socket: S, mut asked: mpsc::UnboundedReceiver<Question>)
    where
        S: StreamExt<Item = Result<Message, tokio_websockets::Error>>
            + SinkExt<Message, Error = tokio_websockets::Error>
            + Unpin,
    {
        loop {
            tokio::select! {
                question = asked.recv() => {
                    let Some(question) = question else { break };
                    let text = self.put(question);
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                message = socket.next() => {
                    let Some(message) = message else { return };
                    let heard = match &message {
                        Ok(message) if message.is_text() => {
                            self.hear(message.as_text().unwrap_or_default()).await
                        }
                        Ok(_) => Ok(Heard::Go),
                        Err(error) => Err(error.to_string()),
                    };
                    match heard {
                        Ok(Heard::Go) => {}
                        Ok(Heard::End) => break,
                        Err(reason) => {
                            lock(&self.known).broken = Some(reason);
                            break;
                        }
                    }
                }
            }
        }
        let _ = socket.close().await;
    }

    /// The text of a question; its answer will be waited for.
    fn put(&mut self, question: Question) -> String {
        self.last_id += 1;
        let id = self.last_id;
        let Question {
            session,
            method,
            params,
            answer,
            notices,
        } = question;
        if let Some(tell) = notices {
            self.listeners.insert(session.clone(), (id, tell));
        }
        let text = format!(r#"{{"id":{id},"method":"{method}","params":{params}}}"#);
        let text = match &session {
            None => text,
            // Under the same number: where the worker is gone, the main thread says so under it.
            Some(session) => serde_json::json!({
                "id": id,
                "method": "NodeWorker.sendMessageToWorker",
                "params": { "sessionId": &**session, "message": text },
            })
            .to_string(),
        };
        self.waiting.insert(id, (session, answer));
        text
    }

    /// Takes in what the main thread says.
    async fn hear(&mut self, text: &str) -> Result<Heard, String> {
        let incoming: Incoming<'_> = read(text)?;
        let params = incoming.params.map(RawValue::get).unwrap_or_default();
        match incoming.method.as_deref() {
            Some("NodeRuntime.waitingForDisconnect") => return Ok(Heard::End),
            Some("NodeWorker.receivedMessageFromWorker") => {
                let of_worker: FromWorker<'_> = read(params)?;
                let session = Some(Arc::from(&*of_worker.session_id));
                let incoming = read(&of_worker.message)?;
                self.take(session, incoming).await;
            }
            Some("NodeWorker.attachedToWorker") => {
                let attached: WorkerAttached = read(params)?;
                lock(&self.known).workers.push(Worker {
                    session: attached.session_id.into(),
                    title: attached.worker_info.title,
                    url: attached.worker_info.url,
                });
            }
            Some("NodeWorker.detachedFromWorker") => {
                let gone: WorkerDetached = read(params)?;
                let session = Some(Arc::from(gone.session_id));
                lock(&self.known)
                    .workers
                    .retain(|worker| Some(&worker.session) != session.as_ref());
                self.waiting.retain(|_, (of, _)| *of != session);
                self.listeners.remove(&session);
            }
            _ => self.take(None, incoming).await,
        }
        Ok(Heard::Go)
    }

    /// Takes in what one isolate says.
    async fn take(&mut self, session: Session, incoming: Incoming<'_>) {
        if let Some(id) = incoming.id {
            // The main thread's word that a worker got a question is not the worker's answer.
            let is_receipt = |(of, _): &(Session, _)| *of != session && incoming.error.is_none();
            if self.waiting.get(&id).is_some_and(is_receipt) {
                return;
            }
            let Some((of, reply)) = self.waiting.remove(&id) else {
                return;
            };
            // The channel closes first: the reader goes from notices to the answer.
            if self.listeners.get(&of).is_some_and(|(n, _)| *n == id) {
                self.listeners.remove(&of);
            }
            let answer = match (incoming.result, incoming.error) {
                (Some(result), None) => Ok(result),
                (_, Some(refusal)) => Err(refusal.message),
                (None, None) => Err("an answer without a result".into()),
            };
            // Who asked may have stopped waiting.
            let _ = reply.send(answer);
            return;
        }
        let method = incoming.method.as_deref().unwrap_or_default();
        let Some((_, tell)) = self.listeners.get(&session) else {
            return;
        };
        if let Some(params) = incoming.params
            && !tell.is_closed()
            && let Some(notice) = notice(method, params)
        {
            // Who listened may have given up; the answer will still come.
            let _ = tell.send(notice).await;
        }
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
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
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Objects {
        stats_update: Vec<u64>,
    }
    let text = params.get();
    match method {
        "HeapProfiler.heapStatsUpdate" => {
            let objects: Objects = serde_json::from_str(text).ok()?;
            // Of each span: its number, its objects, their bytes.
            let spans = objects.stats_update.chunks_exact(3);
            Some(Notice::Objects(spans.map(|s| (s[0], s[1])).collect()))
        }
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
