// A service whose heap holds some of everything, so that every rule about heap snapshots meets a real one.
//
//   node service.cjs DIR    builds the heap, takes snapshots of itself from within, in DIR, and prints their names
//   node service.cjs        builds the heap, says so, and waits for orders on stdin: `grow`, `signal`, `end`
//
// Runs on Node.js 18 and later, and on Deno.
'use strict';
const { AsyncLocalStorage } = require('node:async_hooks');
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');

/** Everything that must stay alive hangs here, and this hangs from the global object. */
const kept = (globalThis.kept = { rounds: [] });

// --- Classes, closures, listeners.

class Session {
  #secret = { token: 'shh', at: Date.now() };
  constructor(number) {
    this.number = number;
    this.user = { name: `user ${number}`, roles: ['reader', number % 3 ? 'writer' : 'owner'] };
    this.peek = () => this.#secret;
  }
}
class PaidSession extends Session {
  get plan() { return 'paid'; }
}
/** Another class of the same name: only where it stands tells them apart. */
const OtherSession = (() => class Session { constructor() { this.other = true; } })();
class WithoutFields {}
const Anonymous = (() => class {})();
function OldStyle(x) { this.x = x; }
OldStyle.prototype.method = function method() { return this.x; };

function closures(n) {
  const captured = new Array(50).fill('captured');
  const unused = { big: 'x'.repeat(300) };
  const both = () => [captured, unused, n];
  const one = () => captured;
  return { both, one, nested: () => () => () => n + captured.length, bound: both.bind(null, 1) };
}

function listeners() {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  for (let i = 0; i < 20; i++) emitter.on(`event ${i % 4}`, function onEvent() { return [i, emitter]; });
  emitter.once('never', () => kept);
  const target = new EventTarget();
  target.addEventListener('abort', { handleEvent() { return target; } });
  const controller = new AbortController();
  controller.signal.addEventListener('abort', () => emitter);
  return { emitter, target, controller };
}

// --- Collections, strong and weak.

function collections() {
  const map = new Map(), set = new Set(), weakMap = new WeakMap(), weakSet = new WeakSet();
  const keys = [];
  for (let i = 0; i < 200; i++) {
    const key = { key: i };
    keys.push(key);
    map.set(i % 2 ? `key ${i}` : key, { value: i });
    set.add(i % 3 ? i : key);
    weakMap.set(key, { weakly: i, back: i % 5 ? null : key });
    weakSet.add(key);
  }
  // A value that is another table's key, a value that is its own key, and keys that nothing else holds.
  const second = new WeakMap();
  for (const key of keys.slice(0, 50)) second.set(weakMap.get(key), key);
  for (const key of keys.slice(50, 60)) weakMap.set(key, key);
  for (let i = 0; i < 30; i++) weakMap.set({ gone: i }, 'gone');
  const tables = { ['table named by its owner']: new WeakMap(keys.slice(0, 3).map(key => [key, () => key])) };
  const references = keys.slice(0, 20).map(key => new WeakRef(key));
  const registry = new FinalizationRegistry(() => {});
  keys.slice(0, 20).forEach((key, i) => registry.register(key, { held: i }, references[i]));
  const sparse = [];
  sparse[5000] = 'far';
  sparse[10] = keys[0];
  const holes = [1, , 'three', , keys[1]];
  const doubles = Array.from({ length: 100 }, (_, i) => i + 0.5);
  return { map, set, weakMap, weakSet, second, tables, keys, references, registry, sparse, holes, doubles,
    iterators: [map.entries(), set.values(), keys[Symbol.iterator]()] };
}

// --- Memory outside the heap.

function buffers() {
  const shared = new SharedArrayBuffer(4096);
  const whole = new ArrayBuffer(65536);
  return {
    small: Buffer.from('pooled'), large: Buffer.alloc(100_000, 7), slices: [0, 1, 2].map(i => Buffer.alloc(30_000).subarray(i)),
    whole, views: [new Uint8Array(whole, 8, 100), new Float64Array(whole, 64, 10), new DataView(whole, 3)],
    shared, sharedView: new Int32Array(shared), onHeap: new Uint8Array(16), big: new BigInt64Array(100), empty: new ArrayBuffer(0),
  };
}

// --- Strings of every kind.

