'use strict';

// Every request listens to the one signal that says the service stops, and never stops listening.
const http = require('node:http');

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

http.createServer((req, res) => {
  stop.signal.addEventListener('abort', () => res.destroy());
  res.end('ok');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
