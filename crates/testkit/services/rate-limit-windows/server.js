'use strict';

// express-rate-limit: visitors are counted in windows of five seconds, in its own memory store.
const express = require('express');
const { rateLimit } = require('express-rate-limit');

const app = express();
let visitor = 0;
app.use(rateLimit({
  windowMs: 5000,
  limit: 1000,
  keyGenerator: () => {
    visitor += 1;
    return `visitor-${visitor}`;
  },
}));
app.get('/', (req, res) => res.send('hello'));
app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
