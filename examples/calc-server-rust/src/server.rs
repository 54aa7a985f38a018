//! The calculator over WebSockets: one task a connection, all of them closed at the end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_websockets::{CloseCode, Error, Limits, Message, ServerBuilder, WebSocketStream};

use crate::calculator::Stack;

/// Bytes a message may have.
const LONGEST_MESSAGE: usize = 4096;

/// How long the clients get to answer the close at the end.
const GRACE: Duration = Duration::from_millis(500);

/// What happens to a client's data when its connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnClose {
    /// It goes.
    Forget,
    /// It stays for ever: the fault that leakscope is to find.
    Keep,
}

/// All clients that are known.
type Clients = Arc<Mutex<Vec<Arc<Mutex<Stack>>>>>;

/// Serves until `stop` is done, then closes every connection.
pub(crate) async fn serve(
    listener: TcpListener,
    on_close: OnClose,
    stop: impl Future<Output = ()>,
) {
    let clients = Clients::default();
    let (closing, closed) = watch::channel(());
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(session(stream, clients.clone(), on_close, closed.clone()));
                }
                // Out of file descriptors, most often: it passes when a client goes.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(closing);
    let all_closed = async { while connections.join_next().await.is_some() {} };
    // Who has not answered by then is cut off when the set is dropped.
    let _ = tokio::time::timeout(GRACE, all_closed).await;
}

async fn session(
    stream: TcpStream,
    clients: Clients,
    on_close: OnClose,
    closed: watch::Receiver<()>,
) {
    let _ = stream.set_nodelay(true);
    let limits = Limits::default().max_payload_len(Some(LONGEST_MESSAGE));
    let accepted = ServerBuilder::new().limits(limits).accept(stream).await;
    // Whoever does not speak WebSocket is hung up on.
    let Ok((_request, mut socket)) = accepted else {
        return;
    };
    let client = Arc::new(Mutex::new(Stack::new()));
    lock(&clients).push(client.clone());
    // A connection that breaks ends like one that is closed.
    let _ = answer(&mut socket, &client, closed).await;
    if on_close == OnClose::Forget {
        lock(&clients).retain(|known| !Arc::ptr_eq(known, &client));
    }
}

async fn answer(
    socket: &mut WebSocketStream<TcpStream>,
    client: &Mutex<Stack>,
    mut closed: watch::Receiver<()>,
) -> Result<(), Error> {
    loop {
        let message = tokio::select! {
            message = socket.next() => message,
            _ = closed.changed() => {
                return socket.send(Message::close(Some(CloseCode::GOING_AWAY), "")).await;
            }
        };
        let Some(message) = message else {
            return Ok(());
        };
        let message = message?;
        if message.is_ping() || message.is_pong() || message.is_close() {
            continue;
        }
        let text = String::from_utf8_lossy(message.as_payload());
        for word in text.split_whitespace() {
            let answer = lock(client).calculate(word);
            if let Some(answer) = answer {
                socket.feed(Message::text(answer)).await?;
            }
        }
        socket.flush().await?;
    }
}

/// A client's panic must not take the others down.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;
    use tokio_websockets::{ClientBuilder, MaybeTlsStream};

    struct Server {
        url: String,
        stop: oneshot::Sender<()>,
        task: tokio::task::JoinHandle<()>,
    }

    async fn started(on_close: OnClose) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { stopped.await.unwrap_or(()) };
        Server {
            url,
            stop,
            task: tokio::spawn(serve(listener, on_close, stopped)),
        }
    }

    async fn connect(server: &Server) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
        ClientBuilder::new()
            .uri(&server.url)
            .unwrap()
            .connect()
            .await
            .unwrap()
            .0
    }

    #[tokio::test]
    async fn words_are_answered_and_the_connection_lives_on_after_an_error() {
        let server = started(OnClose::Forget).await;
        let mut socket = connect(&server).await;
        for (words, answer) in [
            ("3 2 -", "1"),
            ("x", "error: 'x' is neither a number nor an operator"),
            ("4 *", "4"),
        ] {
            socket.send(Message::text(words)).await.unwrap();
            assert_eq!(
                socket.next().await.unwrap().unwrap().as_text(),
                Some(answer)
            );
        }
    }

    #[tokio::test]
    async fn stopping_closes_every_connection() {
        let server = started(OnClose::Keep).await;
        let mut socket = connect(&server).await;
        server.stop.send(()).unwrap();
        let message = socket.next().await.unwrap().unwrap();
        assert!(message.is_close());
        drop(socket);
        server.task.await.unwrap();
    }
}
