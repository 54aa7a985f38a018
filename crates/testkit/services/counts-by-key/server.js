'use strict';

// Hits by address in a plain object, whose values are small numbers.
const http = require('node:http');

const hits = {};
let visitor = 0;

http.createServer((req, res) => {
  visitor += 1;
  const address = `10.${visitor >> 16}.${(visitor >> 8) & 255}.${visitor & 255}`;
  hits[address] = (hits[address] || 0) + 1;
  res.end('counted');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
