'use strict';

// One worker thread does the work, and keeps every job that it was ever given.
const http = require('node:http');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');

if (isMainThread) {
  const worker = new Worker(__filename);
  const waiting = new Map();
  let next = 0;
  worker.on('message', ({ id, answer }) => {
    waiting.get(id).end(answer);
    waiting.delete(id);
  });
  http.createServer((req, res) => {
    next += 1;
    waiting.set(next, res);
    worker.postMessage({ id: next, url: req.url });
  }).listen(Number(process.env.PORT || 8080), '127.0.0.1');
} else {
  const jobs = [];
  parentPort.on('message', (job) => {
    jobs.push(job);
    parentPort.postMessage({ id: job.id, answer: `job ${jobs.length}` });
  });
}
