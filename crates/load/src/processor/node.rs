//! A processor in a Node.js process of its own: everything works there that works in Artillery.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;

use super::{Answers, GLUE, ProcessorError, typescript};
use crate::surroundings::Say;

const HOST: &str = include_str!("node_host.js");

/// A running Node.js; it is ended when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    orders: mpsc::UnboundedSender<String>,
    /// Killed with us.
    _child: Child,
}

impl Process {
    pub(super) async fn start(
        path: &Path,
        answers: Arc<Answers>,
        say: Option<Say>,
    ) -> Result<(Self, Vec<String>), ProcessorError> {
        let absolute = std::path::absolute(path).map_err(|source| ProcessorError::Read {
            path: path.to_owned(),
            source,
        })?;
        let order = json!(["processor", GLUE, absolute.display().to_string()]);
        let mut child = Command::new("node")
            .args(["--input-type=commonjs", "-e", HOST])
            .env("LEAKSCOPE_PROCESSOR", order.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(ProcessorError::Node)?;
        // Asked for just above.
        let (Some(mut input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(ProcessorError::Node(std::io::ErrorKind::BrokenPipe.into()));
        };
        let mut output = BufReader::new(output).lines();
        tokio::spawn(hear(BufReader::new(errors).lines(), say));
        let functions = first_answer(&mut output, path).await?;
        let (orders, mut receiver) = mpsc::unbounded_channel::<String>();
        tokio::spawn(async move {
            while let Some(mut order) = receiver.recv().await {
                order.push('\n');
                if input.write_all(order.as_bytes()).await.is_err() {
                    break;
                }
            }
        });
        tokio::spawn(async move {
            while let Ok(Some(line)) = output.next_line().await {
                answers.give(&line);
            }
            answers.give_up();
        });
        let process = Self {
            orders,
            _child: child,
        };
        Ok((process, functions))
    }

    pub(super) fn send(&self, order: String) -> bool {
        self.orders.send(order).is_ok()
    }
}

/// Passes on what the processor writes.
async fn hear(mut lines: Lines<BufReader<tokio::process::ChildStderr>>, say: Option<Say>) {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(say) = &say {
            say(&line);
        }
    }
}

/// The names of its functions, or why it could not be run.
async fn first_answer(
    output: &mut Lines<BufReader<ChildStdout>>,
    path: &Path,
) -> Result<Vec<String>, ProcessorError> {
    let line = output.next_line().await.map_err(ProcessorError::Node)?;
    let answer: Value = line
        .and_then(|line| serde_json::from_str(&line).ok())
        .unwrap_or_default();
    if let Some(Value::Array(names)) = answer.get("functions") {
        let names = names.iter().filter_map(Value::as_str);
        return Ok(names.map(str::to_owned).collect());
    }
    let why = answer.get("failed").and_then(Value::as_str);
    let why = why.unwrap_or("Node.js ended before it was ready");
    // What earlier versions of Node.js make of TypeScript.
    let hint = typescript::is_typescript(path).then_some(
        "Node.js runs TypeScript from version 22.18 on; without `--processor node` any version will do",
    );
    Err(ProcessorError::Failed {
        path: path.to_owned(),
        why: why.to_owned(),
        hint: hint.map(str::to_owned),
    })
}
