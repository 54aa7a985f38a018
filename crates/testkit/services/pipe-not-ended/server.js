'use strict';

// The text of each request goes through a packer that is never ended: its window stays allocated.
const http = require('node:http');
const zlib = require('node:zlib');

const packers = new Set();

http.createServer((req, res) => {
  const packer = zlib.createGzip();
  packers.add(packer);
  packer.on('close', () => packers.delete(packer));
  packer.write(`${req.method} ${req.url}\n`);
  packer.flush();
  res.end('packed');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
