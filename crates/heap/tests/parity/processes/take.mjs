// Takes heap snapshots of real processes, in every way there is, and prints their paths: a JSON list of series, each
// the snapshots of one isolate in the order they were taken.
//
//   node take.mjs node PROGRAM DIR       a Node.js: from within, by signal, over the inspector
//   node take.mjs deno PROGRAM DIR       a Deno: over the inspector
//   node take.mjs chromium PROGRAM DIR   a page with detached trees in a headless Chromium: over its debugging port
//
// Needs Node.js 22 or later, for its WebSocket. Everything that it starts has ended when it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const service = path.join(here, 'service.cjs');

/** Strings are written whole up to here; by default V8 writes 1,024 units. */
const LONGEST_STRING = 1_200_000;

const LONGEST_WAIT_MS = 300_000;
const POLL_MS = 20;

const started = [];
function start(program, args, options) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  child.text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      child.text += text;
      child.emit('said');
    });
  }
  child.on('exit', () => child.emit('said'));
  started.push(child);
  return child;
}

/** What the process says from `from` on, as soon as it matches. */
async function said(child, pattern, from = 0) {
  for (;;) {
    const match = child.text.slice(from).match(pattern);
    if (match) return match;
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended before it said ${pattern}: ${child.text}`);
    await once(child, 'said');
  }
}

async function order(child, word) {
  const from = child.text.length;
  child.stdin.write(`${word}\n`);
  await said(child, /done/, from);
}

async function until(what, isSo) {
  const end = Date.now() + LONGEST_WAIT_MS;
  for (;;) {
    const answer = await isSo();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited too long for ${what}`);
    await new Promise(resolve => setTimeout(resolve, POLL_MS));
  }
}

/** An inspector at the other end of a WebSocket. */
class Inspector {
  #socket;
  #waiting = new Map();
  #sink = null;
  #taken = [];

  static async at(url, dir) {
    const inspector = new Inspector();
    inspector.dir = dir;
    inspector.#socket = new WebSocket(url);
    inspector.#socket.addEventListener('message', ({ data }) => inspector.#hear(JSON.parse(data)));
    await once(inspector.#socket, 'open');
    return inspector;
  }

  #hear({ id, method, params, result, error }) {
    if (method === 'HeapProfiler.addHeapSnapshotChunk') fs.writeSync(this.#sink, params.chunk);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  }

  post(method, params = {}) {
    const id = this.#waiting.size + Math.floor(performance.now() * 1000);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** What a command writes down: by default that to take a snapshot. */
  async take(name, params, method = 'HeapProfiler.takeHeapSnapshot') {
    const file = path.join(this.dir, `${this.#taken.length}-${name}.heapsnapshot`);
    this.#sink = fs.openSync(file, 'w');
    await this.post(method, params);
    fs.closeSync(this.#sink);
    this.#taken.push(file);
  }

  /** All that was taken, in order. */
  close() {
    this.#socket.close();
    return this.#taken;
  }
}

/** Snapshots with and without numbers, internals and allocation tracking; `grow` is called between. */
async function takeRemotely(inspector, grow) {
  await inspector.post('HeapProfiler.enable');
  await inspector.post('Runtime.enable');
  await inspector.take('remote', { reportProgress: false });
  await grow();
  await inspector.take('remote-with-numbers', { captureNumericValue: true });
  await inspector.post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: true });
  await grow();
  // The end of tracking comes with a snapshot.
  await inspector.take('remote-with-allocations', {}, 'HeapProfiler.stopTrackingHeapObjects');
  await inspector.take('remote-with-internals', { exposeInternals: true });
}

async function takeOfNode(program, dir) {
  const within = start(program, [service, dir], { cwd: dir });
  const [, ofWithin] = await said(within, /^(\[\[.*\]\])$/m);

  const remote = path.join(dir, 'remote');
  fs.mkdirSync(remote);
  const options = ['--inspect=127.0.0.1:0', '--heapsnapshot-signal=SIGUSR2', `--heap-snapshot-string-limit=${LONGEST_STRING}`];
  const child = start(program, [...options, service], { cwd: remote });
  const [url] = await said(child, /ws:\S+/);
  await said(child, /ready/);
  const inspector = await Inspector.at(url, remote);
  await takeRemotely(inspector, () => order(child, 'grow'));
  const bySignal = () => fs.readdirSync(remote).find(name => name.startsWith('Heap.'));
  await order(child, 'signal');
  const name = await until('the snapshot of a signal', bySignal);
  // The thread that writes it is the one that hears orders: once it does the next one, the file is whole.
  await order(child, 'grow');
  return [...JSON.parse(ofWithin), [...inspector.close(), path.join(remote, name)]];
}

async function takeOfDeno(program, dir) {
  const child = start(program, ['run', '--allow-all', '--inspect=127.0.0.1:0', service], { cwd: dir });
  const [url] = await said(child, /ws:\S+/);
  await said(child, /ready/);
  const inspector = await Inspector.at(url, dir);
  await takeRemotely(inspector, () => order(child, 'grow'));
  return [inspector.close()];
}

async function takeOfChromium(program, dir) {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--disable-extensions', '--allow-file-access-from-files', '--remote-debugging-address=127.0.0.1', '--remote-debugging-port=0', `--user-data-dir=${path.join(dir, 'profile')}`];
  const child = start(program, [...flags, path.join(here, 'page.html')], { cwd: dir });
  const [, host] = await said(child, /DevTools listening on ws:..([^/]+)/);
  const page = await until('the page', async () => {
    const targets = await (await fetch(`http://${host}/json/list`)).json();
    return targets.find(target => target.type === 'page' && target.url.endsWith('page.html'));
  });
  const inspector = await Inspector.at(page.webSocketDebuggerUrl, dir);
  const run = async expression => {
    // With the tools of the command line, so that the console keeps what it is told.
    const { exceptionDetails } = await inspector.post('Runtime.evaluate', { expression, awaitPromise: true, includeCommandLineAPI: true });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
  };
  await inspector.post('Runtime.enable');
  await until('its script', () => run('ready').then(() => true, () => false));
  await takeRemotely(inspector, () => run('grow()'));
  return [inspector.close()];
}

async function endAll() {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

process.on('uncaughtException', error => {
  console.error(error);
  void endAll().then(() => process.exit(1));
});

const ways = { node: takeOfNode, deno: takeOfDeno, chromium: takeOfChromium };
const [runtime, program, dir] = process.argv.slice(2);
const tooLong = setTimeout(() => {
  console.error(`took too long: ${started.map(child => child.text).join('\n')}`);
  void endAll().then(() => process.exit(1));
}, LONGEST_WAIT_MS);
try {
  const series = await ways[runtime](program, dir);
  console.log(JSON.stringify(series));
} finally {
  await endAll();
  clearTimeout(tooLong);
}
