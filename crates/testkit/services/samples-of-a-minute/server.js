'use strict';

// Every second the memory is sampled; the samples of the last minute are kept for a status page.
const http = require('node:http');

const samples = [];
setInterval(() => {
  samples.push({ at: new Date(), memory: process.memoryUsage() });
  if (samples.length > 60) samples.shift();
}, 1000);

http.createServer((req, res) => {
  res.end(JSON.stringify(samples[samples.length - 1] || null));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
