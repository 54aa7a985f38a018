'use strict';

// A parent serves and hands every request to two children that it has forked: one keeps what it was
// given, unless KEEP is `no`, the other does not.
const { fork } = require('node:child_process');
const http = require('node:http');

const role = process.argv[2];
if (role === 'keeper') {
  const orders = [];
  process.on('message', function onOrder(order) {
    if (process.env.KEEP !== 'no') orders.push({ order, at: new Date() });
    process.send(orders.length);
  });
} else if (role === 'echo') {
  process.on('message', (order) => process.send(order));
} else {
  const keeper = fork(__filename, ['keeper']);
  const echo = fork(__filename, ['echo']);
  const waiting = [];
  keeper.on('message', () => echo.send('done'));
  echo.on('message', () => waiting.shift().end('ok'));
  http.createServer((req, res) => {
    waiting.push(res);
    keeper.send(req.url);
  }).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('up'));
}
