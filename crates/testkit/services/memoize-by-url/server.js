'use strict';

// lodash.memoize without a bound, over a text that is never the same twice.
const http = require('node:http');
const memoize = require('lodash.memoize');

const describe = memoize((url) => ({ url, parts: url.split('/') }));
let visit = 0;

http.createServer((req, res) => {
  visit += 1;
  res.end(describe(`/visits/${visit}/page`).parts.join(' '));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
