'use strict';

// lru-cache: a cache with room for 400 pages is no leak, though it fills while it is watched.
const http = require('node:http');
const { randomUUID } = require('node:crypto');
const { LRUCache } = require('lru-cache');

const pages = new LRUCache({ max: 400 });

http.createServer((req, res) => {
  const key = randomUUID();
  pages.set(key, { key, body: `page ${key}` });
  res.end(pages.get(key).body);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
