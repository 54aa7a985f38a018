'use strict';
// Serves HTTP on PORT and ends with exit code 7 after as many requests as its argument says.
const http = require('node:http');

let left = Number(process.argv[2]);

http
  .createServer((request, response) => {
    response.end('ok');
    left -= 1;
    if (left === 0) {
      console.error('out of luck');
      process.exit(7);
    }
  })
  .listen(Number(process.env.PORT), '127.0.0.1');
