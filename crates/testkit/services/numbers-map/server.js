'use strict';

// Hits by visitor, who is known by a number: a Map from number to number.
const http = require('node:http');

const hits = new Map();
let visitor = 100000;

http.createServer((req, res) => {
  visitor += 7;
  hits.set(visitor, (hits.get(visitor) || 0) + 1);
  res.end('counted');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
