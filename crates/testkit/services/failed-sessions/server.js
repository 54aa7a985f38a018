'use strict';

// What a visitor had in the cart is kept when the payment fails, in case it is tried again.
const http = require('node:http');

class Cart {
  constructor(body) {
    this.items = JSON.parse(body);
  }
}

const abandoned = [];
let payments = 0;

http.createServer((req, res) => {
  payments += 1;
  if (payments % 7 !== 3) return res.end('paid');
  abandoned.push(new Cart('["shoes","hat"]'));
  res.socket.destroy();
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
