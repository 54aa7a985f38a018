'use strict';

// Work is queued faster than it is done while there is load, and done afterwards.
const http = require('node:http');

const queue = [];

class Job {
  constructor(url) {
    this.url = url;
    this.payload = Buffer.alloc(256);
  }
}

setInterval(() => {
  queue.splice(0, 3);
}, 50);

http.createServer((req, res) => {
  queue.push(new Job(req.url));
  res.statusCode = 202;
  res.end('queued');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
