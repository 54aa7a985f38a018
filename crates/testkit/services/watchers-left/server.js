'use strict';

// Each request watches the folder, to tell of changes, and watches on when it is over.
const fs = require('node:fs');
const http = require('node:http');

http.createServer((req, res) => {
  fs.watch(__dirname, () => res.destroyed);
  res.end('watching');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
