'use strict';

// The last errors are kept for a status page, all of them.
const http = require('node:http');

const errors = [];

function load(url) {
  throw new RangeError(`nothing at ${url}`);
}

http.createServer((req, res) => {
  try {
    load(req.url);
  } catch (error) {
    errors.push(error);
    res.statusCode = 404;
    res.end(error.message);
  }
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
