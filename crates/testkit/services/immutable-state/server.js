'use strict';

// A store after the fashion of reducers: each action makes a new state with one more order in it.
const http = require('node:http');

class Order {
  constructor(number) {
    this.number = number;
    this.lines = ['a', 'b', 'c'];
  }
}

let state = { orders: [] };

function reduce(action) {
  state = { ...state, orders: [...state.orders, action.order] };
}

let number = 0;

http.createServer((req, res) => {
  number += 1;
  reduce({ type: 'ordered', order: new Order(number) });
  res.end('ordered');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
