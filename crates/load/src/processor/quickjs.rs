//! The embedded engine: QuickJS on a thread of its own.
//!
//! It has the language, timers, `console` and files of one's own by `require('./…')` or `import`;
//! what only Node.js has is refused by its name. A call that keeps the engine busy for too long is
//! broken off.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use rquickjs::{CatchResultExt, Context, Ctx, Function, Module, Object, Runtime, Value as Js};
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::files::{self, Files};
use super::{Answers, GLUE, ProcessorError};
use crate::surroundings::Say;

/// How long one turn of the engine may take.
const LONGEST_TURN: Duration = Duration::from_secs(20);

/// What an engine may hold; a processor that leaks ends, and not the machine.
const MOST_MEMORY: usize = 1 << 30;

/// Timers, `console` and `require`, over what the host gives.
const SURFACE: &str = include_str!("surface.js");

/// What the engine is asked to do.
pub(super) enum Order {
    Call(String),
    Forget(u64),
}

/// A running engine; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Engine {
    orders: mpsc::Sender<Order>,
}

type Started = Result<Vec<String>, ProcessorError>;

impl Engine {
    pub(super) async fn start(
        path: &Path,
        answers: Arc<Answers>,
        say: Option<Say>,
    ) -> Result<(Self, Vec<String>), ProcessorError> {
        let (orders, receiver) = mpsc::channel();
        let (started, has_started) = oneshot::channel();
        let path = path.to_owned();
        let failed_path = path.clone();
        let thread = std::thread::Builder::new().name("processor".into());
        let spawned = thread.spawn(move || run(&path, &receiver, &answers, say, started));
        let failed = |why: String| ProcessorError::Failed {
            path: failed_path.clone(),
            why,
            hint: None,
        };
        spawned.map_err(|error| failed(error.to_string()))?;
        let functions = has_started.await;
        let functions = functions.map_err(|_| failed("the engine ended".into()))??;
        Ok((Self { orders }, functions))
    }

    pub(super) fn send(&self, order: Order) -> bool {
        self.orders.send(order).is_ok()
    }
}

/// The thread: takes orders until nobody gives any more.
fn run(
    path: &Path,
    orders: &mpsc::Receiver<Order>,
    answers: &Arc<Answers>,
    say: Option<Say>,
    started: oneshot::Sender<Started>,
) {
    let failed = |why: String| {
        let hint = hint_for(&why);
        let path = path.to_owned();
        ProcessorError::Failed { path, why, hint }
    };
    let text = match files::read(path) {
        Ok(text) => text,
        Err(error) => {
            // Whoever started us may be gone.
            let _ = started.send(Err(match error {
                files::Unread::File(source) => ProcessorError::Read {
                    path: path.to_owned(),
                    source,
                },
                files::Unread::Slip(why) => failed(why),
            }));
            return;
        }
    };
    let turn = Turn::default();
    let made = runtime(&turn).and_then(|runtime| {
        let directory = path.parent().unwrap_or(Path::new(".")).to_owned();
        runtime.set_loader(Files { directory }, Files::default());
        let context = Context::full(&runtime).map_err(|error| error.to_string())?;
        Ok((runtime, context))
    });
    let (runtime, context) = match made {
        Ok(made) => made,
        Err(why) => {
            let _ = started.send(Err(failed(why)));
            return;
        }
    };
    let answer = Arc::clone(answers);
    let prepared = context.with(|ctx| {
        turn.begin();
        prepare(&ctx, answer, say)?;
        let exported = load(&ctx, path, &text)?;
        let glue: Object = ctx.globals().get("__glue").map_err(words(&ctx))?;
        let start: Function = glue.get("start").map_err(words(&ctx))?;
        let names: Result<Vec<String>, String> = start
            .call((exported,))
            .catch(&ctx)
            .map_err(|e| e.to_string());
        names
    });
    let is_good = prepared.is_ok();
    let _ = started.send(prepared.map_err(failed));
    if is_good {
        serve(&runtime, &context, &turn, orders);
    }
    answers.give_up();
}

fn serve(runtime: &Runtime, context: &Context, turn: &Turn, orders: &mpsc::Receiver<Order>) {
    let began = Instant::now();
    let mut next_timer = None;
    loop {
        let order = match next_timer {
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => orders.recv_timeout(Duration::saturating_sub(at, began.elapsed())),
        };
        if matches!(order, Err(RecvTimeoutError::Disconnected)) {
            return;
        }
        turn.begin();
        next_timer = context.with(|ctx| {
            if let Ok(order) = order {
                // What fails in a call is answered within it.
                let _ = obey(&ctx, &order);
            }
            timers(&ctx, began)
        });
        loop {
            match runtime.execute_pending_job() {
                Ok(true) => {}
                Ok(false) => break,
                // A promise that nobody waits for; whoever does is answered.
                Err(_) => {}
            }
        }
        let after_jobs = context.with(|ctx| timers(&ctx, began));
        next_timer = after_jobs.or(next_timer.filter(|_| after_jobs.is_some()));
    }
}

fn obey(ctx: &Ctx<'_>, order: &Order) -> rquickjs::Result<()> {
    let glue: Object = ctx.globals().get("__glue")?;
    match order {
        Order::Call(text) => {
            let call: Function = glue.get("call")?;
            call.call::<_, ()>((text.as_str(),))
        }
        Order::Forget(session) => {
            let forget: Function = glue.get("forget")?;
            forget.call::<_, ()>((*session as f64,))
        }
    }
}

