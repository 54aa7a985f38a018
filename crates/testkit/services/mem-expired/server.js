'use strict';

// mem 3.0.1: results may be a second old, but those that are too old are never removed.
const http = require('node:http');
const mem = require('mem-leaking');

const describe = mem((id) => ({ id, at: Date.now() }), { maxAge: 1000 });
let next = 0;

http.createServer((req, res) => {
  next += 1;
  res.end(JSON.stringify(describe(`product-${next}`)));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
