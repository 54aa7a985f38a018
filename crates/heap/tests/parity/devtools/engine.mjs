// Runs DevTools' own heap-snapshot engine over snapshots, and writes down what it says.
//
//   node engine.mjs WORKER JOBS
//
// WORKER: the bundle that build.mjs makes. JOBS: a JSON file, a list of {"snapshots": [PATH…], "out": PREFIX, "some": HOW_MANY}
//
// For snapshot number i of a job it writes PREFIX.i.tsv, a line a node in file order (id, class, distance, self size,
// retained size, id of the dominator, detachedness, class key, shown name; texts as JSON), and PREFIX.i.json: totals,
// statistics, classes, each filter's classes, and for some nodes the Retainers and the Containment view. For every two
// neighbors it writes PREFIX.i.diff.json, the Comparison view.
// Lone surrogates are written as U+FFFD: JSON readers other than JavaScript's refuse them.
import fs from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';

const [worker, jobs] = process.argv.slice(2);
const { HeapSnapshot, HeapSnapshotLoader } = await import(pathToFileURL(worker));

const FILTERS = [
  'objectsRetainedByDetachedDomNodes',
  'objectsRetainedByConsole',
  'objectsRetainedByEventHandlers',
  'objectsRetainedByContexts',
  'duplicatedStrings',
];

const CHUNK_BYTES = 4 << 20;
const LINES_AT_ONCE = 10_000;

// It reports nodes that nothing leads to; here they are no news.
console.warn = () => {};

const json = value => JSON.stringify(value, (_key, part) => (typeof part === 'string' ? part.toWellFormed() : part));

/**
 * Opens a file; without its allocation traces if DevTools cannot read those: V8 may write down more functions than the
 * header says, since an inspector in the same process allocates while the file is written.
 */
async function open(file) {
  try {
    return await load(file, text => text);
  } catch (error) {
    const withoutTraces = text => text.replace(/"trace_function_count":[1-9]\d*/, '"trace_function_count":0');
    return load(file, withoutTraces).catch(() => Promise.reject(error));
  }
}

async function load(file, changed) {
  const loader = new HeapSnapshotLoader.HeapSnapshotLoader({ sendEvent() {} });
  const decoder = new TextDecoder();
  const buffer = Buffer.alloc(CHUNK_BYTES);
  const descriptor = fs.openSync(file, 'r');
  let isFirst = true;
  for (let read; (read = fs.readSync(descriptor, buffer)) > 0; ) {
    const text = decoder.decode(buffer.subarray(0, read), { stream: true });
    loader.write(isFirst ? changed(text) : text);
    isFirst = false;
    await new Promise(setImmediate);
  }
  fs.closeSync(descriptor);
  loader.write(decoder.decode());
  loader.close();
  // In the panel a second thread does its half of the work; one is enough here.
  const { port1, port2 } = new MessageChannel();
  new HeapSnapshot.SecondaryInitManager(port2);
  try {
    return await loader.buildSnapshot(port1);
  } finally {
    port1.close();
  }
}

function writeNodes(snapshot, file) {
  const descriptor = fs.openSync(file, 'w');
  const node = snapshot.createNode(0);
  const dominator = snapshot.createNode(0);
  let lines = [];
  for (let index = 0; index < snapshot.nodes.length; index += snapshot.nodeFieldCount) {
    node.nodeIndex = index;
    dominator.nodeIndex = node.dominatorIndex();
    const internalKey = node.classKeyInternal();
    const key = typeof internalKey === 'number' ? `,${snapshot.strings[internalKey]}` : internalKey;
    const row = [
      node.id(),
      json(node.className()),
      node.distance(),
      node.selfSize(),
      node.retainedSize(),
      dominator.id(),
      node.detachedness(),
      json(key),
      json(node.name()),
    ];
    lines.push(row.join('\t'), '\n');
    if (lines.length >= 2 * LINES_AT_ONCE) {
      fs.writeSync(descriptor, lines.join(''));
      lines = [];
    }
  }
  fs.writeSync(descriptor, lines.join(''));
  fs.closeSync(descriptor);
}

function classes(aggregates) {
  const row = ([key, { name, count, distance, self, maxRet }]) => ({ key, name, count, distance, self, maxRet });
  return Object.entries(aggregates).map(row);
}

function retainers(snapshot, index) {
  const provider = snapshot.createRetainingEdgesProvider(index);
  if (provider.isEmpty()) return [];
  // As the grid sorts when it is opened.
  provider.sortAndRewind({ fieldName1: '!edgeDistance', ascending1: true, fieldName2: 'name', ascending2: true });
  const items = provider.serializeItemsRange(0, Infinity).items;
  return items.map(({ name, node }) => [name, node.id, node.distance, node.name]);
}

function references(snapshot, index) {
  const provider = snapshot.createEdgesProvider(index);
  if (provider.isEmpty()) return [];
  // As the Containment view sorts.
  provider.sortAndRewind({ fieldName1: 'retainedSize', ascending1: false, fieldName2: '!edgeName', ascending2: true });
  const items = provider.serializeItemsRange(0, Infinity).items;
  return items.map(({ name, node }) => [name, node.id]);
}

/** Nodes spread over the file, with all that refers to them and all that they refer to. */
function someNodes(snapshot, howMany) {
  const step = Math.max(1, Math.floor(snapshot.nodeCount / Math.max(1, howMany)));
  const found = [];
  for (let ordinal = 0; ordinal < snapshot.nodeCount && howMany > 0; ordinal += step) {
    const index = ordinal * snapshot.nodeFieldCount;
    found.push({ node: ordinal, retainers: retainers(snapshot, index), references: references(snapshot, index) });
  }
  return found;
}

function summary(snapshot, howMany) {
  const statics = snapshot.updateStaticData();
  const filters = FILTERS.map(filterName => [filterName, classes(snapshot.aggregatesWithFilter({ filterName }))]);
  return {
    nodes: statics.nodeCount,
    edges: snapshot.profile.snapshot.edge_count,
    total: statics.totalSize,
    statistics: snapshot.getStatistics(),
    classes: classes(snapshot.aggregatesWithFilter({})),
    filters: Object.fromEntries(filters),
    some: someNodes(snapshot, howMany),
  };
}

function diff(base, newer) {
  const rows = newer.calculateSnapshotDiff(1, base.aggregatesForDiff(newer.interfaceDefinitions()));
  return Object.entries(rows).map(([key, row]) => ({
    key,
    name: row.name,
    added: row.addedCount,
    removed: row.removedCount,
    delta: row.countDelta,
    addedSize: row.addedSize,
    removedSize: row.removedSize,
    sizeDelta: row.sizeDelta,
  }));
}

async function run({ snapshots, out, some: howMany = 0 }) {
  let before = null;
  for (const [i, file] of snapshots.entries()) {
    const snapshot = await open(file).catch(error => {
      throw new Error(`DevTools does not open ${file}: ${error?.message ?? error}`);
    });
    writeNodes(snapshot, `${out}.${i}.tsv`);
    fs.writeFileSync(`${out}.${i}.json`, json(summary(snapshot, howMany)));
    if (before) fs.writeFileSync(`${out}.${i}.diff.json`, json(diff(before, snapshot)));
    before = snapshot;
  }
}

for (const job of JSON.parse(fs.readFileSync(jobs, 'utf8'))) await run(job);
