//! A server that runs on Node.js, with packages of npm: the real ones.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A running server; it ends with this.
pub struct NodeServer {
    pub port: u16,
    said: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl NodeServer {
    pub async fn start(script: &str, argument: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
        assert!(
            folder.join("node_modules/ws").is_dir(),
            "`cargo xtask test` installs packages in {}",
            folder.display()
        );
        let mut process = Command::new("node")
            .args([script, argument])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = said.next_line().await.unwrap().unwrap().parse().unwrap();
        Self {
            port,
            said,
            _process: process,
        }
    }

    /// What it has said, up to the end of the last connection.
    pub async fn said(mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut open = 0;
        while let Some(line) = self.said.next_line().await.unwrap() {
            open += i32::from(line.starts_with("open ")) - i32::from(line.starts_with("close "));
            let is_over = line.starts_with("close ") && open == 0;
            lines.push(line);
            if is_over {
                break;
            }
        }
        lines
    }
}
