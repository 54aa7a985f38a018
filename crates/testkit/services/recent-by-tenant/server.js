'use strict';

// Of every tenant the last five documents are kept. No list gains much, but all together do,
// ever less, until the last one is full.
const http = require('node:http');

const TENANTS = 1000;
const KEPT = 5;
const tenants = Array.from({ length: TENANTS }, () => ({ recent: [] }));
let documents = 0;

http.createServer((req, res) => {
  const { recent } = tenants[Math.floor(Math.random() * TENANTS)];
  documents += 1;
  recent.push(`${documents}: ${'lorem ipsum '.repeat(150)}`.split('').reverse().join(''));
  if (recent.length > KEPT) recent.shift();
  res.end(String(recent.length));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
