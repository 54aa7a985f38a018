// What a processor finds around it in the embedded engine: timers, `console`, `require`.
(function (global) {
  'use strict';
  const { __reply: _reply, __log: log, __read: read } = global;

  let timers = [];
  let lastTimer = 0;
  let now = 0;

  function add(f, delay, period, args) {
    if (typeof f !== 'function') throw new TypeError('a timer needs a function');
    const id = ++lastTimer;
    const wait = Math.max(0, Number(delay) || 0);
    timers.push({ id, at: now + wait, period: period ? Math.max(1, wait) : 0, f, args });
    return id;
  }
  const remove = (id) => { timers = timers.filter((timer) => timer.id !== id); };
  global.setTimeout = (f, delay, ...args) => add(f, delay, false, args);
  global.setInterval = (f, delay, ...args) => add(f, delay, true, args);
  global.setImmediate = (f, ...args) => add(f, 0, false, args);
  global.clearTimeout = remove;
  global.clearInterval = remove;
  global.clearImmediate = remove;
  global.queueMicrotask ??= (f) => { Promise.resolve().then(f); };

  // Runs what is due; when the next one is, or -1.
  global.__timers = (time) => {
    now = time;
    const due = timers.filter((timer) => timer.at <= now).sort((a, b) => a.at - b.at || a.id - b.id);
    for (const timer of due) {
      if (!timers.includes(timer)) continue;
      if (timer.period) timer.at = now + timer.period;
      else remove(timer.id);
      try {
        timer.f(...timer.args);
      } catch (error) {
        log(String((error && error.stack) || error));
      }
    }
    return timers.length ? Math.min(...timers.map((timer) => timer.at)) : -1;
  };

  function shown(value) {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return String(value.stack || value);
    if (typeof value === 'function') return '[Function]';
    try {
      const text = JSON.stringify(value);
      return text === undefined ? String(value) : text;
    } catch (_cyclic) {
      return String(value);
    }
  }
  const say = (...values) => log(values.map(shown).join(' '));
  global.console = { log: say, info: say, warn: say, error: say, debug() {}, trace: say };
  global.global = global;

  const modules = new Map();
  function run(name, text) {
    const module = { exports: {}, filename: name };
    modules.set(name, module);
    if (name.endsWith('.json')) {
      module.exports = JSON.parse(text);
      return module.exports;
    }
    const directory = name.slice(0, Math.max(0, name.lastIndexOf('/'))) || '.';
    const body = text.replace(/^#!.*/, '');
    const f = (0, eval)(`(function (exports, require, module, __filename, __dirname) {${body}\n})`);
    f.call(module.exports, module.exports, (wanted) => require(name, wanted), module, name, directory);
    return module.exports;
  }
  function require(from, wanted) {
    const [refusal, name, text] = read(from, String(wanted));
    if (refusal) throw new Error(refusal);
    return modules.has(name) ? modules.get(name).exports : run(name, text);
  }
  global.__load = run;
  global.__require = require;
})(globalThis);
