'use strict';

// A list of recent visits that is halved whenever it has become too long.
const http = require('node:http');

let visits = [];

http.createServer((req, res) => {
  visits.push({ url: req.url, headers: req.headers });
  if (visits.length >= 700) visits = visits.slice(350);
  res.end('noted');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