/// Runs timers that are due; when the next one is, since `began`.
fn timers(ctx: &Ctx<'_>, began: Instant) -> Option<Duration> {
    let run: Function = ctx.globals().get("__timers").ok()?;
    let now = began.elapsed().as_secs_f64() * 1000.0;
    let next: f64 = run.call((now,)).ok()?;
    (next >= 0.0).then(|| Duration::from_secs_f64(next.min(1e9) / 1000.0))
}

/// When the turn that lasts now has begun.
#[derive(Clone, Default)]
struct Turn(Rc<Cell<Option<Instant>>>);

impl Turn {
    fn begin(&self) {
        self.0.set(Some(Instant::now()));
    }

    fn is_too_long(&self) -> bool {
        self.0
            .get()
            .is_some_and(|began| began.elapsed() > LONGEST_TURN)
    }
}

fn runtime(turn: &Turn) -> Result<Runtime, String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    runtime.set_memory_limit(MOST_MEMORY);
    let turn = turn.clone();
    runtime.set_interrupt_handler(Some(Box::new(move || turn.is_too_long())));
    Ok(runtime)
}

fn words<'js>(ctx: &Ctx<'js>) -> impl Fn(rquickjs::Error) -> String {
    let ctx = ctx.clone();
    move |error| match error {
        rquickjs::Error::Exception => {
            let caught = ctx.catch();
            match caught.as_exception() {
                Some(exception) => exception.to_string().trim().to_owned(),
                None => format!("{caught:?}"),
            }
        }
        other => other.to_string(),
    }
}

/// Puts in place what a processor finds around it.
fn prepare(ctx: &Ctx<'_>, answers: Arc<Answers>, say: Option<Say>) -> Result<(), String> {
    let failed = words(ctx);
    let globals = ctx.globals();
    let reply = Function::new(ctx.clone(), move |text: String| answers.give(&text));
    globals
        .set("__reply", reply.map_err(&failed)?)
        .map_err(&failed)?;
    let log = Function::new(ctx.clone(), move |text: String| {
        if let Some(say) = &say {
            say(&text);
        }
    });
    globals
        .set("__log", log.map_err(&failed)?)
        .map_err(&failed)?;
    let read = Function::new(ctx.clone(), |from: String, name: String| {
        files::required(&from, &name)
    });
    globals
        .set("__read", read.map_err(&failed)?)
        .map_err(&failed)?;
    ctx.eval::<(), _>(SURFACE).map_err(&failed)?;
    let make: Function = ctx.eval(GLUE).map_err(&failed)?;
    let host = Object::new(ctx.clone()).map_err(&failed)?;
    let reply: Function = globals.get("__reply").map_err(&failed)?;
    host.set("reply", reply).map_err(&failed)?;
    let glue: Object = make.call((host,)).map_err(&failed)?;
    globals.set("__glue", glue).map_err(&failed)
}

/// Runs the processor's file; its exports.
fn load<'js>(ctx: &Ctx<'js>, path: &Path, text: &str) -> Result<Js<'js>, String> {
    let failed = words(ctx);
    let name = path.display().to_string();
    if files::is_module(path, text) {
        let module = Module::declare(ctx.clone(), name, text).map_err(&failed)?;
        let (module, promise) = module.eval().map_err(&failed)?;
        promise.finish::<()>().map_err(&failed)?;
        let namespace = module.namespace().map_err(&failed)?;
        return Ok(namespace.into_value());
    }
    let require: Function = ctx.globals().get("__load").map_err(&failed)?;
    require.call((name, text)).map_err(&failed)
}

fn hint_for(why: &str) -> Option<String> {
    let hint = "run the processor in Node.js itself with `--processor node`";
    let names = ["--processor node", "is not defined", "require"];
    let is_about_node = names.iter().any(|name| why.contains(name));
    is_about_node.then(|| hint.to_owned())
}

thread_local! {
    /// An engine for single expressions, one a thread.
    static EXPRESSIONS: RefCell<Option<(Turn, Runtime, Context)>> = const { RefCell::new(None) };
}

/// What a line of JavaScript comes to, over variables by their names. The variables stay as they
/// are.
pub(crate) fn evaluate(code: &str, variables: &Map<String, Value>) -> Result<Value, String> {
    EXPRESSIONS.with_borrow_mut(|kept| {
        let (turn, _, context) = match kept {
            Some(engine) => engine,
            None => {
                let turn = Turn::default();
                let runtime = runtime(&turn)?;
                let context = Context::full(&runtime).map_err(|error| error.to_string())?;
                kept.insert((turn, runtime, context))
            }
        };
        turn.begin();
        context.with(|ctx| {
            let failed = words(&ctx);
            // As in a sandbox of Node's `vm`, whose globals are the variables.
            let run: Function = ctx
                .eval(
                    "(code, vars) => { vars = JSON.parse(vars); const f = new Function('vars', 'code', \
                     'with (vars) { return eval(code) }'); \
                     const v = JSON.stringify(f.call(vars, vars, code)); return v === undefined ? 'null' : v }",
                )
                .map_err(&failed)?;
            let vars = Value::Object(variables.clone()).to_string();
            let text: String = run.call((code, vars)).map_err(&failed)?;
            serde_json::from_str(&text).map_err(|error| error.to_string())
        })
    })
}
