'use strict';

// debug 4.4.3: a logger for every request, which the package forgets.
const createDebug = require('debug-fixed');
const http = require('node:http');

let request = 0;

http.createServer((req, res) => {
  request += 1;
  const log = createDebug(`http:request:${request % 50}`);
  log('%s', req.url);
  res.end('ok');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
