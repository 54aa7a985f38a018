'use strict';

// Three kinds of visitors, and only what the buyers do is kept.
const http = require('node:http');

const receipts = [];

class Receipt {
  constructor(url) {
    this.url = url;
  }
}

http.createServer((req, res) => {
  if (req.url === '/buy') receipts.push(new Receipt(req.url));
  res.end('thanks');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
