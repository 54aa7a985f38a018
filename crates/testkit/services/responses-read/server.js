'use strict';

// A call to another service for every request, over an agent that keeps its sockets alive.
const http = require('node:http');

const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
const inventory = http.createServer((req, res) => res.end('x'.repeat(10000)));
inventory.listen(0, '127.0.0.1');

http.createServer((req, res) => {
  const { port } = inventory.address();
  http.get({ host: '127.0.0.1', port, agent }, (answer) => {
    answer.resume();
    answer.on('end', () => res.end('read'));
  });
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
