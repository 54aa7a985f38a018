// Loads snapshots with DevTools' own engine as the panel does, with its second thread, and asks for one view.
//
//   node --max-old-space-size=18000 devtools.mjs WORKER summary SNAPSHOT
//   node --max-old-space-size=18000 devtools.mjs WORKER diff BASE SNAPSHOT
//
// WORKER is the bundle of the engine that `cargo xtask parity` makes.
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

// The panel reads files in pieces of this size.
const CHUNK_BYTES = 10_000_000;

const bundle = isMainThread ? process.argv[2] : workerData;
const { HeapSnapshot, HeapSnapshotLoader } = await import(pathToFileURL(bundle));

async function open(file) {
  const loader = new HeapSnapshotLoader.HeapSnapshotLoader({ sendEvent() {} });
  const decoder = new TextDecoder();
  for await (const chunk of fs.createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    loader.write(decoder.decode(chunk, { stream: true }));
  }
  loader.write(decoder.decode());
  loader.close();
  const second = new Worker(new URL(import.meta.url), {
    workerData: bundle,
    resourceLimits: { maxOldGenerationSizeMb: 18_000 },
  });
  const { port1, port2 } = new MessageChannel();
  second.postMessage(port2, [port2]);
  const snapshot = await loader.buildSnapshot(port1);
  port1.close();
  await second.terminate();
  return snapshot;
}

function print(rows, size) {
  for (const row of rows.sort((a, b) => b[size] - a[size]).slice(0, 30)) console.log(JSON.stringify(row));
}

async function main([task, ...files]) {
  // It reports nodes that nothing leads to; here they are no news.
  console.warn = () => {};
  if (task === 'summary') {
    const snapshot = await open(files[0]);
    print(Object.values(snapshot.aggregatesWithFilter({})), 'maxRet');
    console.log(snapshot.getStatistics());
    return;
  }
  const [base, newer] = [await open(files[0]), await open(files[1])];
  // It keeps lists of ids beside the sums; they are left out of what is printed.
  const changes = newer.calculateSnapshotDiff(1, base.aggregatesForDiff(newer.interfaceDefinitions()));
  print(Object.values(changes).map(({ name, addedSize, sizeDelta }) => ({ name, addedSize, sizeDelta })), 'addedSize');
}

if (isMainThread) await main(process.argv.slice(3));
else parentPort.once('message', (port) => new HeapSnapshot.SecondaryInitManager(port));
