'use strict';

// The results are held weakly, but the cells that hold them are kept for ever.
const http = require('node:http');

class Result {
  constructor(url) {
    this.url = url;
    this.rows = new Array(100).fill(url);
  }
}

const results = new Map();
let next = 0;

http.createServer((req, res) => {
  next += 1;
  const result = new Result(req.url);
  results.set(`query-${next}`, new WeakRef(result));
  res.end(String(result.rows.length));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
