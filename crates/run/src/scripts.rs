//! What is asked of the service's own scripts: their texts, kept for the verdict to quote on another
//! machine, and the timers that they have set.

use std::collections::{HashMap, HashSet};

use probe::{Inspector, ScriptInfo};
use recording::MAIN;
use units::Elapsed;

use crate::stages::Conductor;
use crate::{Error, ScriptText};

/// Longer texts are left out of `scripts.json`, in UTF-16 units.
const SCRIPT_TEXT_LIMIT: u64 = 16 << 20;

/// What V8 calls the text of a worker thread that was given as text.
const WORKER_EVAL: &str = "[worker eval]";

/// The texts so far, and where each stands that is the same in several isolates.
#[derive(Default)]
struct Texts {
    all: Vec<ScriptText>,
    known: HashMap<(String, u64), usize>,
}

impl Conductor<'_, '_> {
    /// Keeps the texts of the service's own scripts, and of its packages, for the verdict to
    /// quote; Node's internal scripts are left out.
    pub(crate) async fn keep_scripts(&self) -> Result<(), Error> {
        let mut texts = Texts::default();
        texts.add(MAIN, &self.inspector).await?;
        let isolates = self.isolates.take();
        for (facts, inspector) in isolates.each() {
            // One that has just ended has told some of its scripts, or none.
            let _ = texts.add(&facts.name, inspector).await;
        }
        self.isolates.replace(isolates);
        Ok(self.folder.write_scripts(&texts.all)?)
    }

    /// What is left of the longest timer that the service's own code has set, in any isolate.
    pub(crate) async fn longest_timer(&self) -> Result<Option<Elapsed>, Error> {
        let mut longest = longest_timer(&self.inspector).await?;
        let isolates = self.isolates.take();
        for (_, inspector) in isolates.each() {
            let of_isolate = longest_timer(inspector).await;
            longest = longest.max(of_isolate.unwrap_or_default());
        }
        self.isolates.replace(isolates);
        Ok(longest)
    }
}

impl Texts {
    /// Adds the scripts of an isolate: those that another one has by their ids alone.
    async fn add(&mut self, isolate: &str, inspector: &Inspector) -> Result<(), Error> {
        for script in inspector.scripts().await? {
            let url = &script.url;
            let from_file = url.starts_with("file:") || url.starts_with('/');
            let is_own = from_file || url == WORKER_EVAL;
            let Ok(id) = script.id.parse() else { continue };
            if !is_own || script.length > SCRIPT_TEXT_LIMIT {
                continue;
            }
            let at = match self.known.get(&(script.url.clone(), script.length)) {
                // One isolate may have the same text twice.
                Some(&at) if !self.all[at].ids.contains_key(isolate) => at,
                _ => self.fetch(script, inspector).await?,
            };
            self.all[at].ids.insert(isolate.to_owned(), id);
        }
        // A debugger that listens holds on to what nobody else does, and slows the service.
        Ok(inspector.forget_scripts().await?)
    }

    async fn fetch(&mut self, script: ScriptInfo, inspector: &Inspector) -> Result<usize, Error> {
        let at = self.all.len();
        let text = inspector.script_source(&script.id).await?;
        self.known.insert((script.url.clone(), script.length), at);
        self.all.push(ScriptText::new(script.url, text));
        Ok(at)
    }
}

async fn longest_timer(inspector: &Inspector) -> Result<Option<Elapsed>, Error> {
    let scripts = inspector.scripts().await?;
    let own: HashSet<String> = scripts
        .into_iter()
        .filter(|script| !script.url.starts_with("node:") && !script.url.is_empty())
        .map(|script| script.id)
        .collect();
    let longest = inspector.longest_timer(|id| own.contains(id)).await;
    inspector.forget_scripts().await?;
    Ok(longest?)
}
