'use strict';

// Code that reads its settings from the environment is given those of each request. There is one
// variable, but glibc keeps every text that it ever had (a pointer to it may be in somebody's
// hands): outside of everything that V8 knows.
const http = require('node:http');

let requests = 0;

http.createServer((req, res) => {
  requests += 1;
  process.env.REQUEST_SETTINGS = JSON.stringify({ requests, template: 'x'.repeat(24 * 1024) });
  res.end(process.env.REQUEST_SETTINGS.length.toString());
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
