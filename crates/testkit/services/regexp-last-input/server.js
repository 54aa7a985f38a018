'use strict';

// A product code is cut out of a long text, and keeps the text alive: sixty kilobytes for eight.
const http = require('node:http');

const codes = new Set();
let next = 0;

http.createServer((req, res) => {
  next += 1;
  const page = `code=${String(next).padStart(16, '0')};` + 'x'.repeat(60000) + next;
  const [, code] = /code=(\d+);/.exec(page);
  codes.add(code);
  res.end(code);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
