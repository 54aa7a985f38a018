//! Watching real processes: what is read, what alerts do, and that the service is left as it was.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A Node.js process that is ended with the test.
struct Service {
    child: Child,
    inspector: Option<String>,
}

impl Service {
    /// Starts a script; it says on stdout that it is up.
    fn start(dir: &Path, args: &[&str], script: &str) -> Self {
        let path = dir.join("watched-service.js");
        std::fs::write(&path, format!("{script}\nconsole.log('up');")).unwrap();
        let mut child = Command::new("node")
            .args(args)
            .arg(&path)
            .env_remove("NODE_OPTIONS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut inspector = None;
        if !args.is_empty() {
            let mut line = String::new();
            let mut stderr = BufReader::new(child.stderr.take().unwrap());
            stderr.read_line(&mut line).unwrap();
            let address = line.split("ws://").nth(1).unwrap();
            inspector = Some(address.split('/').next().unwrap().to_owned());
            // Who reads the rest keeps the pipe from filling.
            std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        }
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line, "up\n");
        Self { child, inspector }
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn leakscope(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leakscope"));
    command
        .arg("watch")
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The code, stdout and stderr of a watch that ends by itself.
fn watch(dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = leakscope(dir, args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

const SERVER: &str = "require('node:http').createServer((q, r) => r.end()).listen(0, '127.0.0.1');
    require('node:child_process').spawn('sleep', ['600']).unref();
    const kept = globalThis.kept = [];
    setInterval(() => kept.push(new Array(20000).fill(kept.length)), 20);";

/// The child that the server started must not outlive the test.
fn end_children(service: &Service) {
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", service.pid()));
    for child in children.unwrap_or_default().split_whitespace() {
        let _ = Command::new("kill").arg(child).status();
    }
}

#[test]
fn every_figure_is_read_and_the_service_left_as_it_was() {
    let dir = TempDir::new().unwrap();
    let service = Service::start(dir.path(), &["--inspect=127.0.0.1:0"], SERVER);
    let address = service.inspector.clone().unwrap();
    let args = ["--every", "200ms", "--for", "2s"];
    let json = [&[address.as_str(), "--json"][..], &args].concat();
    let (code, stdout, stderr) = watch(dir.path(), &json);
    assert_eq!(code, Some(0), "{stderr}");
    let readings: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(readings.len() >= 2, "{stdout}");
    let last = &readings[readings.len() - 1];
    assert_eq!(last["schema"], "leakscope.reading/1");
    assert_eq!(last["pid"], service.child.id());
    for figure in [
        "rss",
        "vsz",
        "pss",
        "uss",
        "swap",
        "cpu",
        "threads",
        "fds",
        "sockets",
        "heap_used",
        "heap_total",
        "external",
        "array_buffers",
        "lag_mean",
        "lag_max",
        "gc_count",
        "gc_pause",
        "gc_pause_max",
    ] {
        assert!(last[figure].is_number(), "{figure} is missing in {last}");
    }
    assert_eq!(
        (&last["processes"], &last["listening"]),
        (&2.into(), &2.into())
    );
    assert!(
        last["spaces"]["old_space"]["used"].as_u64() > Some(0),
        "{last}"
    );
    assert!(last["heap_used"].as_u64() > readings[0]["heap_used"].as_u64());
    assert!(last["growth"]["rss"]["judgement"].is_string());

    // The tree by process, as CSV: every row has the cells of the header.
    let pid = service.pid();
    let csv = [
        &[pid.as_str(), "--by-process", "--csv", "out.csv"][..],
        &args,
    ]
    .concat();
    let (code, stdout, stderr) = watch(dir.path(), &csv);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.contains("sleep 600") && stdout.contains("rss "),
        "{stdout}"
    );
    let csv = std::fs::read_to_string(dir.path().join("out.csv")).unwrap();
    let cells: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert!(
        cells.len() >= 5 && cells.iter().all(|&n| n == cells[0]),
        "{csv}"
    );
    end_children(&service);
}

#[test]
fn the_heaps_of_workers_and_children_are_read_each_for_itself() {
    let dir = TempDir::new().unwrap();
    // Each keeps an amount of its own: 5, 10 and 20 MB.
    let script = "const { Worker, isMainThread, workerData } = require('node:worker_threads');
        const { fork } = require('node:child_process');
        const megabytes = isMainThread ? (process.send ? 10 : 5) : workerData;
        globalThis.kept = Array.from({ length: megabytes }, () => new Array(125e3).fill(0.5));
        if (isMainThread && !process.send) {
            new Worker(__filename, { workerData: 20, name: 'mailer' });
            const child = fork(__filename, { execArgv: ['--inspect=127.0.0.1:0'] });
            process.on('exit', () => child.kill());
        }
        process.on('disconnect', () => process.exit());
        setInterval(() => {}, 1000);";
    let service = Service::start(dir.path(), &["--inspect=127.0.0.1:0"], script);
    let mut watching = leakscope(
        dir.path(),
        &[
            &service.pid(),
            "--by-process",
            "--every",
            "200ms",
            "--json",
            "--for",
            "120s",
        ],
    )
    .spawn()
    .unwrap();
    let mut heaps = std::collections::BTreeMap::new();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    // A child needs its time to come up, and its inspector to be found.
    while heaps.len() < 3 {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        if let Some(used) = line["heap_used"].as_u64() {
            let whose = match (&line["isolate"], line["pid"] == service.child.id()) {
                (Value::String(worker), true) => worker.clone(),
                (_, true) => "main".to_owned(),
                (_, false) => "child".to_owned(),
            };
            assert!(line["spaces"]["old_space"].is_object(), "{line}");
            assert!(line["heap_full"].as_f64() > Some(0.0), "{line}");
            let has_kernels_figures = line["rss"].is_number();
            assert_eq!(has_kernels_figures, line["isolate"].is_null(), "{line}");
            if used > 4_500_000 {
                heaps.insert(whose, (used, line["name"].clone()));
            }
        }
    }
    let _ = Command::new("kill")
        .args(["-INT", &watching.id().to_string()])
        .status();
    drop(lines);
    assert_eq!(watching.wait().unwrap().code(), Some(0));
    let names: Vec<&str> = heaps.keys().map(String::as_str).collect();
    assert_eq!(names, ["child", "main", "worker-1"], "{heaps:?}");
    assert_eq!(heaps["worker-1"].1, "mailer");
    let of = |whose: &str| heaps[whose].0;
    assert!(of("main") > 5_000_000, "{heaps:?}");
    assert!(of("child") > of("main").max(10_000_000), "{heaps:?}");
    assert!(of("worker-1") > of("child").max(20_000_000), "{heaps:?}");
    end_children(&service);
}

#[test]
fn an_inspector_that_was_opened_is_closed_and_nothing_stays_in_the_service() {
    let dir = TempDir::new().unwrap();
    // A port of its own: others may be inspected meanwhile.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let inspect_port = format!("--inspect-port={}", port.local_addr().unwrap().port());
    drop(port);
    let script = "process.stdin.on('data', () => console.log(
        String(Symbol.for('leakscope.vitals') in globalThis), require('node:inspector').url()));";
    let path = dir.path().join("watched-service.js");
    std::fs::write(&path, script).unwrap();
    let mut service = Service::start_quietly(dir.path(), &inspect_port, script);
    let (code, stdout, stderr) = watch(
        dir.path(),
        &[
            &service.pid(),
            "--inspect",
            "--every",
            "200ms",
            "--for",
            "1s",
        ],
    );
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.contains("heap ") && stdout.contains("lag "),
        "{stdout}{stderr}"
    );
    assert!(stdout.contains("rss: too early to tell"), "{stdout}");
    service
        .child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"?\n")
        .unwrap();
    let mut line = String::new();
    BufReader::new(service.child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "false undefined\n");
}

