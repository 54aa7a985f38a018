'use strict';

// Buffers are taken from a pool and given back; it grows to as many as are in use at once.
const http = require('node:http');

const pool = [];

http.createServer((req, res) => {
  const buffer = pool.pop() || Buffer.alloc(8192);
  setTimeout(() => {
    res.end(buffer.subarray(0, 16));
    pool.push(buffer);
  }, 20);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
