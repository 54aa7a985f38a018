'use strict';
// Serves HTTP on PORT, and that is all.
const http = require('node:http');

http
  .createServer((request, response) => response.end('ok'))
  .listen(Number(process.env.PORT), '127.0.0.1');
