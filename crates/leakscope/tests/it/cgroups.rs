//! A service that a control group allows only so much memory, as a container's does.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::harness::{Done, Hunt, read_json};
use crate::running::{Running, leakscope};

const LIMIT: u64 = 192 << 20;

/// What is left of memory in the middle of a hunt: too little for the forecast of any snapshot, and
/// enough for the service.
const LEFT: u64 = 48 << 20;

/// Has so many objects that their forecast does not fit into the limit, while what V8 really needs
/// for them does: nothing must be ended by the kernel here.
const KEEPS: &str = "class Kept {}
    globalThis.kept = Array.from({ length: 120 }, () => Array.from({ length: 1e3 }, () => new Kept()));
    console.log('up'); setInterval(() => {}, 1e3);";

/// Keeps one object for each request, and as many as it is told from the beginning.
const LEAKS: &str = "class Kept {}
    globalThis.before = Array.from({ length: +process.argv[2] },
      () => Array.from({ length: 1e3 }, () => new Kept()));
    const kept = [];
    require('http').createServer((request, response) => {
      kept.push({ url: request.url });
      response.end('kept');
    }).listen(process.env.PORT, '127.0.0.1');";

/// A group below this process's own, gone with this.
struct Group(PathBuf);

impl Group {
    /// With [`LIMIT`]; why there can be none, if so.
    fn limited() -> Result<Self, String> {
        let groups = fs::read_to_string("/proc/self/cgroup").map_err(|e| e.to_string())?;
        let mut why = "no hierarchy has a memory controller".to_owned();
        for line in groups.lines() {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, own) = (fields.next().unwrap(), fields.next().unwrap());
            let (root, file) = match controllers {
                "" => ("/sys/fs/cgroup", "memory.max"),
                "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                _ => continue,
            };
            let own = Path::new(root).join(own.trim_start_matches('/'));
            match Self::below(&own, file) {
                Ok(group) => return Ok(group),
                Err(error) => why = format!("{}: {error}", own.display()),
            }
        }
        Err(why)
    }

    fn below(own: &Path, file: &str) -> std::io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = own.join(format!("leakscope-test-{}-{number}", std::process::id()));
        fs::create_dir(&folder)?;
        let group = Self(folder);
        // Where the controller is not handed down, there is no such file.
        fs::metadata(group.0.join(file))?;
        fs::write(group.0.join(file), LIMIT.to_string())?;
        Ok(group)
    }

    /// Leaves its processes `bytes` more than they have now.
    fn leave(&self, bytes: u64) {
        let number = |names: [&str; 2]| -> Option<u64> {
            let mut texts = names
                .iter()
                .map(|name| fs::read_to_string(self.0.join(name)));
            texts.find_map(Result::ok)?.trim().parse().ok()
        };
        let used = number(["memory.current", "memory.usage_in_bytes"]).unwrap();
        let names = ["memory.max", "memory.limit_in_bytes"].map(|name| self.0.join(name));
        let limit = names.iter().find(|path| path.exists()).unwrap();
        fs::write(limit, (used + bytes).to_string()).unwrap();
    }

    /// A program that joins the group and becomes Node.js.
    fn node(&self, dir: &Path) -> PathBuf {
        let path = dir.join("node-in-group");
        let procs = self.0.join("cgroup.procs");
        let script = format!(
            "#!/bin/sh\necho $$ > {} && exec node \"$@\"\n",
            procs.display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A process that was just ended is in its group for a moment more.
        for _ in 0..10_000 {
            match fs::remove_dir(&self.0) {
                Err(error) if error.raw_os_error() == Some(16) => std::thread::yield_now(),
                _ => return,
            }
        }
    }
}

