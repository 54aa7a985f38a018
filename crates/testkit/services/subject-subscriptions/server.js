'use strict';

// rxjs: every request subscribes to the prices, and no subscription is ever ended.
const http = require('node:http');
const { Subject } = require('rxjs');

const prices = new Subject();
setInterval(() => prices.next(Math.round(Math.random() * 100)), 500);

http.createServer((req, res) => {
  let seen = 0;
  prices.subscribe((price) => {
    seen += price;
  });
  res.end(`seen ${seen}`);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
