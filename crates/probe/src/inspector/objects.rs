//! Questions about the service's live objects: how much its containers hold, how long its timers
//! still run.
//!
//! The functions given to the service change nothing and leave nothing behind: what they return is
//! let go by its group.

use recording::{ContainerSize, MOST_CONTAINERS};
use serde::Deserialize;
use serde_json::{Value, json};
use units::Elapsed;

use super::{Inspector, read};
use crate::Error;

/// The group of everything that is asked for here, to be let go at once.
const GROUP: &str = "leakscope";

/// Containers with fewer entries are never a leak's: the warm-up would have filled them.
const LEAST_ENTRIES: u64 = 32;

/// Timers with different callbacks that are looked at.
const CALLBACKS: usize = 64;

/// Of all objects (`this`), the large containers and what they hold. Reads no property of the
/// program's, so that no getter runs; what cannot be counted is passed over.
const LARGE_CONTAINERS: &str = r"function (least, most) {
    const sizeOf = (prototype) => Object.getOwnPropertyDescriptor(prototype, 'size').get;
    const ofMap = sizeOf(Map.prototype), ofSet = sizeOf(Set.prototype);
    const found = [];
    const inArray = (array) => {
        const { length } = array, step = Math.max(1, Math.floor(length / 1000));
        let seen = 0, looked = 0;
        for (let i = 0; i < length; i += step) { looked += 1; if (i in array) seen += 1; }
        if (step === 1) return seen;
        // Without holes, or with little but holes; what lies between is not worth the time.
        if (seen === looked) return length;
        return length <= 100000 || seen < looked / 100 ? Object.keys(array).length : 0;
    };
    const count = (object) => {
        if (Array.isArray(object)) return inArray(object);
        if (ArrayBuffer.isView(object)) return 0;
        if (object instanceof Map) return ofMap.call(object);
        if (object instanceof Set) return ofSet.call(object);
        // Many objects have some dozens of properties, and are no tables for that.
        const many = 4 * least;
        let few = 0;
        for (const _key in object) if (++few >= many) return Object.keys(object).length;
        return 0;
    };
    for (const object of this) {
        try {
            const size = count(object);
            if (size >= least && object !== this) found.push([size, object]);
        } catch { }
    }
    found.sort((a, b) => b[0] - a[0]);
    found.length = Math.min(found.length, most);
    return [found.map((pair) => pair[0]), ...found.map((pair) => pair[1])];
}";

/// Of all timers (`this`), for each callback the longest time that one of them has left, and the
/// callbacks.
const TIMERS_LEFT: &str = r"function (most) {
    const now = process.uptime() * 1000, longest = new Map();
    for (const timer of this) {
        const { _onTimeout: callback, _idleTimeout: span, _idleStart: start, _repeat } = timer;
        if (timer._destroyed || typeof callback !== 'function' || !(span > 0)) continue;
        const left = _repeat ? span : Math.max(0, start + span - now);
        longest.set(callback, Math.max(longest.get(callback) ?? 0, left));
    }
    const byCode = new Map();
    for (const [callback, left] of longest) {
        let code = callback.name;
        try { code += Function.prototype.toString.call(callback); } catch { }
        const known = byCode.get(code);
        if (!known || known[0] < left) byCode.set(code, [left, callback]);
    }
    const all = [...byCode.values()].sort((a, b) => b[0] - a[0]).slice(0, most);
    return [all.map((pair) => pair[0]), ...all.map((pair) => pair[1])];
}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Remote {
    object_id: Option<String>,
    value: Option<Value>,
}

/// Numbers about objects, and the objects' handles, in the same order.
type Told = Vec<(f64, String)>;

impl Inspector {
    /// What the service's largest arrays, maps, sets and objects hold, as the service counts them.
    ///
    /// Cost: one pass over all objects in the service, and a question for each container told.
    ///
    /// # Errors
    /// If the inspector does not answer, or knows no such question.
    pub async fn container_sizes(&self) -> Result<Vec<ContainerSize>, Error> {
        let arguments = json!([{ "value": LEAST_ENTRIES }, { "value": MOST_CONTAINERS }]);
        let told = self
            .of_all("Object.prototype", LARGE_CONTAINERS, &arguments)
            .await;
        let sizes = match told {
            Ok(told) => self.with_heap_ids(told).await,
            Err(error) => Err(error),
        };
        self.release().await?;
        sizes
    }

    /// How long the longest timer still runs whose callback is not Node's own; nothing if there is
    /// none. Of a timer that repeats, its period.
    ///
    /// # Errors
    /// If the inspector does not answer.
    pub async fn longest_timer(
        &self,
        is_own: impl Fn(&str) -> bool,
    ) -> Result<Option<Elapsed>, Error> {
        let prototype = "(() => { const timer = setTimeout(() => { }, 1); clearTimeout(timer); \
                         return Object.getPrototypeOf(timer); })()";
        let arguments = json!([{ "value": CALLBACKS }]);
        let told = self.of_all(prototype, TIMERS_LEFT, &arguments).await;
        let longest = match told {
            Ok(told) => self.longest_of_own(told, is_own).await,
            Err(error) => Err(error),
        };
        self.release().await?;
        longest
    }

    async fn longest_of_own(
        &self,
        told: Told,
        is_own: impl Fn(&str) -> bool,
    ) -> Result<Option<Elapsed>, Error> {
        for (left_ms, callback) in told {
            let script = self.script_of_function(&callback).await?;
            if script.is_some_and(|script| is_own(&script)) {
                let nanos = (left_ms * 1e6) as u64;
                return Ok(Some(Elapsed { nanos }));
            }
        }
        Ok(None)
    }