#[test]
fn a_snapshot_that_may_not_fit_into_the_group_is_refused_with_figures() {
    let group = match Group::limited() {
        Ok(group) => group,
        Err(why) => {
            println!("not tested: no memory group can be made here ({why})");
            return;
        }
    };
    let dir = tempfile::TempDir::new().unwrap();
    let node = group.node(dir.path());
    let mut service = Running::with(node.to_str().unwrap(), &[], KEEPS);
    let files = || {
        let entries = fs::read_dir(service.dir.path()).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        names
            .filter(|name| name != "service.js")
            .collect::<Vec<_>>()
    };

    let refused = service.run("snapshot", &[]);
    let limit = format!("left of the 192.0 MiB of cgroup `{}`", group.0.display());
    refused.check_error(4, &["a heap snapshot needs ", " MiB of memory", &limit]);
    refused.check_error(4, &[" objects: it needs up to ", "--force"]);
    assert_eq!((refused.stdout.as_str(), files().len()), ("", 0));

    let forced = service.run("snapshot", &["--force", "-o", "kept.heapsnapshot"]);
    forced.check_code(0);
    assert!(
        forced.stderr.contains("warning: a heap snapshot needs "),
        "{}",
        forced.stderr
    );
    let summary = leakscope("summary")
        .args(["--json", "--no-cache"])
        .arg(service.dir.path().join("kept.heapsnapshot"))
        .output();
    let summary = Done::of(&summary.unwrap());
    summary.check_code(0);
    let json: serde_json::Value = serde_json::from_str(&summary.stdout).unwrap();
    let classes = json["classes"].as_array().unwrap();
    let kept = classes.iter().find(|row| row["class"] == "Kept").unwrap();
    assert_eq!(kept["count"], 120_000);

    let watched = service.run("watch", &["--for", "100ms", "--json", "readings.json"]);
    watched.check_code(0);
    assert!(
        watched.stdout.contains("limit 192.0 MiB"),
        "{}",
        watched.stdout
    );
    let readings = fs::read_to_string(service.dir.path().join("readings.json")).unwrap();
    let first = readings.lines().next().unwrap();
    let first: serde_json::Value = serde_json::from_str(first).unwrap();
    assert_eq!(first["limit"], LIMIT);
    service.check_left_alone();
}

/// A hunt on [`LEAKS`] in the group, with `thousands` objects from the beginning.
fn hunt(group: &Group, dir: &Path, thousands: &str) -> Hunt {
    let script = dir.join("server.js");
    fs::write(&script, LEAKS).unwrap();
    let node = group.node(dir);
    let words = [node.to_str().unwrap(), script.to_str().unwrap(), thousands];
    Hunt::on(&words).http_load().arg("--quick")
}

#[test]
fn a_hunt_whose_snapshots_may_not_fit_into_the_group_is_refused_before_any_load() {
    let group = match Group::limited() {
        Ok(group) => group,
        Err(why) => {
            println!("not tested: no memory group can be made here ({why})");
            return;
        }
    };
    let dir = tempfile::TempDir::new().unwrap();
    let hunt = hunt(&group, dir.path(), "120");
    let refused = hunt.run();
    let limit = format!("left of the 192.0 MiB of cgroup `{}`", group.0.display());
    refused.check_error(4, &["a heap snapshot needs ", " MiB of memory", &limit]);
    refused.check_error(4, &[" objects: it needs up to ", "--force"]);
    hunt.check_nothing_is_left();
    let stages = hunt.recording()["stages"].clone();
    let sessions = |stage: &serde_json::Value| stage["ledger"]["created"].as_u64().unwrap();
    assert_eq!(
        stages.as_array().unwrap().iter().map(sessions).sum::<u64>(),
        0
    );
}

#[test]
fn a_hunt_that_runs_out_of_room_judges_by_the_rounds_that_it_has() {
    let group = match Group::limited() {
        Ok(group) => group,
        Err(why) => {
            println!("not tested: no memory group can be made here ({why})");
            return;
        }
    };
    group.leave(4 << 30);
    let dir = tempfile::TempDir::new().unwrap();
    let hunt = hunt(&group, dir.path(), "0");
    let mut running = hunt.command(&hunt.words()).spawn().unwrap();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().trim_start().starts_with("round 2")));
    group.leave(LEFT);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    let done = Done::of(&running.wait_with_output().unwrap());
    assert!(
        rest.iter()
            .any(|line| line.contains(": no more is measured")),
        "{rest:?}"
    );
    done.check_code(1);
    assert!(
        done.stdout
            .contains("Array `kept`   +1 element per session"),
        "{}",
        done.stdout
    );
    let verdict = read_json(&hunt.run_dir().join("verdict.json"));
    assert_eq!(verdict["rounds"].as_array().unwrap().len(), 2);
    hunt.check_nothing_is_left();
}
