'use strict';

// Two cluster children serve, and keep nothing.
const cluster = require('node:cluster');
const http = require('node:http');

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  http.createServer((req, res) => {
    res.end(`served by ${process.pid}`);
  }).listen(Number(process.env.PORT || 8080), '127.0.0.1');
}
