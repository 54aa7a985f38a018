'use strict';

// Requests that are no HTTP, or have too long headers, are kept to look for an attack later.
const http = require('node:http');

const attacks = [];

const server = http.createServer({ maxHeaderSize: 1024 }, (req, res) => res.end('ok'));
server.on('clientError', (error, socket) => {
  attacks.push({ error, socket });
  socket.end('HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
});
server.listen(Number(process.env.PORT || 8080), '127.0.0.1');
