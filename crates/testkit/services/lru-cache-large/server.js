'use strict';

// lru-cache with room for four thousand entries: each request adds one.
const http = require('node:http');
const { LRUCache } = require('lru-cache');

const cache = new LRUCache({ max: 4000 });
let next = 0;

http.createServer((req, res) => {
  next += 1;
  cache.set(`product-${next}`, { id: next, name: `product number ${next}` });
  res.end('cached');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
