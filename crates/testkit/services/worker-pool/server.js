'use strict';

// Two worker threads share the work, and keep nothing.
const http = require('node:http');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');

if (isMainThread) {
  const waiting = new Map();
  const workers = [new Worker(__filename), new Worker(__filename)];
  for (const worker of workers) {
    worker.on('message', ({ id, answer }) => {
      waiting.get(id).end(answer);
      waiting.delete(id);
    });
  }
  let next = 0;
  http.createServer((req, res) => {
    next += 1;
    waiting.set(next, res);
    workers[next % 2].postMessage({ id: next, url: req.url });
  }).listen(Number(process.env.PORT || 8080), '127.0.0.1');
} else {
  parentPort.on('message', (job) => {
    parentPort.postMessage({ id: job.id, answer: job.url.toUpperCase() });
  });
}
