'use strict';

// debug 4.1.1: a logger for every request; the package keeps a list of all that were ever made.
const createDebug = require('debug-leaking');
const http = require('node:http');

let request = 0;

http.createServer((req, res) => {
  request += 1;
  const log = createDebug(`http:request:${request % 50}`);
  log('%s', req.url);
  res.end('ok');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
