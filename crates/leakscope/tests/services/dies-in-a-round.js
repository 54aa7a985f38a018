'use strict';
// Serves HTTP on PORT, and ends with exit code 7 after ten requests of the first measured round:
// those that come when RUN_DIR holds the snapshot of the idle round.
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const sign = path.join(process.env.RUN_DIR, '1-idle.heapsnapshot');
let left = 10;

http
  .createServer((request, response) => {
    response.end('ok');
    if (fs.existsSync(sign)) left -= 1;
    if (left === 0) {
      console.error('out of luck');
      process.exit(7);
    }
  })
  .listen(Number(process.env.PORT), '127.0.0.1');
