'use strict';

// Each request makes an agent that keeps its connection alive, and nobody destroys the agents.
const http = require('node:http');

const backend = http.createServer((req, res) => res.end('data'));
backend.keepAliveTimeout = 0;
backend.listen(0, '127.0.0.1');

http.createServer((req, res) => {
  const agent = new http.Agent({ keepAlive: true });
  http.get({ host: '127.0.0.1', port: backend.address().port, agent }, (answer) => {
    answer.pipe(res);
  });
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