function strings() {
  const base = 'a text that is long enough to be cut in pieces, '.repeat(20);
  let joined = '';
  for (let i = 0; i < 300; i++) joined += `part ${i}, `;
  let deep = 'x';
  for (let i = 0; i < 200; i++) deep = i % 2 ? deep + `<${i}>` : `<${i}>` + deep;
  const flattened = 'left of it, '.repeat(3) + String(Math.random());
  flattened.charCodeAt(3);
  const twoByte = 'ein Hund läuft über die Straße — 犬も歩けば棒に当たる'.repeat(10);
  const escapes = 'tab\t quote" apostrophe\' backslash\\ slash/ line\n return\r null\0 bell\x07 del\x7f nel\x85 ls\u2028 ps\u2029 bom\ufeff';
  const halves = ['\ud83e', '\udd8a', 'a\ud83e', '\ude00b', '\ud83e' + String.fromCharCode(0xdd8a) + '!'];
  return {
    joined, deep, flattened, twoByte, escapes, halves,
    slices: [base.slice(13, 60), base.slice(100, 400), twoByte.slice(7, 90)],
    emoji: ['🦊', '👩‍👩‍👧‍👦', '🦊'.repeat(400)],
    joinedHalves: ['first half \ud83e'.repeat(2) + String.fromCharCode(0xdd8a).repeat(2) + 'x'.repeat(20)],
    huge: 'huge '.repeat(220_000), hugeTwoByte: 'ÿĀ'.repeat(50_000) + String(Math.random()),
    external: Buffer.alloc(1_100_000, 'e').toString('latin1'), externalTwoByte: Buffer.alloc(2_200_000, 't\0').toString('ucs2'),
    // Made anew each time: V8 knows nothing of their being the same.
    twice: Array.from({ length: 30 }, (_, i) => ['said', 'again', 'and', i % 3].join(' ')),
    alike: [1, 2].map(i => 'the same for more than the engine writes down '.repeat(40) + i),
    numbers: ['17', '-17', ' 17', '1e3', String(2 ** 53)], empty: '', names: ['Object', '(system)', 'Array', '<div>', 'Detached <div>', '__proto__'],
  };
}

// --- Plain objects of many shapes.

function shapes() {
  const found = [];
  for (let i = 0; i < 300; i++) {
    found.push({ id: i, name: `n${i}` }, { name: 'n', id: i }, { id: i, name: 'n', more: {} });
    if (i % 3 === 0) found.push({ 'odd,name': i, "quote'": 1, '{': 2, 'double"': 3 });
    if (i % 4 === 0) found.push({ ['a property with a name that is longer than what a line of the view can take, and so is shown as it is, whole, not cut'.repeat(2)]: i, x: {} });
    if (i % 5 === 0) found.push({ [`${'long'.repeat(12)}1`]: found, [`${'long'.repeat(12)}2`]: found, [`${'long'.repeat(12)}3`]: found });
    if (i % 6 === 0) found.push({ 10: found, 2: 'b', zzz: found, '-1': 3, '🦊': found, 'ｆ': found, '\ud83e': found });
    if (i % 7 === 0) found.push(Object.create(null), Object.create({ inherited: {} }), { '': found, b: found, a: found }, { __proto__: { p: found }, own: found });
    if (i % 8 === 0) found.push({ get computed() { return i; }, set computed(_) {}, method() {}, async *stream() {}, [Symbol('tag')]: found });
  }
  const wide = {};
  for (let i = 0; i < 1200; i++) wide[`column ${i}`] = i % 10 ? i : { i };
  const dictionary = {};
  for (let i = 0; i < 100; i++) dictionary[`k${i}`] = found[i];
  for (let i = 0; i < 90; i++) delete dictionary[`k${i}`];
  const cycle = { name: 'cycle' };
  cycle.self = cycle;
  cycle.ring = { back: { to: cycle } };
  return { found, wide, dictionary, cycle, frozen: Object.freeze({ frozen: [cycle] }), proxy: new Proxy(cycle, { get: () => wide }) };
}

// --- What is under way: promises, generators, contexts of asynchronous work.

function underWay() {
  const storage = new AsyncLocalStorage();
  function* counts() { for (let i = 0; ; i++) yield { i }; }
  async function* stream() { for (;;) yield await new Promise(() => {}); }
  const generators = [counts(), counts()];
  generators[0].next();
  const streaming = stream();
  streaming.next();
  const waits = async value => { const held = { value }; await new Promise(() => {}); return held; };
  const inContext = storage.run({ request: 7, headers: new Map([['a', 'b']]) }, () => waits('in a context'));
  const rejected = Promise.reject(new Error('kept', { cause: new TypeError('below') }));
  rejected.catch(() => {});
  let chain = new Promise(() => {});
  const links = [];
  for (let i = 0; i < 50; i++) links.push((chain = chain.then(() => i)));
  const timers = [setInterval(() => kept, 1e8), setTimeout(() => kept, 1e8)];
  for (const timer of timers) timer.unref?.();
  return { storage, generators, streaming, waits: [1, 2].map(waits), inContext, rejected, resolved: Promise.resolve({ value: 1 }), links, timers,
    all: Promise.all([chain, inContext]), readable: Readable.from(counts()) };
}

