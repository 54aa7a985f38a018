'use strict';

// A log of the last 256 requests, written around and around.
const http = require('node:http');

const log = new Array(256).fill(null);
let at = 0;

http.createServer((req, res) => {
  log[at] = { url: req.url, at: Date.now() };
  at = (at + 1) % log.length;
  res.end('logged');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
