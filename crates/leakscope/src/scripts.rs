//! Load scripts and what the command line lays over them: files are read here, once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use load::{ProcessorKind, Proxy, Surroundings, TlsOptions, Transport, TransportOptions};
use regress::Regex;
use scenario::{Arrivals, Diagnostic, Inputs, ReadFile, Script, Severity};

use crate::args::ScriptArgs;
use crate::exit::Exit;
use crate::failure::Failure;

/// Everything that was said about a script, with the files' texts.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) name: String,
    text: String,
    /// Where the names in it lead from.
    directory: PathBuf,
    overlays: Vec<(String, String)>,
    environment: Option<String>,
    overrides: Option<String>,
    variables: Option<String>,
    pub(crate) target: Option<String>,
    payload: Option<(String, String)>,
    pub(crate) is_insecure: bool,
    scenario_name: Option<String>,
    /// Variables of a file, which the process's environment does not have.
    env: Vec<(String, String)>,
    is_strict: bool,
    pub(crate) processor: ProcessorKind,
    pub(crate) seed: u64,
}

/// A script that can be run, and what belongs to it.
pub(crate) struct Checked {
    pub(crate) script: Script,
    pub(crate) transport: Arc<Transport>,
    pub(crate) surroundings: Surroundings,
}

impl Given {
    /// A script that is in no file.
    pub(crate) fn of_text(name: &str, text: String) -> Self {
        Self {
            name: name.to_owned(),
            text,
            seed: 1,
            ..Self::default()
        }
    }

