'use strict';

// Sessions that live for eight seconds, each with its own timer.
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
  setTimeout(() => sessions.delete(session.token), 8000);
  res.end('welcome');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
