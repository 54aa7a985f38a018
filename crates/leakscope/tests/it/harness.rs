//! Running leakscope on a service, in a folder of its own, on a free port.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// The variable by which every process that a test started can be found again.
const MARK: &str = "LEAKSCOPE_TEST_MARK";

/// One hunt of a test: its folder, its port, and its mark on every process.
pub(crate) struct Hunt {
    pub(crate) dir: TempDir,
    pub(crate) port: u16,
    mark: String,
    args: Vec<OsString>,
    service: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
}

/// What a hunt left behind.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Hunt {
    /// A hunt on `service` with short rounds; `{port}` in its words becomes the port, which is in
    /// its environment too.
    pub(crate) fn on(service: &[&str]) -> Self {
        Self::in_dir(TempDir::new().unwrap(), service)
    }

    fn in_dir(dir: TempDir, service: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let port = free_port();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let word = |word: &&str| OsString::from(word.replace("{port}", &port.to_string()));
        Self {
            dir,
            port,
            mark: format!("{}-{number}", std::process::id()),
            args: Vec::new(),
            service: service.iter().map(word).collect(),
            env: Vec::new(),
        }
        .arg("--target")
        .arg(&format!("ws://127.0.0.1:{port}"))
    }

    /// A hunt whose folder stays until the tests run the next time, for those who share it.
    pub(crate) fn kept(service: &[&str]) -> Self {
        const PREFIX: &str = "kept-hunt-";
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        for entry in std::fs::read_dir(target).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                std::fs::remove_dir_all(entry.path()).unwrap();
            }
        }
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(target);
        Self::in_dir(dir.unwrap(), service)
    }

    /// With the calculator's load script.
    pub(crate) fn calculator_load(self) -> Self {
        let script = examples().join("load.json");
        self.arg("--load").arg(script.to_str().unwrap())
    }

    /// With a load script of one GET per session.
    pub(crate) fn http_load(self) -> Self {
        let script = r#"{"config":{"target":"http://127.0.0.1:1","phases":[{"duration":10,
            "arrivalRate":50}]},"scenarios":[{"flow":[{"get":{"url":"/"}}]}]}"#;
        let path = self.dir.path().join("http.json");
        std::fs::write(&path, script).unwrap();
        let port = self.port;
        let mut hunt = self.arg("--load").arg(path.to_str().unwrap());
        hunt.args[1] = format!("http://127.0.0.1:{port}").into();
        hunt
    }

    pub(crate) fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &Path) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The folder of the run.
    pub(crate) fn run_dir(&self) -> PathBuf {
        self.dir.path().join("run")
    }

    /// The command line, for a test that runs it in its own way.
    pub(crate) fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![env!("CARGO_BIN_EXE_leakscope").into(), "hunt".into()];
        words.extend(self.args.iter().cloned());
        words.extend(["--out".into(), self.run_dir().into(), "--".into()]);
        words.extend(self.service.iter().cloned());
        words
    }

    /// A command made of `words`, in the hunt's folder and with its environment.
    pub(crate) fn command(&self, words: &[OsString]) -> Command {
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .current_dir(self.dir.path())
            .env(MARK, &self.mark)
            .env("PORT", self.port.to_string())
            .env_remove("NODE_OPTIONS")
            .envs(self.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self) -> Done {
        Done::of(&self.command(&self.words()).output().unwrap())
    }

    /// What `run.json` says.
    pub(crate) fn recording(&self) -> serde_json::Value {
        read_json(&self.run_dir().join("run.json"))
    }

    /// Fails if a process that the hunt started is alive.
    pub(crate) fn check_nothing_is_left(&self) {
        let left = self.processes();
        assert!(left.is_empty(), "processes left behind: {left:?}");
    }

    /// The processes that carry this hunt's mark, but for zombies.
    pub(crate) fn processes(&self) -> Vec<(u32, String)> {
        let wanted = format!("{MARK}={}", self.mark);
        let pids = std::fs::read_dir("/proc").unwrap().flatten();
        pids.filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let environ = std::fs::read(entry.path().join("environ")).ok()?;
            let has_mark = environ
                .split(|&b| b == 0)
                .any(|var| var == wanted.as_bytes());
            let command = std::fs::read(entry.path().join("cmdline")).ok()?;
            has_mark.then(|| (pid, String::from_utf8_lossy(&command).replace('\0', " ")))
        })
        .collect()
    }
}

impl Done {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails unless it ended with `code` and said all of `words` on stderr.
    pub(crate) fn check_error(&self, code: i32, words: &[&str]) {
        self.check_code(code);
        for word in words {
            assert!(
                self.stderr.contains(word),
                "`{word}` is not in: {}",
                self.stderr
            );
        }
        let no_panic = !self.stderr.contains("panicked");
        assert!(
            no_panic && self.stderr.contains("error: "),
            "{}",
            self.stderr
        );
    }

    /// Fails unless it ended with `code`.
    pub(crate) fn check_code(&self, code: i32) {
        assert_eq!(
            self.code,
            Some(code),
            "\nstdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
    }
}

pub(crate) fn read_json(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path);
    serde_json::from_str(&text.unwrap_or_else(|e| panic!("{}: {e}", path.display()))).unwrap()
}

/// A port of this machine that nothing listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .canonicalize()
        .unwrap()
}

/// One of the small services beside these tests.
pub(crate) fn service(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/services")
        .join(name);
    path.to_str().unwrap().to_owned()
}

/// A file of the packages that the tests' tools are made of.
pub(crate) fn tool(path: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join("tools/node_modules").join(path);
    assert!(
        path.is_file(),
        "{} is missing: `cargo xtask test` installs it",
        path.display()
    );
    path
}

/// A Node.js of another major than the one on the path.
pub(crate) fn node_of_major(major: u32) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join(format!("node/node_modules/node-{major}/bin/node"));
    assert!(
        path.is_file(),
        "{} is missing: `cargo xtask test` installs it",
        path.display()
    );
    path.to_str().unwrap().to_owned()
}