    /// A script's file, and nothing else.
    pub(crate) fn of_file(path: &Path) -> Result<Self, Failure> {
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        let directory = parent.unwrap_or(Path::new("."));
        Ok(Self {
            directory: fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned()),
            ..Self::of_text(&path.display().to_string(), read(path, "load script")?)
        })
    }

    pub(crate) fn of_args(args: &ScriptArgs) -> Result<Self, Failure> {
        // clap has seen to it that there is one.
        let path = args.script.clone().unwrap_or_default();
        let named = |path: &PathBuf, what| -> Result<(String, String), Failure> {
            Ok((path.display().to_string(), read(path, what)?))
        };
        let mut overlays = Vec::new();
        for path in args.input.iter().chain(&args.config) {
            overlays.push(named(path, "file")?);
        }
        let payload = args.payload.as_ref();
        let payload = payload.map(|path| named(path, "payload")).transpose()?;
        let env = match &args.env_file {
            Some(path) => env_of(path)?,
            None => Vec::new(),
        };
        Ok(Self {
            overlays,
            environment: args.environment.clone(),
            overrides: args.overrides.clone(),
            variables: args.variables.clone(),
            target: args.target.clone(),
            payload,
            is_insecure: args.insecure,
            scenario_name: args.scenario_name.clone(),
            env,
            is_strict: args.strict,
            processor: args.processor.into(),
            seed: args.seed,
            ..Self::of_file(&path)?
        })
    }

    /// Parses and checks the script; what is said of it goes to stderr in any case.
    pub(crate) fn check(&self) -> Result<Checked, Failure> {
        let mut env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        for (name, value) in &self.env {
            env.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let directory = self.directory.display().to_string();
        let script_path = self
            .directory
            .join(Path::new(&self.name).file_name().unwrap_or_default());
        let payload = self.payload.as_ref();
        let parsed = scenario::parse_with(&Inputs {
            overlays: &self.overlays,
            environment: self.environment.as_deref(),
            overrides: self.overrides.as_deref(),
            variables: self.variables.as_deref(),
            target: self.target.as_deref(),
            payload: payload.map(|(name, text)| (name.as_str(), text.as_str())),
            is_insecure: self.is_insecure,
            test_id: &format!("t{:016x}", fnv1a(self.text.as_bytes()) ^ self.seed),
            directory: &directory,
            script_path: &script_path.display().to_string(),
            env: &env,
            files: &Beside(&self.directory),
            seed: self.seed,
            ..Inputs::new(&self.name, &self.text)
        });
        self.print(&parsed.diagnostics);
        let refused = self.is_strict && !parsed.diagnostics.is_empty();
        let script = parsed.script.filter(|_| !refused);
        let mut script = script.ok_or_else(|| {
            let is_error = |d: &Diagnostic| d.severity == Severity::Error;
            let message = match parsed.diagnostics.iter().any(is_error) {
                true => format!(
                    "load script `{}` cannot be run; nothing was started",
                    self.name
                ),
                false => format!(
                    "`--strict`: load script `{}` is not without findings",
                    self.name
                ),
            };
            Failure::new(Exit::Usage, message)
        })?;
        self.choose(&mut script)?;
        let transport = self.transport(&script)?;
        Ok(Checked {
            script,
            transport,
            surroundings: Surroundings::new(&self.directory),
        })
    }

    fn print(&self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            let overlay = self
                .overlays
                .iter()
                .find(|(name, _)| *name == diagnostic.file);
            let text = match overlay {
                Some((_, text)) => text,
                None if diagnostic.file == self.name => self.text.as_str(),
                None => "",
            };
            crate::failure::print_diagnostics(text, std::slice::from_ref(diagnostic));
        }
    }

    /// Leaves the scenarios that were asked for by name.
    fn choose(&self, script: &mut Script) -> Result<(), Failure> {
        let Some(wanted) = &self.scenario_name else {
            return Ok(());
        };
        let pattern = Regex::new(wanted).ok();
        let is_wanted =
            |name: &str| name == wanted || pattern.as_ref().is_some_and(|p| p.find(name).is_some());
        let names: Vec<String> = script
            .scenarios
            .iter()
            .filter_map(|s| s.name.clone())
            .collect();
        script
            .scenarios
            .retain(|s| s.name.as_deref().is_some_and(is_wanted));
        if script.scenarios.is_empty() {
            let message = format!("no scenario of `{}` is named `{wanted}`", self.name);
            let hint = match names.is_empty() {
                true => "none of them has a `name`".to_owned(),
                false => format!("there are {}", names.join(", ")),
            };
            return Err(Failure::new(Exit::Usage, message).hint(Some(hint)));
        }
        Ok(())
    }

    fn transport(&self, script: &Script) -> Result<Arc<Transport>, Failure> {
        let tls = &script.settings.tls;
        let websocket_proxy = script.settings.ws.proxy.as_deref();
        let websocket_proxy = websocket_proxy
            .map(Proxy::parse)
            .transpose()
            .map_err(|error| Failure::of(Exit::Usage, &error))?;
        let options = TransportOptions {
            tls: TlsOptions {
                verify: tls.is_verified,
                verify_websocket: script.settings.ws.is_verified.filter(|_| !self.is_insecure),
                ca: tls.ca.clone(),
                certificate: tls.cert.clone(),
                key: tls.key.clone(),
                pfx: tls.pfx.clone(),
                passphrase: tls.passphrase.clone(),
                server_name: tls.server_name.clone(),
            },
            proxies: crate::proxies::of_environment(),
            websocket_proxy,
            pool: script.settings.http.pool,
            ..TransportOptions::default()
        };
        Transport::new(options).map_err(|error| Failure::of(Exit::Usage, &error).hint(error.hint()))
    }

    /// The same for the same texts and options: whatever changes what is sent, or when, is in here,
    /// and nothing of where files lie on this machine.
    pub(crate) fn fingerprint(&self, script: &Script, arrivals: &Arrivals) -> String {
        let texts: Vec<&str> = self
            .overlays
            .iter()
            .map(|(_, text)| text.as_str())
            .collect();
        let options = (&self.environment, &self.overrides, &self.variables);
        let more = (&self.target, &self.scenario_name, &self.env, self.seed);
        let payloads = &script.settings.payloads;
        let whole = (&self.text, texts, options, more, payloads, arrivals);
        format!("{:016x}", fnv1a(format!("{whole:?}").as_bytes()))
    }
}

/// The files beside a script.
struct Beside<'a>(&'a Path);

impl ReadFile for Beside<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }

    fn read_bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        fs::read(self.0.join(path)).map_err(|error| error.to_string())
    }

    fn is_there(&self, path: &str) -> bool {
        self.0.join(path).is_file()
    }
}

fn read(path: &Path, what: &str) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read {what} `{}`: {error}", path.display());
        Failure::new(Exit::Usage, message)
    })
}

/// The variables of an `.env` file: `NAME=value`, perhaps after `export`, perhaps in quotes.
fn env_of(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let text = read(path, "environment file")?;
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let variables = lines.filter_map(|line| {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=')?;
        let value = value.trim();
        let quoted = ['"', '\'']
            .iter()
            .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote));
        let plain = || value.split(" #").next().unwrap_or_default().trim_end();
        let value = quoted.unwrap_or_else(plain);
        Some((name.trim().to_owned(), value.to_owned()))
    });
    Ok(variables.collect())
}

/// FNV-1a: the same on every machine, and no adversary is about.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
