'use strict';

// A cache of WeakRefs: its objects go with the next collection, its entries by a finalizer.
const http = require('node:http');
const { randomUUID } = require('node:crypto');

const cache = new Map();
const registry = new FinalizationRegistry((key) => cache.delete(key));

http.createServer((req, res) => {
  const key = randomUUID();
  const page = { key, body: 'x'.repeat(1000) };
  cache.set(key, new WeakRef(page));
  registry.register(page, key);
  res.end(key);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
