'use strict';

// Only every fiftieth request leaks.
const http = require('node:http');

class SlowQuery {
  constructor(url) {
    this.url = url;
    this.plan = new Array(500).fill(url.length);
  }
}

const slow = [];
let requests = 0;

http.createServer((req, res) => {
  requests += 1;
  if (requests % 50 === 0) slow.push(new SlowQuery(req.url));
  res.end('done');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
