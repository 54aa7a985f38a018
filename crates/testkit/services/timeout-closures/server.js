'use strict';

// A reminder for every order, a day later, which keeps the whole order until then.
const http = require('node:http');

class Order {
  constructor(url) {
    this.url = url;
    this.lines = new Array(50).fill('line');
  }
}

http.createServer((req, res) => {
  const order = new Order(req.url);
  setTimeout(() => console.log('remember', order.url), 24 * 3600 * 1000);
  res.end('ordered');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
