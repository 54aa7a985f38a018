'use strict';

// Each request takes a page of WebAssembly memory and writes to it; none is ever given back.
const http = require('node:http');

const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });

http.createServer((req, res) => {
  const page = memory.grow(1);
  new Uint8Array(memory.buffer, page * 65536, 65536).fill(7);
  res.end(`page ${page}`);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
