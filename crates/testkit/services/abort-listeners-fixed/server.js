'use strict';

// Every request listens to the one signal that says the service stops, until it is over.
const http = require('node:http');

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

http.createServer((req, res) => {
  const abort = () => res.destroy();
  stop.signal.addEventListener('abort', abort);
  res.on('close', () => stop.signal.removeEventListener('abort', abort));
  res.end('ok');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
