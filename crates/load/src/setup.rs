//! What happens once around a load: the processor is started, `before` and `after` are performed.

use std::time::Instant;

use scenario::Scenario;
use serde_json::Map;
use thiserror::Error;

use crate::session::Session;
use crate::surroundings::Say;
use crate::variables::Variables;
use crate::{Job, Meter, Processor, ProcessorError, ProcessorKind};

/// Why a load could not be set up.
#[derive(Debug, Error)]
pub enum SetUpError {
    /// Its functions are not to be had.
    #[error(transparent)]
    Processor(#[from] ProcessorError),
    /// `before` failed, so that sessions would lack what it captures.
    #[error("`{0}` of the script failed: {1}")]
    Hook(&'static str, String),
}

impl SetUpError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Processor(error) => error.hint(),
            Self::Hook(..) => None,
        }
    }
}

impl Job {
    /// Starts the script's processor and performs its `before`. What that sends is not counted;
    /// what it captures, every session has. `say` hears `log` and `console`.
    ///
    /// # Errors
    /// If the processor cannot be used, or `before` fails.
    pub async fn set_up(
        &mut self,
        kind: ProcessorKind,
        say: Option<Say>,
    ) -> Result<(), SetUpError> {
        self.surroundings.say = say.clone();
        if let Some(name) = &self.script.settings.processor {
            let path = self.surroundings.directory.join(name);
            let processor = Processor::start(&path, kind, say).await?;
            for function in self.script.functions() {
                if !processor.has(function) {
                    let name = path.display();
                    let text = format!("`{name}` has no function `{function}`; it is left out");
                    self.surroundings.say(&text);
                }
            }
            self.surroundings.processor = Some(processor);
        }
        if let Some(before) = &self.script.before {
            let captured = self.hook(before, u64::MAX).await;
            let captured = captured.map_err(|cause| SetUpError::Hook("before", cause))?;
            self.surroundings.variables = captured.into();
        }
        Ok(())
    }

    /// Performs the script's `after`.
    ///
    /// # Errors
    /// If it fails.
    pub async fn tear_down(&self) -> Result<(), SetUpError> {
        if let Some(after) = &self.script.after {
            let performed = self.hook(after, u64::MAX - 1).await;
            performed.map_err(|cause| SetUpError::Hook("after", cause))?;
        }
        Ok(())
    }

    /// Goes through a scenario once, outside of all counting; what it has captured.
    async fn hook(
        &self,
        scenario: &Scenario,
        number: u64,
    ) -> Result<Map<String, serde_json::Value>, String> {
        let meter = Meter::default();
        let before = &self.surroundings.variables;
        let scope = Variables::new(&self.script, before, self.seed, number);
        let mut session = Session::of(self, &meter, scenario, scope, Instant::now());
        let result = session.perform().await;
        result.map_err(|cause| cause.0)?;
        Ok(session.into_variables().captured(before))
    }
}