impl Service {
    /// Without an inspector, but with the port where it would be opened.
    fn start_quietly(dir: &Path, inspect_port: &str, script: &str) -> Self {
        let path = dir.join("watched-service.js");
        std::fs::write(&path, format!("{script}\nconsole.log('up');")).unwrap();
        let mut child = Command::new("node")
            .arg(inspect_port)
            .arg(&path)
            .env_remove("NODE_OPTIONS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut up = [0; 3];
        child.stdout.as_mut().unwrap().read_exact(&mut up).unwrap();
        assert_eq!(&up, b"up\n");
        Self {
            child,
            inspector: None,
        }
    }
}

#[test]
fn a_small_terminal_has_the_chart_and_gets_its_lines_back() {
    let dir = TempDir::new().unwrap();
    let service = Service::start(
        dir.path(),
        &["--inspect=127.0.0.1:0"],
        "setInterval(() => {}, 1e3);",
    );
    let watching = format!(
        "stty rows 20 cols 60; exec {} watch {} --every 100ms --for 1s --alert 'rss > 1MiB'",
        env!("CARGO_BIN_EXE_leakscope"),
        service.pid()
    );
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &watching, "/dev/null"]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    // The other screen is left again, and then come the last words.
    let (chart, words) = shown.rsplit_once("\u{1b}[?1049l").unwrap();
    assert!(
        chart.contains("q ends") && chart.contains("heap_used"),
        "{chart}"
    );
    assert!(words.contains("alert: rss > 1MiB"), "{words}");
    assert!(words.contains("rss: too early to tell"), "{words}");
}

