'use strict';

// Each request opens a file to say how long it is, and does not close it.
const fs = require('node:fs');
const http = require('node:http');

http.createServer((req, res) => {
  const file = fs.openSync(__filename, 'r');
  res.end(`${fs.fstatSync(file).size} bytes`);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
