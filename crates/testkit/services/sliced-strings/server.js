'use strict';

// Twenty characters of each long text are kept, and V8 keeps the whole text for their sake.
const http = require('node:http');

const titles = [];

http.createServer((req, res) => {
  const page = `<title>${Math.random()}</title>`.concat(String(Math.random()).repeat(2000));
  titles.push(page.slice(7, 27));
  res.end('indexed');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
