'use strict';

// What a request leaves behind is cleared away three seconds later, all at once.
const http = require('node:http');

const done = [];

setInterval(() => {
  done.length = 0;
}, 3000);

http.createServer((req, res) => {
  done.push({ url: req.url, headers: req.headers });
  res.end('ok');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
