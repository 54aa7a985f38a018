'use strict';

// Facts about a request in a WeakMap: they go with the request.
const http = require('node:http');

const facts = new WeakMap();

http.createServer((req, res) => {
  facts.set(req, { started: Date.now(), url: req.url });
  res.on('finish', () => facts.get(req).url.length);
  res.end('ok');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
