'use strict';

// express: every request's facts are kept for an audit that nobody makes.
const express = require('express');

const app = express();
const audit = [];

app.get('/', (req, res) => {
  audit.push({ at: Date.now(), url: req.url, agent: req.headers['user-agent'] });
  res.json({ requests: audit.length });
});

app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
