//! The `phases` of a script: its own plan of arrivals.

use super::Reader;
use super::fields::Fields;
use crate::diagnostic::did_you_mean;
use crate::tree::Node;
use crate::{Phase, Spread};

impl Reader<'_> {
    pub(super) fn phase(&mut self, node: &Node) -> Option<Phase> {
        let mut fields = Fields::of(node, "a phase", self)?;
        let duration = fields
            .take("duration")
            .and_then(|n| self.span(n, "`duration`"));
        let pause = fields.take("pause").and_then(|n| self.span(n, "`pause`"));
        let mut number = |key, what| {
            let node = fields.take(key)?;
            self.number(node, what)
        };
        let rate = number("arrivalRate", "`arrivalRate`");
        let ramp_to = number("rampTo", "`rampTo`");
        let count = number("arrivalCount", "`arrivalCount`");
        let max_vusers = number("maxVusers", "`maxVusers`");
        let name = fields.take("name").and_then(|n| self.text(n, "`name`"));
        let spread = fields.take("mode").and_then(|n| self.spread(n));
        fields.finish(self);
        let Some(duration) = duration.or(pause) else {
            let hint = Some("give it in seconds, or as `2m`".to_owned());
            self.error(node.place, "a phase without `duration` or `pause`", hint);
            return None;
        };
        // A pause is one, whatever else it says.
        let is_pause = pause.is_some();
        Some(Phase {
            name,
            duration,
            arrival_rate: rate.filter(|_| !is_pause).unwrap_or(0.0),
            ramp_to: ramp_to.filter(|_| !is_pause),
            arrival_count: count.filter(|_| !is_pause).map(|count| count as u64),
            max_vusers: max_vusers.map(|most| most as u64),
            spread,
        })
    }

    /// How arrivals are spread: `mode` of a phase, or of the whole configuration.
    pub(super) fn spread(&mut self, node: &Node) -> Option<Spread> {
        let mode = self.text(node, "`mode`")?;
        match mode.as_str() {
            "uniform" => Some(Spread::Uniform),
            "poisson" => Some(Spread::Poisson),
            _ => {
                let hint = did_you_mean(&mode, ["uniform", "poisson"]);
                let hint = hint.unwrap_or_else(|| "use `uniform` or `poisson`".to_owned());
                self.error(node.place, format!("unknown mode `{mode}`"), Some(hint));
                None
            }
        }
    }
}
