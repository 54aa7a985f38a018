'use strict';

// A gateway in front of a backend: its keep-alive sockets are open after the load, and few.
const http = require('node:http');

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

const backend = http.createServer((req, res) => res.end('from the backend'));

backend.listen(0, '127.0.0.1', () => {
  const { port } = backend.address();
  http.createServer((req, res) => {
    http.get({ host: '127.0.0.1', port, agent, path: '/' }, (answer) => answer.pipe(res));
  }).listen(Number(process.env.PORT || 8080), '127.0.0.1');
});
