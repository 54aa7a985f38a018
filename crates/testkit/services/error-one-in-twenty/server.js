'use strict';

// Only what goes wrong is kept; it goes wrong now and then, by chance.
const http = require('node:http');

const failures = [];

class Failure {
  constructor(url) {
    this.url = url;
    this.detail = new Array(60).fill('why');
  }
}

http.createServer((req, res) => {
  if (Math.random() < 0.05) {
    failures.push(new Failure(req.url));
    res.statusCode = 503;
  }
  res.end('perhaps');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