function valuesOfOtherKinds() {
  const symbol = Symbol('of its own');
  let wasm = null;
  try {
    wasm = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])));
  } catch {}
  return { symbol, registered: Symbol.for('registered'), keyed: { [symbol]: 1 }, bigints: [1n, -(2n ** 200n), BigInt.asUintN(64, -1n)],
    regexps: [/plain/, /(?<named>a+)\1/giu, new RegExp('x'.repeat(200))], executed: /(\w+) (\w+)/.exec('some match'), date: new Date(0), boxed: [new Number(1.5), new String('boxed')],
    numbers: [1.5, -0, NaN, 2 ** 31, 1e308], error: new RangeError('with a stack'), url: new URL('http://127.0.0.1/a?b#c'), text: new TextDecoder(), intl: new Intl.NumberFormat('en'), wasm,
    evaluated: new Function('a', 'return function inner() { return a; }')({}), args: (function () { return arguments; })(1, {}, 'three') };
}

function build() {
  Object.assign(kept, { sessions: [], closures: [1, 2, 3].map(closures), listeners: listeners(), collections: collections(), buffers: buffers(), strings: strings(), shapes: shapes(),
    underWay: underWay(), others: valuesOfOtherKinds(), odd: [new WithoutFields(), new Anonymous(), new OldStyle({ x: 1 }), new OtherSession()] });
  grow(40);
}

/** What a round of load leaves behind; and some of what an earlier one left goes. */
function grow(n) {
  for (let i = 0; i < n; i++) {
    const session = i % 4 ? new Session(i) : new PaidSession(i);
    kept.sessions.push(session);
    kept.collections.map.set(session, { since: i, joined: `round ${kept.rounds.length}, ` + session.user.name });
    kept.collections.weakMap.set(session, { seen: [i] });
    kept.listeners.emitter.on('growth', () => session);
  }
  kept.sessions.splice(0, n >> 2);
  for (const key of kept.collections.keys.splice(0, 5)) kept.collections.map.delete(key);
  kept.shapes.found.splice(0, 30);
  kept.rounds.push({ n, buffer: Buffer.alloc(20_000), text: ['round', kept.rounds.length].join(' '), shape: { only: 1, this: 2, round: n } });
}

/** Takes snapshots in every way there is from within; gives their paths in order. */
async function takeFromWithin(dir) {
  const v8 = require('node:v8');
  const { Session: Inspector } = require('node:inspector');
  const taken = [];
  const next = name => {
    taken.push(path.join(dir, `${taken.length}-${name}.heapsnapshot`));
    return taken.at(-1);
  };
  v8.writeHeapSnapshot(next('written'));
  grow(70);
  v8.writeHeapSnapshot(next('written-after-growth'));

  const session = new Inspector();
  session.connect();
  let sink = null;
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ params }) => fs.writeSync(sink, params.chunk));
  const post = (method, params) => new Promise((resolve, reject) => {
    session.post(method, params, (error, result) => (error ? reject(new Error(error.message)) : resolve(result)));
  });
  const take = async (name, params) => {
    sink = fs.openSync(next(name), 'w');
    await post('HeapProfiler.takeHeapSnapshot', params);
    fs.closeSync(sink);
  };
  await take('by-session', { treatGlobalObjectsAsRoots: true });
  grow(30);
  await take('with-numbers-and-internals', { exposeInternals: true, captureNumericValue: true });
  await post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: true });
  grow(50);
  await take('while-tracking', {});
  session.disconnect();
  return taken;
}

/** The heap of another isolate, which takes the snapshot itself. */
async function takeOfWorker(dir) {
  const { Worker } = require('node:worker_threads');
  const code = `
    globalThis.kept = Array.from({ length: 100 }, (_, i) => ({ of: 'worker', i, map: new Map([[i, {}]]) }));
    const { parentPort, workerData } = require('node:worker_threads');
    parentPort.postMessage(require('node:v8').writeHeapSnapshot(workerData));`;
  const worker = new Worker(code, { eval: true, workerData: path.join(dir, 'worker.heapsnapshot') });
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}

async function main() {
  build();
  const dir = process.argv[2];
  if (dir) {
    console.log(JSON.stringify([await takeFromWithin(dir), [await takeOfWorker(dir)]]));
    process.exit(0);
  }
  const orders = { grow: () => grow(70), signal: () => process.kill(process.pid, 'SIGUSR2'), end: () => process.exit(0) };
  process.stdin.setEncoding('utf8').on('data', text => {
    for (const order of text.trim().split('\n')) {
      orders[order]();
      // A second turn of the loop, so that a signal has been heard.
      setTimeout(() => console.log('done'), 1);
    }
  });
  process.stdin.on('end', orders.end);
  console.log('ready');
}

main();
