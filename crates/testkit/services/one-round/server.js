'use strict';

// A service that leaks, hunted in with one round only: one figure is no proof.
const http = require('node:http');

const seen = new Set();

http.createServer((req, res) => {
  seen.add({ url: req.url, at: new Date() });
  res.end('seen');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
