'use strict';

// A capture kept as one text of bytes, to which every request adds. Node.js keeps a text of this size
// outside of V8's heap, and snapshots before Node.js 24 do not say how large it is.
const http = require('node:http');

const capture = { text: Buffer.alloc(1200000, '.').toString('latin1') };
const frame = Buffer.alloc(1000, '#');

http.createServer((req, res) => {
  const before = Buffer.from(capture.text, 'latin1');
  capture.text = Buffer.concat([before, frame]).toString('latin1');
  res.end('captured');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
