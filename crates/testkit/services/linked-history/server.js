'use strict';

// A history as a linked list: each entry knows the one before it, and the last one is kept.
const http = require('node:http');

class Visit {
  constructor(url, before) {
    this.url = url;
    this.before = before;
  }
}

let last = null;

http.createServer((req, res) => {
  last = new Visit(req.url, last);
  res.end('noted');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