    /// The id of the script that a function stands in; of a bound one, the function it stands for.
    async fn script_of_function(&self, object: &str) -> Result<Option<String>, Error> {
        const METHOD: &str = "Runtime.getProperties";
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            #[serde(default)]
            internal_properties: Vec<Property>,
        }
        #[derive(Deserialize)]
        struct Property {
            name: String,
            value: Option<Remote>,
        }
        let mut object = object.to_owned();
        // Functions that are bound again and again are not written.
        for _ in 0..4 {
            let params = json!({ "objectId": object, "ownProperties": true });
            let answer: Answer = read(METHOD, &self.ask(METHOD, &params).await?)?;
            let find = |name: &str| {
                let named = answer.internal_properties.iter().find(|p| p.name == name);
                named.and_then(|property| property.value.as_ref())
            };
            if let Some(location) = find("[[FunctionLocation]]") {
                let script = location.value.as_ref().and_then(|v| v["scriptId"].as_str());
                return Ok(script.map(str::to_owned));
            }
            let Some(target) = find("[[TargetFunction]]").and_then(|t| t.object_id.clone()) else {
                return Ok(None);
            };
            object = target;
        }
        Ok(None)
    }

    /// Calls `function` on the array of all objects with a prototype, which returns an array of
    /// numbers and then the object that each is about.
    async fn of_all(
        &self,
        prototype: &str,
        function: &str,
        arguments: &Value,
    ) -> Result<Told, Error> {
        const QUERY: &str = "Runtime.queryObjects";
        const PROPERTIES: &str = "Runtime.getProperties";
        #[derive(Deserialize)]
        struct Objects {
            objects: Remote,
        }
        #[derive(Deserialize)]
        struct Properties {
            result: Vec<Property>,
        }
        #[derive(Deserialize)]
        struct Property {
            name: String,
            value: Option<Remote>,
        }
        let prototype = self.object(prototype).await?;
        let params = json!({ "prototypeObjectId": prototype, "objectGroup": GROUP });
        let all: Objects = read(QUERY, &self.ask(QUERY, &params).await?)?;
        let found = self.call_on(&all.objects, function, arguments).await?;
        let params = json!({ "objectId": found.object_id, "ownProperties": true });
        let properties: Properties = read(PROPERTIES, &self.ask(PROPERTIES, &params).await?)?;
        let mut handles: Vec<(usize, String)> = properties
            .result
            .into_iter()
            .filter_map(|p| Some((p.name.parse().ok()?, p.value?.object_id?)))
            .collect();
        handles.sort_unstable();
        let mut handles = handles.into_iter().map(|(_, handle)| handle);
        let numbers = match handles.next() {
            Some(numbers) => self.numbers(numbers).await?,
            None => Vec::new(),
        };
        Ok(numbers.into_iter().zip(handles).collect())
    }

    async fn numbers(&self, array: String) -> Result<Vec<f64>, Error> {
        const METHOD: &str = "Runtime.callFunctionOn";
        #[derive(Deserialize)]
        struct Answer {
            result: Numbers,
        }
        #[derive(Deserialize)]
        struct Numbers {
            value: Vec<f64>,
        }
        let params = json!({
            "objectId": array,
            "functionDeclaration": "function () { return this; }",
            "returnByValue": true,
        });
        let answer: Answer = read(METHOD, &self.ask(METHOD, &params).await?)?;
        Ok(answer.result.value)
    }

    async fn call_on(
        &self,
        object: &Remote,
        function: &str,
        arguments: &Value,
    ) -> Result<Remote, Error> {
        const METHOD: &str = "Runtime.callFunctionOn";
        #[derive(Deserialize)]
        struct Answer {
            result: Remote,
        }
        let params = json!({
            "objectId": object.object_id,
            "functionDeclaration": function,
            "arguments": arguments,
            "objectGroup": GROUP,
            "silent": true,
        });
        let answer: Answer = read(METHOD, &self.ask(METHOD, &params).await?)?;
        Ok(answer.result)
    }

    /// The handle of the object that an expression gives.
    async fn object(&self, expression: &str) -> Result<Option<String>, Error> {
        const METHOD: &str = "Runtime.evaluate";
        #[derive(Deserialize)]
        struct Answer {
            result: Remote,
        }
        let params = json!({ "expression": expression, "objectGroup": GROUP, "silent": true });
        let answer: Answer = read(METHOD, &self.ask(METHOD, &params).await?)?;
        Ok(answer.result.object_id)
    }

    async fn with_heap_ids(&self, told: Told) -> Result<Vec<ContainerSize>, Error> {
        const METHOD: &str = "HeapProfiler.getHeapObjectId";
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            heap_snapshot_object_id: String,
        }
        let questions = told.into_iter().map(async |(size, handle)| {
            let params = json!({ "objectId": handle });
            let answer: Answer = read(METHOD, &self.ask(METHOD, &params).await?)?;
            let id = answer.heap_snapshot_object_id.parse().ok();
            let size = size as u64;
            Ok::<_, Error>(id.map(|id| ContainerSize { id, size }))
        });
        let answers = futures_util::future::try_join_all(questions).await?;
        Ok(answers.into_iter().flatten().collect())
    }

    async fn release(&self) -> Result<(), Error> {
        let group = json!({ "objectGroup": GROUP });
        self.ask("Runtime.releaseObjectGroup", &group).await?;
        Ok(())
    }
}
