'use strict';

// Sessions that live for forty seconds, each with its own timer: longer than a short test.
const { randomUUID } = require('node:crypto');
const http = require('node:http');

class Session {
  constructor(token) {
    this.token = token;
    this.cart = [];
  }
}

const sessions = new Map();

http.createServer((req, res) => {
  const session = new Session(randomUUID());
  sessions.set(session.token, session);
  setTimeout(() => sessions.delete(session.token), 40000).unref();
  res.end('welcome');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
