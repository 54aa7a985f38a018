'use strict';

// A WeakMap forgets with its key, but the key here lives as long as the service.
const http = require('node:http');

const notes = new WeakMap();
const service = { name: 'shop' };
notes.set(service, []);

http.createServer((req, res) => {
  notes.get(service).push({ url: req.url, at: Date.now() });
  res.end('noted');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
