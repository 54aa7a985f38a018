'use strict';

// express: each request listens for a configuration change, and goes on listening after its end.
const { EventEmitter } = require('node:events');
const express = require('express');

const settings = new EventEmitter();
settings.setMaxListeners(0);
const app = express();

app.get('/', (req, res) => {
  let greeting = 'hello';
  settings.on('change', (changed) => {
    greeting = changed.greeting;
  });
  res.send(greeting);
});

app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
