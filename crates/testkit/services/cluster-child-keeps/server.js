'use strict';

// Two cluster children serve, and each keeps what it has served.
const cluster = require('node:cluster');
const http = require('node:http');

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  const served = [];
  http.createServer((req, res) => {
    served.push({ url: req.url, at: new Date() });
    res.end(`served by ${process.pid}`);
  }).listen(Number(process.env.PORT || 8080), '127.0.0.1');
}
