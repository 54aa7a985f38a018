'use strict';

// What grows here grows with time: a sample ten times a second, with load and without.
const http = require('node:http');

const history = [];

setInterval(() => {
  history.push({ at: Date.now(), rss: process.memoryUsage().rss });
}, 100);

http.createServer((req, res) => {
  res.end(String(history.length));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
