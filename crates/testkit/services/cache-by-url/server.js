'use strict';

// express: a cache by URL, query included, and every visitor has a query of its own.
const { randomUUID } = require('node:crypto');
const express = require('express');

const app = express();
const cache = {};

app.get('/', (req, res) => {
  const key = `${req.originalUrl}?visitor=${randomUUID()}`;
  cache[key] = cache[key] || { body: `page for ${key}`, rendered: Date.now() };
  res.send(cache[key].body);
});

app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
