'use strict';

// The repaired twin of listener-per-request: who has been answered listens no more.
const { EventEmitter } = require('node:events');
const express = require('express');

const settings = new EventEmitter();
settings.setMaxListeners(0);
const app = express();

app.get('/', (req, res) => {
  let greeting = 'hello';
  const onChange = (changed) => {
    greeting = changed.greeting;
  };
  settings.on('change', onChange);
  res.on('close', () => settings.off('change', onChange));
  res.send(greeting);
});

app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
