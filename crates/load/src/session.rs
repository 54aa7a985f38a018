//! One virtual user's pass through a scenario.

use std::collections::HashMap;
use std::time::Instant;

use scenario::{Engine, Rounds, Scenario, Scope, Script, Step, Target};
use serde_json::Value;

use crate::cause::Cause;
use crate::http::HttpUser;
use crate::transport::Transport;
use crate::ws_user::WebSocketUser;
use crate::{Job, Meter};

/// What every kind of virtual user needs.
pub(crate) struct Session<'a> {
    pub(crate) script: &'a Script,
    pub(crate) target: &'a Target,
    pub(crate) transport: &'a Transport,
    pub(crate) meter: &'a Meter,
    pub(crate) scenario: &'a Scenario,
    pub(crate) scope: Variables,
    /// When the session should have started, until its first step takes it.
    due: Option<Instant>,
}

/// A session's own variables and random numbers.
pub(crate) struct Variables {
    values: HashMap<String, Value>,
    random: fastrand::Rng,
}

impl Scope for Variables {
    fn variable(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn random(&mut self) -> u64 {
        self.random.u64(..)
    }
}

impl<'a> Session<'a> {
    pub(crate) fn new(job: &'a Job, meter: &'a Meter, number: u64, due: Instant) -> Self {
        let Job {
            script,
            target,
            transport,
            seed,
            ..
        } = job;
        // Neighbors must not draw alike: the golden ratio spreads their seeds, as in SplitMix64.
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut random = fastrand::Rng::with_seed(*seed ^ spread);
        let mut values = HashMap::new();
        for (name, choices) in &script.settings.variables {
            if let Some(value) = random.choice(choices) {
                values.insert(name.clone(), value.clone());
            }
        }
        Self {
            script,
            target,
            transport,
            meter,
            scenario: script.pick(random.f64()),
            scope: Variables { values, random },
            due: Some(due),
        }
    }

    /// When the step that begins now should have begun: the first one when the session was due,
    /// any other as soon as the one before has ended.
    pub(crate) fn intended_start(&mut self) -> Instant {
        self.due.take().unwrap_or_else(Instant::now)
    }

    /// Goes through one scenario to its end.
    pub(crate) async fn perform(&mut self) -> Result<(), Cause> {
        let scenario = self.scenario;
        if let Some(name) = &scenario.name {
            let counter = format!("vusers.created_by_name.{name}");
            self.meter.count(&counter, 1);
        }
        match scenario.engine {
            Engine::Http | Engine::SocketIo => HttpUser::new(self).perform(&scenario.flow).await,
            Engine::Ws => {
                WebSocketUser::connect(self)
                    .await?
                    .perform(&scenario.flow)
                    .await
            }
        }
    }
}

/// Goes through a flow without recursion: loops may be nested as deep as a script has them.
pub(crate) struct Walk<'s> {
    open: Vec<Level<'s>>,
}

struct Level<'s> {
    steps: &'s [Step],
    next: usize,
    /// Rounds already done, of so many.
    round: u64,
    rounds: u64,
}

impl<'s> Walk<'s> {
    pub(crate) fn new(flow: &'s [Step]) -> Self {
        Self {
            open: vec![Level {
                steps: flow,
                next: 0,
                round: 0,
                rounds: 1,
            }],
        }
    }

    /// The next step that is no loop. `$loopCount` in `scope` counts the innermost loop, from 1.
    pub(crate) fn next(&mut self, scope: &mut Variables) -> Option<&'s Step> {
        loop {
            let level = self.open.last_mut()?;
            match level.steps.get(level.next) {
                Some(Step::Loop(repeated)) => {
                    level.next += 1;
                    if let Rounds::Count(from, to) = repeated.rounds
                        && to > from
                    {
                        self.open.push(Level {
                            steps: &repeated.steps,
                            next: 0,
                            round: 0,
                            rounds: to - from,
                        });
                        self.count(scope);
                    }
                }
                Some(step) => {
                    level.next += 1;
                    return Some(step);
                }
                None => {
                    level.round += 1;
                    level.next = 0;
                    if level.round >= level.rounds {
                        self.open.pop();
                    }
                    self.count(scope);
                }
            }
        }
    }

    fn count(&self, scope: &mut Variables) {
        if let [_, .., innermost] = &self.open[..] {
            scope
                .values
                .insert("$loopCount".into(), (innermost.round + 1).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use scenario::{Arrivals, Template};

    use super::*;
    use crate::{Segment, TransportOptions};

    fn job(text: &str, seed: u64) -> Job {
        let script = scenario::parse(text, "s.json").script.unwrap();
        Job {
            target: script.target.clone(),
            script: Arc::new(script),
            transport: Transport::new(TransportOptions::default()).unwrap(),
            arrivals: Arrivals::paced(1, 1.0),
            segment: Segment::WHOLE,
            log: None,
            max_in_flight: None,
            session_offset: 0,
            seed,
        }
    }

    #[test]
    fn loops_are_walked_with_their_counts() {
        let text = r#"{"config": {"target": "http://localhost"}, "scenarios": [{"engine": "ws",
            "flow": [{"send": "a"},
                     {"loop": [{"send": "b"}, {"loop": [{"send": "c"}], "count": 2}], "count": 2},
                     {"send": "d"}]}]}"#;
        let job = job(text, 1);
        let meter = Meter::default();
        let mut session = Session::new(&job, &meter, 0, Instant::now());
        let mut walk = Walk::new(&job.script.scenarios[0].flow);
        let mut walked = String::new();
        while let Some(step) = walk.next(&mut session.scope) {
            let Step::Send(send) = step else {
                panic!("{step:?}")
            };
            let count = session
                .scope
                .variable("$loopCount")
                .map_or(0, |c| c.as_u64().unwrap());
            walked += &format!(
                "{}{count} ",
                send.payload.render(&mut session.scope).unwrap()
            );
        }
        assert_eq!(walked.trim(), r#""a"0 "b"1 "c"1 "c"2 "b"2 "c"1 "c"2 "d"2"#);
    }

    #[test]
    fn what_a_session_draws_follows_from_seed_and_number() {
        let text = r#"{"config": {"target": "http://localhost", "variables": {"n": [1, 2, 3, 4]}},
            "scenarios": [{"flow": []}]}"#;
        let meter = Meter::default();
        let draws = |seed| -> Vec<String> {
            let job = job(text, seed);
            let of = |number| Session::new(&job, &meter, number, Instant::now());
            let template = Template::parse("{{ n }}-{{ $randomString(8) }}").unwrap();
            (0..50)
                .map(|number| template.render(&mut of(number).scope).into_owned())
                .collect()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        let different: std::collections::HashSet<_> = draws(1).into_iter().collect();
        assert_eq!(different.len(), 50);
    }
}
