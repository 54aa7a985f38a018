'use strict';

// Two cluster children serve, and the kernel says which of them gets a connection: not in turns. Each
// keeps what it has served, unless KEEP is `no`.
const cluster = require('node:cluster');
const http = require('node:http');

cluster.schedulingPolicy = cluster.SCHED_NONE;

if (cluster.isPrimary) {
  // Else children get ports one after the other, which others may have.
  cluster.setupPrimary({ inspectPort: 0 });
  cluster.fork();
  cluster.fork();
} else {
  const served = new Map();
  let last = 0;
  http.createServer(function onRequest(req, res) {
    last += 1;
    if (process.env.KEEP !== 'no') served.set(last, { url: req.url, at: new Date() });
    res.end(String(served.size));
  }).listen(Number(process.env.PORT), '127.0.0.1');
}
