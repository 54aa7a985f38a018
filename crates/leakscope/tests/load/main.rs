//! `leakscope load` as its users run it, against servers that behave, and others that do not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod exact;
mod faults;
mod segments;
mod servers;
mod transport;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// One load of a test, in a folder of its own.
struct Load {
    dir: TempDir,
    args: Vec<String>,
    /// What the shell does before it becomes leakscope: `ulimit -n 32`.
    before: String,
}

/// What a load left behind.
#[derive(Debug)]
struct Done {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    /// The report, if there is one.
    report: Value,
}

impl Load {
    /// A load of a script.
    fn of(script: &Value) -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("script.json");
        std::fs::write(&path, script.to_string()).unwrap();
        Self::of_file(dir, &path)
    }

    fn of_file(dir: TempDir, script: &Path) -> Self {
        let report = dir.path().join("report.json");
        let words = [script.to_str().unwrap(), "-o", report.to_str().unwrap()];
        Self {
            dir,
            args: words.map(str::to_owned).to_vec(),
            before: ":".to_owned(),
        }
    }

    fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// With limits, as a shell sets them.
    fn limited(mut self, before: &str) -> Self {
        self.before = before.to_owned();
        self
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("sh");
        let line = format!("{} && exec \"$0\" load \"$@\"", self.before);
        command
            .args(["-c", &line, env!("CARGO_BIN_EXE_leakscope")])
            .args(&self.args)
            .current_dir(self.dir.path())
            .env_remove("http_proxy")
            .env_remove("HTTP_PROXY")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self) -> Done {
        self.done(&self.command().output().unwrap())
    }

    fn done(&self, output: &std::process::Output) -> Done {
        let report = std::fs::read_to_string(self.file("report.json"));
        Done {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            report: report.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap()),
        }
    }
}

impl Done {
    fn counter(&self, name: &str) -> u64 {
        self.report["aggregate"]["counters"][name]
            .as_u64()
            .unwrap_or(0)
    }

    fn ours(&self, name: &str) -> u64 {
        self.report["leakscope"][name]
            .as_u64()
            .unwrap_or_else(|| panic!("{self:#?}"))
    }

    /// Fails unless it ended with this code, and every session is accounted for.
    fn check(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        let [planned, started, skipped] = ["planned", "started", "skipped"].map(|n| self.ours(n));
        let [completed, failed] = ["completed", "failed"].map(|n| self.ours(n));
        assert_eq!(started, completed + failed, "{self:#?}");
        assert!(planned == started + skipped || code == 130, "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        let errors = self.report["aggregate"]["counters"]
            .as_object()
            .unwrap()
            .iter();
        let errors = errors.filter(|(name, _)| name.starts_with("errors."));
        let errors: u64 = errors.map(|(_, count)| count.as_u64().unwrap()).sum();
        assert_eq!(failed, errors, "one cause for every failure: {self:#?}");
    }
}

/// A script of one GET for each of `sessions` sessions, all within a second.
fn gets(port: u16, sessions: u64) -> Value {
    script(
        &format!("http://127.0.0.1:{port}"),
        "http",
        sessions,
        &json!([{"get": {"url": "/"}}]),
    )
}

/// A script of `sessions` sessions within a second that all do the same; steps may take a second.
fn script(target: &str, engine: &str, sessions: u64, flow: &Value) -> Value {
    json!({
        "config": {
            "target": target,
            "timeout": 1,
            "phases": [{"duration": 1, "arrivalCount": sessions}],
        },
        "scenarios": [{"engine": engine, "flow": flow}],
    })
}
