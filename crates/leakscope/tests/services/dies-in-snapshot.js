'use strict';
// Serves HTTP on PORT, and is killed as soon as a snapshot begins to be written to RUN_DIR: by a
// worker, since the main thread stands still meanwhile. The heap is large enough that the writing
// lasts longer than the news of it.
const http = require('node:http');
const { Worker } = require('node:worker_threads');

const ballast = Array.from({ length: 400_000 }, (_, i) => ({ i, text: `item ${i}` }));

new Worker(
  `const fs = require('node:fs');
   fs.watch(process.env.RUN_DIR, (_event, name) => {
     if (name.includes('heapsnapshot')) process.kill(process.pid, 'SIGKILL');
   });`,
  { eval: true },
);

http
  .createServer((request, response) => response.end(ballast[0].text))
  .listen(Number(process.env.PORT), '127.0.0.1');