#[test]
fn alerts_run_commands_take_snapshots_and_end_the_watch() {
    let dir = TempDir::new().unwrap();
    let service = Service::start(dir.path(), &["--inspect=127.0.0.1:0"], SERVER);
    let (code, _, stderr) = watch(
        dir.path(),
        &[
            service.inspector.as_deref().unwrap(),
            "--every",
            "100ms",
            "--for",
            "60s",
            "--alert",
            "heap grows 1MiB/min for 2s",
            "--on-alert",
            "sh -c 'echo \"told: $LEAKSCOPE_ALERT of $LEAKSCOPE_PID\"'",
            "--on-alert",
            "snapshot",
            "--on-alert",
            "exit",
        ],
    );
    assert_eq!(code, Some(5), "{stderr}");
    let told = format!("told: heap grows 1MiB/min for 2s of {}", service.pid());
    assert!(
        stderr.contains(&told) && stderr.contains("alert: heap grows"),
        "{stderr}"
    );
    let is_snapshot = |path: &PathBuf| path.extension().is_some_and(|e| e == "heapsnapshot");
    let files = std::fs::read_dir(dir.path()).unwrap();
    let snapshots: Vec<PathBuf> = files
        .map(|f| f.unwrap().path())
        .filter(is_snapshot)
        .collect();
    assert_eq!(snapshots.len(), 1, "{stderr}");
    let summary = super::views::answer(&["summary", snapshots[0].to_str().unwrap()]);
    assert!(summary.contains("Array"), "{summary}");
    end_children(&service);
}

#[test]
fn a_name_is_followed_across_a_restart() {
    let dir = TempDir::new().unwrap();
    let name = format!("{}/watched", dir.path().display());
    let first = Service::start(dir.path(), &[], "setInterval(() => {}, 1000);");
    let mut watching = leakscope(
        dir.path(),
        &[
            "--follow", &name, "--every", "100ms", "--json", "--for", "120s",
        ],
    )
    .spawn()
    .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut wait_for = |wanted: &dyn Fn(&Value) -> bool| {
        let parsed = lines
            .by_ref()
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        let mut found = parsed.filter(|line| wanted(line));
        assert!(found.next().is_some());
    };
    let first_pid = first.child.id();
    wait_for(&|line| line["pid"] == first_pid);
    drop(first);
    wait_for(&|line| line["event"] == "ended");
    let second = Service::start(dir.path(), &[], "setInterval(() => {}, 1000);");
    let second_pid = second.child.id();
    wait_for(&|line| line["pid"] == second_pid);
    let _ = Command::new("kill")
        .args(["-INT", &watching.id().to_string()])
        .status();
    drop(lines);
    assert_eq!(watching.wait().unwrap().code(), Some(0));
}

