'use strict';

// Every request is a job for two worker threads: one keeps what it was given (unless KEEP is `no`),
// the other lets go.
const http = require('node:http');
const path = require('node:path');
const { Worker } = require('node:worker_threads');

const waiting = new Map();
const workers = ['keeper.js', 'echo.js'].map((file) => {
  const worker = new Worker(path.join(__dirname, file));
  worker.on('message', (id) => {
    const job = waiting.get(id);
    job.left -= 1;
    if (job.left > 0) return;
    waiting.delete(id);
    job.res.end('done');
  });
  return worker;
});

let last = 0;
http.createServer((req, res) => {
  last += 1;
  waiting.set(last, { res, left: workers.length });
  for (const worker of workers) worker.postMessage({ id: last, url: req.url });
}).listen(Number(process.env.PORT), '127.0.0.1');
