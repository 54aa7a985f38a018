'use strict';

// Requests wait for a reload that never comes; the answer is sent without it, the wait stays.
const http = require('node:http');

const waiters = [];

function reloaded() {
  return new Promise((resolve) => waiters.push(resolve));
}

async function answer(req, res) {
  const request = { url: req.url, headers: req.headers };
  res.end('soon');
  await reloaded();
  console.log(`reloaded for ${request.url}`);
}

http.createServer(answer).listen(Number(process.env.PORT || 8080), '127.0.0.1');