#[test]
fn a_command_is_watched_its_metrics_served_and_it_ends_with_the_watch() {
    let dir = TempDir::new().unwrap();
    let script = dir.path().join("started-and-watched.js");
    std::fs::write(&script, "setInterval(() => {}, 1000);").unwrap();
    let script = script.to_str().unwrap();
    let args = [
        "--every",
        "100ms",
        "--for",
        "120s",
        "--metrics",
        "127.0.0.1:0",
        "--",
        "node",
        script,
    ];
    let mut watching = leakscope(dir.path(), &args).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(watching.stderr.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim()
        .strip_prefix("Metrics: http://")
        .unwrap()
        .replace("/metrics", "");
    let mut stdout = BufReader::new(watching.stdout.take().unwrap());
    let mut reading = String::new();
    stdout.read_line(&mut reading).unwrap();
    assert!(
        reading.contains("rss ") && reading.contains("heap "),
        "{reading}"
    );

    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    let mut metrics = String::new();
    stream.read_to_string(&mut metrics).unwrap();
    let is_service = |line: &&str| line.starts_with("leakscope_watch_rss_bytes{pid=");
    let rss = metrics.lines().find(is_service).unwrap();
    let pid = rss.split('"').nth(1).unwrap().to_owned();
    assert!(rss.contains("started-and-watched.js"), "{rss}");
    for name in [
        "heap_used_bytes",
        "heap_space_used_bytes{space=\"old_space\"}",
        "lag_max_seconds",
    ] {
        assert!(
            metrics.contains(&format!("leakscope_watch_{name}")),
            "{name}: {metrics}"
        );
    }
    let _ = Command::new("kill")
        .args(["-TERM", &watching.id().to_string()])
        .status();
    assert_eq!(watching.wait().unwrap().code(), Some(0));
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn what_cannot_be_watched_is_said() {
    let dir = TempDir::new().unwrap();
    for (args, words) in [
        (
            &["no-such-service-anywhere"][..],
            "no-such-service-anywhere",
        ),
        (&["4194303"], "4194303"),
        (&["127.0.0.1:1"], "127.0.0.1:1"),
        (&["1", "--alert", "rss is large"], "`is` is not"),
        (
            &["1", "--alert", "rss > 1", "--on-alert", "'"],
            "is no command",
        ),
        (&["1", "--csv", "--json"], "cannot both"),
        (&[], "required"),
    ] {
        let (code, stdout, stderr) = watch(dir.path(), args);
        assert!(matches!(code, Some(2 | 4)), "{args:?}: {code:?} {stderr}");
        assert_eq!(stdout, "");
        assert!(stderr.contains(words), "{args:?}: {stderr}");
    }
}

#[test]
fn a_reader_that_goes_ends_the_watch_without_a_word() {
    let dir = TempDir::new().unwrap();
    let service = Service::start(dir.path(), &[], "setInterval(() => {}, 1000);");
    let pid = service.pid();
    for form in [&[][..], &["--json"]] {
        let mut args = vec![&*pid, "--every", "100ms"];
        args.extend(form);
        let mut watching = leakscope(dir.path(), &args).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(watching.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert!(line.contains("rss"), "{line}");
        drop(stdout);
        let ended = watching.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{stderr}");
        assert!(!stderr.contains("error: "), "{stderr}");
    }
}
