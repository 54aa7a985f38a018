'use strict';

// A worker thread for every request, which waits for another message when it has answered.
const http = require('node:http');
const { Worker } = require('node:worker_threads');

const code = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (n) => parentPort.postMessage(n * 2));
`;

http.createServer((req, res) => {
  if (req.url !== '/double') return res.end('ready');
  const worker = new Worker(code, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  worker.once('message', (n) => res.end(String(n)));
  worker.postMessage(21);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
