//! Metrics for whoever asks over HTTP: the server behind every `--metrics ADDR`.
//!
//! Owns the socket and Prometheus' quoting; the text comes from whoever has the figures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use crate::exit::Exit;
use crate::failure::Failure;

/// A scraper that says nothing for so long is let go.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers every request on `address` with the text of that moment, until what is returned is
/// dropped.
pub(crate) async fn serve(
    address: SocketAddr,
    text: impl Fn() -> String + Send + Sync + 'static,
) -> Result<AbortOnDropHandle<()>, Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let message = format!("cannot serve metrics on `{address}`: {error}");
        Failure::new(Exit::Usage, message)
    })?;
    if let Ok(address) = listener.local_addr() {
        crate::failure::tell(&format!("Metrics: http://{address}/metrics"));
    }
    let text = Arc::new(text);
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let text = Arc::clone(&text);
                    drop(tokio::spawn(async move { answer(stream, &*text).await }));
                }
                // Out of descriptors: others need them more.
                Err(_) => tokio::time::sleep(PATIENCE).await,
            }
        }
    })))
}

async fn answer(mut stream: TcpStream, text: &(impl Fn() -> String + Sync)) {
    let asked = tokio::time::timeout(PATIENCE, read_head(&mut stream)).await;
    if !matches!(asked, Ok(Ok(()))) {
        return;
    }
    let body = text();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    // A scraper that has gone will come again.
    let _ = stream.write_all((head + &body).as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read_head(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < 16 << 10 {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// A label with its value quoted.
pub(crate) fn label(name: &str, value: &str) -> String {
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("{{{name}=\"{value}\"}}")
}
