//! Clearing an object of a running service, known by its id in a heap snapshot.
//!
//! Only a service that has told everything else may be asked: afterwards it is broken. Source: the
//! Chrome DevTools Protocol, `HeapProfiler.getObjectByHeapObjectId` and `Runtime.callFunctionOn`.

use serde::Deserialize;
use serde_json::json;

use super::{Inspector, read};
use crate::Error;

/// The objects resolved here are let go together.
const GROUP: &str = "leakscope-cut";

/// Empties what can be emptied as a whole; of anything else, the properties that it is given.
/// Returns what was done, in the words of the program.
const CLEAR: &str = r"function (keys) {
  const kind = Object.prototype.toString.call(this).slice(8, -1);
  if (Array.isArray(this)) {
    this.length = 0;
    return 'length = 0';
  }
  if (kind === 'Map' || kind === 'Set') {
    (kind === 'Map' ? Map : Set).prototype.clear.call(this);
    return 'clear()';
  }
  if (this.constructor && this.constructor.name === 'TimersList') {
    let timers = 0;
    for (let timer = this._idlePrev; timer && timer !== this; timer = this._idlePrev) {
      clearTimeout(timer);
      timers += 1;
      if (this._idlePrev === timer) break;
    }
    return `clearTimeout of ${timers}`;
  }
  const cut = keys.filter((key) => {
    if (!Object.hasOwn(this, key)) return false;
    if (!Reflect.deleteProperty(this, key)) this[key] = undefined;
    return this[key] === undefined;
  });
  if (cut.length === 0) throw new TypeError('it has no property that can be deleted');
  return cut.length > 3 ? `delete of ${cut.length} properties` : 'delete ' + cut.map((key) => '.' + key).join(', ');
}";

impl Inspector {
    /// Clears the object with this id: arrays, maps and sets wholly, other objects of the
    /// properties named. Returns what was done.
    ///
    /// # Errors
    /// [`Error::Refused`] if the id belongs to nothing that a program can touch, or the object
    /// cannot be cleared.
    pub async fn cut(&self, id: u64, properties: &[String]) -> Result<String, Error> {
        let done = self.clear(id, properties).await;
        // What is held by its name here would never go.
        let group = json!({ "objectGroup": GROUP });
        self.ask("Runtime.releaseObjectGroup", &group).await?;
        done
    }

    async fn clear(&self, id: u64, properties: &[String]) -> Result<String, Error> {
        const RESOLVE: &str = "HeapProfiler.getObjectByHeapObjectId";
        const CALL: &str = "Runtime.callFunctionOn";
        #[derive(Deserialize)]
        struct Resolved {
            result: Remote,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Remote {
            object_id: Option<String>,
            value: Option<String>,
            description: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Called {
            result: Remote,
            exception_details: Option<serde::de::IgnoredAny>,
        }
        let params = json!({ "objectId": id.to_string(), "objectGroup": GROUP });
        let resolved: Resolved = read(RESOLVE, &self.ask(RESOLVE, &params).await?)?;
        let params = json!({
            "objectId": resolved.result.object_id,
            "functionDeclaration": CLEAR,
            "arguments": [{ "value": properties }],
            "returnByValue": true,
            "silent": true,
        });
        let called: Called = read(CALL, &self.ask(CALL, &params).await?)?;
        let refused = |message: String| Error::Refused {
            method: CALL,
            message,
        };
        if called.exception_details.is_some() {
            let text = called.result.description.unwrap_or_default();
            let first_line = text.lines().next().unwrap_or_default().to_owned();
            return Err(refused(first_line));
        }
        called
            .result
            .value
            .ok_or_else(|| refused("no answer".into()))
    }
}
