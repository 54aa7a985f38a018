//! From what was said to a load wholly specified: files read, the script checked, the plan known.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use load::{Job, TlsOptions, Transport, TransportOptions};
use scenario::{Arrivals, Script, Severity, Spread};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use units::{Count, Elapsed};

use super::ensure::Ensure;
use crate::args::{RunArgs, ScriptArgs, SpreadArg};
use crate::exit::Exit;
use crate::failure::{Failure, answer};

/// Artillery's own window.
const PERIOD: Duration = Duration::from_secs(10);

/// A load, wholly specified; nothing has been started.
pub(crate) struct Order {
    pub(crate) job: Job,
    pub(crate) plan: Plan,
    pub(crate) ensure: Ensure,
    /// How often there is a report meanwhile.
    pub(crate) period: Duration,
}

/// The whole plan that a load, or its segments together, perform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The script, as it was named.
    pub(crate) script: String,
    /// Where the load goes.
    pub(crate) target: String,
    /// Sessions of all segments together.
    pub(crate) sessions: u64,
    /// From the first phase's start to the last one's end.
    pub(crate) lasts_ms: u64,
    pub(crate) seed: u64,
    /// The same for the same script, options and seed.
    pub(crate) fingerprint: String,
}

impl Plan {
    /// Keeps it in a report's own part.
    pub(crate) fn note(&self, ours: &mut Value) {
        if let Ok(value) = serde_json::to_value(self) {
            ours["plan"] = value;
        }
    }

    /// Reads it from a report's own part.
    pub(crate) fn of_report(ours: &Value) -> Option<Self> {
        serde_json::from_value(ours.get("plan")?.clone()).ok()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Plan: {} sessions in {}, to {}",
            Count(self.sessions),
            Elapsed::from(Duration::from_millis(self.lasts_ms)),
            report::printable(&self.target)
        )
    }
}

/// Everything that was said about a script.
#[derive(Debug, Default)]
pub(crate) struct Given {
    name: String,
    text: String,
    target: Option<String>,
    pub(crate) is_insecure: bool,
    is_solo: bool,
    is_strict: bool,
    spread: Option<Spread>,
    seed: u64,
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

    fn of_args(args: &ScriptArgs) -> Result<Self, Failure> {
        // clap has seen to it that there is one.
        let path = args.script.clone().unwrap_or_else(|| PathBuf::from("-"));
        let name = path.display().to_string();
        Ok(Self {
            text: read(&path, "load script")?,
            name,
            target: args.target.clone(),
            is_insecure: args.insecure,
            is_solo: args.solo,
            is_strict: args.strict,
            spread: args.arrivals.map(|spread| match spread {
                SpreadArg::Uniform => Spread::Uniform,
                SpreadArg::Poisson => Spread::Poisson,
            }),
            seed: args.seed,
        })
    }
}

fn read(path: &Path, what: &str) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read {what} `{}`: {error}", path.display());
        Failure::new(Exit::Usage, message)
    })
}

/// The load that a script and its options ask for.
pub(crate) fn order(args: &ScriptArgs, run: &RunArgs) -> Result<Order, Failure> {
    order_of(&Given::of_args(args)?, run)
}

/// `leakscope load check SCRIPT`: says what is wrong with it, or what it would do.
pub(super) fn check(args: &ScriptArgs) -> Result<Exit, Failure> {
    let given = Given::of_args(args)?;
    let script = parse(&given)?;
    let plan = plan(&given, &script, &arrivals(&given, &script));
    answer(&format!("{plan}\n"))?;
    Ok(Exit::Clean)
}

pub(super) fn order_of(given: &Given, run: &RunArgs) -> Result<Order, Failure> {
    let script = parse(given)?;
    let arrivals = arrivals(given, &script);
    let plan = plan(given, &script, &arrivals);
    let transport =
        Transport::new(transport(given)).map_err(|error| Failure::of(Exit::Usage, &error))?;
    let job = Job {
        target: script.target.clone(),
        transport,
        arrivals,
        segment: run.segment,
        max_in_flight: None,
        session_offset: 0,
        seed: given.seed,
        log: None,
        script: Arc::new(script),
    };
    Ok(Order {
        job,
        plan,
        ensure: Ensure::default(),
        period: PERIOD,
    })
}

fn parse(given: &Given) -> Result<Script, Failure> {
    let parsed = scenario::parse(&given.text, &given.name);
    crate::failure::print_diagnostics(&given.text, &parsed.diagnostics);
    let refused = given.is_strict && !parsed.diagnostics.is_empty();
    let script = parsed.script.filter(|_| !refused);
    let mut script = script.ok_or_else(|| {
        let findings = parsed.diagnostics.iter();
        let errors = findings.filter(|d| d.severity == Severity::Error).count();
        let message = match errors {
            0 => format!(
                "load script `{}` has findings, and `--strict` was given",
                given.name
            ),
            _ => format!(
                "load script `{}` cannot be run; nothing was started",
                given.name
            ),
        };
        Failure::new(Exit::Usage, message)
    })?;
    if let Some(url) = &given.target {
        script.target = scenario::Target::parse(url).map_err(|error| {
            Failure::new(
                Exit::Usage,
                format!("`--target {url}` is no target: {error}"),
            )
        })?;
    }
    Ok(script)
}

fn arrivals(given: &Given, script: &Script) -> Arrivals {
    match given.is_solo {
        true => Arrivals::paced(1, 1.0),
        false => {
            let spread = given.spread.unwrap_or(script.spread);
            Arrivals::of_phases(&script.phases, spread, given.seed)
        }
    }
}

fn plan(given: &Given, script: &Script, arrivals: &Arrivals) -> Plan {
    let lasts: Duration = match given.is_solo {
        true => Duration::ZERO,
        false => script.phases.iter().map(|phase| phase.duration).sum(),
    };
    // Whatever changes what is sent, or when, is in here.
    let whole = format!("{given:?}{arrivals:?}");
    Plan {
        script: given.name.clone(),
        target: script.target.to_string(),
        sessions: arrivals.sessions(),
        lasts_ms: lasts.as_millis() as u64,
        seed: given.seed,
        fingerprint: format!("{:016x}", fnv1a(whole.as_bytes())),
    }
}

/// FNV-1a: the same on every machine, and no adversary is about.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn transport(given: &Given) -> TransportOptions {
    TransportOptions {
        tls: TlsOptions {
            verify: !given.is_insecure,
            ..TlsOptions::default()
        },
        proxies: super::proxies::of_environment(),
        ..TransportOptions::default()
    }
}
