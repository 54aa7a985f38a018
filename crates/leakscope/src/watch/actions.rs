//! What an alert does besides being told: run a command, take a snapshot, end the watch.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use watch::Fired;

use super::sampler::Sampler;
use super::screen::Face;
use crate::args::WatchArgs;
use crate::exit::Exit;
use crate::failure::Failure;

/// A command that runs longer after the watch's end is ended with it.
const GRACE: Duration = Duration::from_secs(30);

enum Action {
    Exit,
    Snapshot,
    Run(Vec<String>),
}

pub(super) struct Actions {
    actions: Vec<Action>,
    folder: PathBuf,
    running: Vec<Child>,
}

impl Actions {
    pub(super) fn parse(args: &WatchArgs) -> Result<Self, Failure> {
        let action = |text: &String| match text.trim() {
            "exit" => Ok(Action::Exit),
            "snapshot" => Ok(Action::Snapshot),
            command => crate::words::split(command)
                .map(Action::Run)
                .ok_or_else(|| {
                    Failure::new(Exit::Usage, format!("`--on-alert {command}` is no command")).hint(
                        Some("give `exit`, `snapshot`, or a program with its arguments"),
                    )
                }),
        };
        Ok(Self {
            actions: args.on_alert.iter().map(action).collect::<Result<_, _>>()?,
            folder: args.out.clone().unwrap_or_default(),
            running: Vec::new(),
        })
    }

    pub(super) fn need_inspector(&self) -> bool {
        self.actions
            .iter()
            .any(|action| matches!(action, Action::Snapshot))
    }

    /// Does what an alert is to do; whether the watch is to end.
    pub(super) async fn act(
        &mut self,
        fired: &Fired,
        sampler: &Sampler<'_>,
        face: &mut Face,
    ) -> bool {
        let mut wants_end = false;
        for action in &self.actions {
            match action {
                Action::Exit => wants_end = true,
                Action::Snapshot => face.note(&snapshot(&self.folder, sampler).await),
                Action::Run(words) => match run(words, fired, sampler) {
                    Ok(child) => self.running.push(child),
                    Err(error) => face.note(&format!("cannot run `{}`: {error}", words.join(" "))),
                },
            }
        }
        self.running
            .retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        wants_end
    }

    /// Waits for the commands that still run.
    pub(super) async fn finish(&mut self) {
        let all = async {
            for child in &mut self.running {
                let _ = child.wait().await;
            }
        };
        // Those that go on are killed as they are dropped.
        let _ = tokio::time::timeout(GRACE, all).await;
        self.running.clear();
    }
}

fn run(words: &[String], fired: &Fired, sampler: &Sampler<'_>) -> std::io::Result<Child> {
    let mut command = Command::new(&words[0]);
    if let Some(pid) = sampler.root() {
        command.env("LEAKSCOPE_PID", pid.to_string());
    }
    command
        .args(&words[1..])
        .env("LEAKSCOPE_ALERT", &fired.alert)
        .env("LEAKSCOPE_MESSAGE", &fired.message)
        .stdin(Stdio::null())
        // stdout is the watch's answer.
        .stdout(std::io::stderr())
        .kill_on_drop(true)
        .spawn()
}

async fn snapshot(folder: &std::path::Path, sampler: &Sampler<'_>) -> String {
    let Some(inspector) = sampler.inspector() else {
        return "no snapshot was taken: no inspector is open".into();
    };
    let now = jiff::ZonedDateTime::now()
        .strftime("%Y%m%d-%H%M%S")
        .to_string();
    let pid = sampler.root().unwrap_or(0);
    let path = folder.join(format!("alert-{pid}-{now}.heapsnapshot"));
    match inspector.take_snapshot(&path, |_, _| {}).await {
        Ok(_) => format!("heap snapshot: {}", path.display()),
        Err(error) => format!("no snapshot was taken: {error}"),
    }
}
