'use strict';

// A call to another service for every request, whose answer nobody reads: its socket never ends.
const http = require('node:http');

const stock = 'x'.repeat(200000);
const inventory = http.createServer((req, res) => res.end(stock));
inventory.listen(0, '127.0.0.1');

http.createServer((req, res) => {
  const { port } = inventory.address();
  http.get({ host: '127.0.0.1', port, agent: false }, (answer) => {
    res.end(`inventory says ${answer.statusCode}`);
  });
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
