'use strict';

// Each request makes two megabytes of garbage, in buffers and in objects.
const http = require('node:http');

http.createServer((req, res) => {
  const buffer = Buffer.alloc(1 << 20, req.url);
  const rows = [];
  for (let i = 0; i < 5000; i += 1) rows.push({ i, text: `row ${i}`, at: new Date() });
  res.end(`${buffer.length + rows.length}`);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
