'use strict';

// How long each request took, for a percentile: an array of plain numbers that only grows.
const http = require('node:http');

const durations = [];

http.createServer((req, res) => {
  const started = process.hrtime.bigint();
  res.on('finish', () => durations.push(Number(process.hrtime.bigint() - started)));
  res.end('timed');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
