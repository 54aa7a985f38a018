'use strict';

// Sessions that live for twenty seconds; a sweeper looks for old ones every five.
const { randomUUID } = require('node:crypto');
const http = require('node:http');

const sessions = new Map();

setInterval(() => {
  const now = Date.now();
  for (const [token, session] of sessions) {
    if (now - session.at > 20000) sessions.delete(token);
  }
}, 5000);

http.createServer((req, res) => {
  const token = randomUUID();
  sessions.set(token, { token, at: Date.now(), cart: [] });
  res.end('welcome');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
