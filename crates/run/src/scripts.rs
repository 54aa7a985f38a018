//! What is asked of the service's own scripts: their texts, kept for the verdict to quote on another
//! machine, and the timers that they have set.

use std::collections::HashSet;

use units::Elapsed;

use crate::stages::Conductor;
use crate::{Error, ScriptText};

/// Longer texts are left out of `scripts.json`, in UTF-16 units.
const SCRIPT_TEXT_LIMIT: u64 = 16 << 20;

impl Conductor<'_, '_> {
    /// Keeps the texts of the service's own scripts, and of its packages, for the verdict to
    /// quote; Node's internal scripts are left out.
    pub(crate) async fn keep_scripts(&self) -> Result<(), Error> {
        let mut texts = Vec::new();
        for script in self.inspector.scripts().await? {
            let from_file = script.url.starts_with("file:") || script.url.starts_with('/');
            let Ok(id) = script.id.parse() else { continue };
            if from_file && script.length <= SCRIPT_TEXT_LIMIT {
                let text = self.inspector.script_source(&script.id).await?;
                texts.push(ScriptText {
                    id,
                    url: script.url,
                    text,
                });
            }
        }
        Ok(self.folder.write_scripts(&texts)?)
    }

    /// What is left of the longest timer that the service's own code has set.
    pub(crate) async fn longest_timer(&self) -> Result<Option<Elapsed>, Error> {
        let scripts = self.inspector.scripts().await?;
        let own: HashSet<String> = scripts
            .into_iter()
            .filter(|script| !script.url.starts_with("node:") && !script.url.is_empty())
            .map(|script| script.id)
            .collect();
        let longest = self.inspector.longest_timer(|id| own.contains(id)).await;
        self.inspector.forget_scripts().await?;
        Ok(longest?)
    }
}
