//! From what was said to a load wholly specified: files read, the script checked, the plan known.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use load::{Job, ProcessorKind};
use scenario::{Arrivals, Script, Spread};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use units::{Count, Elapsed};

use super::ensure::Ensure;
use crate::args::{RunArgs, ScriptArgs, SpreadArg};
use crate::exit::Exit;
use crate::failure::{Failure, answer};
use crate::scripts::{Checked, Given};

/// Artillery's own window.
const PERIOD: Duration = Duration::from_secs(10);
const SHORTEST_PERIOD: Duration = Duration::from_millis(100);

/// A load, wholly specified; nothing has been started.
pub(crate) struct Order {
    pub(crate) job: Job,
    pub(crate) plan: Plan,
    pub(crate) ensure: Ensure,
    /// Where the script's functions run.
    pub(crate) processor: ProcessorKind,
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
    /// Whether it is the same plan, perhaps under another name.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let of = |plan: &Self| (plan.fingerprint.clone(), plan.sessions, plan.seed);
        of(self) == of(other)
    }

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

/// The load that a script and its options ask for.
pub(crate) fn order(args: &ScriptArgs, run: &RunArgs) -> Result<Order, Failure> {
    order_of(&Given::of_args(args)?, spread(args), args.solo, run)
}

/// `leakscope load check SCRIPT`: says what is wrong with it, or what it would do.
pub(super) fn check(args: &ScriptArgs) -> Result<Exit, Failure> {
    let given = Given::of_args(args)?;
    let Checked { script, .. } = given.check()?;
    let arrivals = arrivals(&script, spread(args), args.solo, given.seed);
    answer(&format!("{}\n", plan(&given, &script, &arrivals)))?;
    Ok(Exit::Clean)
}

fn spread(args: &ScriptArgs) -> Option<Spread> {
    args.arrivals.map(|spread| match spread {
        SpreadArg::Uniform => Spread::Uniform,
        SpreadArg::Poisson => Spread::Poisson,
    })
}

pub(super) fn order_of(
    given: &Given,
    spread: Option<Spread>,
    is_solo: bool,
    run: &RunArgs,
) -> Result<Order, Failure> {
    let Checked {
        script,
        transport,
        surroundings,
    } = given.check()?;
    let arrivals = arrivals(&script, spread, is_solo, given.seed);
    let plan = plan(given, &script, &arrivals);
    let ensure = Ensure::of_script(&script.settings.ensure);
    let period = script.settings.stats_interval.unwrap_or(PERIOD);
    let job = Job {
        target: script.target.clone(),
        surroundings,
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
        ensure,
        processor: given.processor,
        period: period.max(SHORTEST_PERIOD),
    })
}

fn arrivals(script: &Script, spread: Option<Spread>, is_solo: bool, seed: u64) -> Arrivals {
    match is_solo {
        true => Arrivals::paced(1, 1.0),
        false => Arrivals::of_phases(&script.phases, spread.unwrap_or(script.spread), seed),
    }
}

fn plan(given: &Given, script: &Script, arrivals: &Arrivals) -> Plan {
    let phases = script.phases.iter();
    let lasts: Duration = phases.map(|phase| phase.duration).sum();
    Plan {
        script: given.name.clone(),
        target: script.target.to_string(),
        sessions: arrivals.sessions(),
        lasts_ms: lasts.as_millis() as u64,
        seed: given.seed,
        fingerprint: given.fingerprint(script, arrivals),
    }
}
