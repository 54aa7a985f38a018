'use strict';

// Every tenth request loses its connection. Nothing grows, but who would call that clean?
const http = require('node:http');

let requests = 0;

http.createServer((req, res) => {
  requests += 1;
  if (requests % 10 === 0) {
    req.socket.destroy();
    return;
  }
  res.end('ok');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
