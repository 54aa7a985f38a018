//! The inspector's client against one that misbehaves: every failure is an error in time, and no
//! half file stays.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use probe::{Error, Inspector};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_websockets::{Message, ServerBuilder, WebSocketStream};

type Socket = WebSocketStream<TcpStream>;

const HEADER: &str = r#"{"snapshot":{"meta":{"node_fields":["type","name"],
    "edge_fields":["type"]},"node_count":2,"edge_count":1},"nodes":[0,1,2,3],"#;

/// What the fake does when it is asked for a snapshot.
#[derive(Debug, Clone, Copy)]
enum Trick {
    /// Sends all of a small one, and says so.
    Behave,
    /// Sends text that is no JSON.
    Garbage,
    /// Sends bytes instead of text.
    Binary,
    /// Never says another word.
    Silence,
    /// Sends half of it and says that this was all.
    Half,
    /// Sends nodes without end.
    Endless,
    /// Closes the connection in the middle.
    HangUp,
    /// Sends answers to what nobody has asked, and answers of a strange shape.
    Strange,
    /// Refuses.
    Refuse,
}

/// A fake inspector; its address.
async fn fake(trick: Trick) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (_request, mut socket) = ServerBuilder::new().accept(stream).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            let Some(text) = message.as_text() else {
                continue;
            };
            let question: Value = serde_json::from_str(text).unwrap();
            let id = question["id"].clone();
            let is_snapshot = question["method"] == "HeapProfiler.takeHeapSnapshot";
            let played = match is_snapshot {
                true => play(&mut socket, trick, &id).await,
                false => say(&mut socket, &json!({ "id": id, "result": {} })).await,
            };
            if played.is_none() {
                break;
            }
        }
    });
    format!("ws://{address}/fake")
}

/// `None` when the connection is over.
async fn say(socket: &mut Socket, value: &Value) -> Option<()> {
    socket.send(Message::text(value.to_string())).await.ok()
}

async fn chunk(socket: &mut Socket, text: &str) -> Option<()> {
    let method = "HeapProfiler.addHeapSnapshotChunk";
    say(
        socket,
        &json!({ "method": method, "params": { "chunk": text } }),
    )
    .await
}

async fn play(socket: &mut Socket, trick: Trick, id: &Value) -> Option<()> {
    let done = json!({ "id": id, "result": {} });
    match trick {
        Trick::Behave => {
            chunk(socket, HEADER).await?;
            chunk(socket, "\"edges\":[7],\"strings\":[\"a\"]}").await?;
            say(socket, &done).await
        }
        Trick::Garbage => socket.send(Message::text("}{ what")).await.ok(),
        Trick::Binary => {
            socket.send(Message::binary(vec![0_u8; 99])).await.ok()?;
            chunk(socket, HEADER).await?;
            say(socket, &done).await
        }
        Trick::Silence => Some(()),
        Trick::Half => {
            chunk(socket, HEADER).await?;
            say(socket, &done).await
        }
        Trick::Endless => {
            chunk(socket, HEADER.strip_suffix("],").unwrap()).await?;
            // Until the client hangs up.
            while chunk(socket, &",1".repeat(50_000)).await.is_some() {}
            None
        }
        Trick::HangUp => {
            chunk(socket, HEADER).await?;
            None
        }
        Trick::Strange => {
            say(socket, &json!({ "id": 4_711, "result": {} })).await?;
            say(socket, &json!({ "method": 5.to_string() })).await?;
            say(
                socket,
                &json!({ "method": "NodeWorker.unheardOf", "params": [] }),
            )
            .await?;
            say(
                socket,
                &json!({ "method": "HeapProfiler.addHeapSnapshotChunk" }),
            )
            .await?;
            say(socket, &json!({ "id": id })).await
        }
        Trick::Refuse => {
            let error = json!({ "code": -32000, "message": "not today" });
            say(socket, &json!({ "id": id, "error": error })).await
        }
    }
}

/// Takes a snapshot from the fake; what is in the folder after, and the error.
async fn captured(trick: Trick) -> (Vec<String>, Option<Error>) {
    let dir = tempfile::TempDir::new().unwrap();
    let inspector = Inspector::connect(&fake(trick).await).await.unwrap();
    // A silence counts after five times this.
    let patience = match trick {
        Trick::Silence => Duration::from_millis(20),
        _ => Duration::from_secs(20),
    };
    let inspector = inspector.with_patience(patience);
    let path = dir.path().join("a.heapsnapshot");
    let taken = inspector.take_snapshot(&path, |_, _| {}).await;
    let entries = std::fs::read_dir(dir.path()).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    (names.collect(), taken.err())
}

#[tokio::test]
async fn a_whole_snapshot_is_kept() {
    let (files, error) = captured(Trick::Behave).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(files, ["a.heapsnapshot"]);
}

#[tokio::test]
async fn every_trick_ends_in_its_error_and_leaves_no_file() {
    let cases = [
        (Trick::Garbage, "cannot be read"),
        (Trick::Binary, "it ends between two of its lists"),
        (
            Trick::Silence,
            "did not answer `HeapProfiler.takeHeapSnapshot` within",
        ),
        (Trick::Half, "it ends between two of its lists"),
        (
            Trick::Endless,
            "the header says 4 numbers of nodes, and there are at least",
        ),
        (
            Trick::HangUp,
            "connection closed during `HeapProfiler.takeHeapSnapshot`",
        ),
        (Trick::Strange, "an answer without a result"),
        (Trick::Refuse, "not today"),
    ];
    for (trick, what) in cases {
        let (files, error) = captured(trick).await;
        let error = error.unwrap();
        assert!(error.to_string().contains(what), "{trick:?}: {error}");
        assert_eq!(files, [""; 0], "{trick:?}");
    }
}

#[tokio::test]
async fn what_does_not_speak_websocket_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
    });
    let error = Inspector::connect(&format!("ws://{address}/x"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
}
