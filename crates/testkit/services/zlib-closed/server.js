'use strict';

// Each answer is packed by a packer of its own, which ends and gives its memory back.
const http = require('node:http');
const zlib = require('node:zlib');

http.createServer((req, res) => {
  res.setHeader('content-encoding', 'gzip');
  const packer = zlib.createGzip();
  packer.pipe(res);
  packer.end('a line of text\n'.repeat(2000));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
