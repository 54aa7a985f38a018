'use strict';

// express: parts of the service are loaded when they are first asked for.
const express = require('express');

const app = express();
const loaded = new Map();
const NAMES = ['zlib', 'dns', 'tls', 'vm', 'readline', 'perf_hooks'];
let requests = 0;

function load(name) {
  if (!loaded.has(name)) loaded.set(name, require(`node:${name}`));
  return loaded.get(name);
}

app.get('/', (req, res) => {
  requests += 1;
  const name = NAMES[Math.floor(requests / 40) % NAMES.length];
  res.json(Object.keys(load(name)).length);
});

app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
