'use strict';

// Each request races its work against the end of the service, which never comes: the promise of
// the end keeps a reaction for every request that ever was.
const http = require('node:http');

const stopping = new Promise((resolve) => process.once('SIGTERM', resolve));

async function work(url) {
  await new Promise((resolve) => setImmediate(resolve));
  return { url, body: new Array(100).fill(url) };
}

http.createServer(async (req, res) => {
  await Promise.race([work(req.url), stopping]);
  res.end('won');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
