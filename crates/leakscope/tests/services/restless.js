'use strict';

// Worker threads as they should not make a hunt stumble: one that waits without ever turning its
// event loop, one whose thread is blocked for good, and one that is replaced every hundred requests.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

if (!isMainThread) {
  if (workerData === 'waits') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  // Nobody ever writes into it.
  if (workerData === 'blocked') fs.openSync('never-written', 'r');
  parentPort.on('message', () => parentPort.postMessage('done'));
} else {
  execFileSync('mkfifo', ['never-written']);
  for (const workerData of ['waits', 'blocked']) new Worker(__filename, { workerData });
  let served = 0;
  let worker = new Worker(__filename);
  http.createServer((req, res) => {
    served += 1;
    if (served % 100 === 0) {
      worker.postMessage('last');
      worker.once('message', function end() { this.terminate(); });
      worker = new Worker(__filename);
    }
    worker.once('message', () => res.end('done'));
    worker.postMessage(req.url);
  }).listen(Number(process.env.PORT), '127.0.0.1');
}
