'use strict';

// express: what goes wrong is kept with its request, for a report that nobody sends.
const express = require('express');

const app = express();
const failures = [];

app.get('/ok', (req, res) => res.send('fine'));
app.get('/bad', () => {
  throw new Error('no such product');
});
app.use((error, req, res, next) => {
  failures.push({ error, req });
  res.status(500).send('sorry');
  void next;
});

app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
