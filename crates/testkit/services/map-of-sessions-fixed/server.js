'use strict';

// The repaired twin of map-of-sessions: a session ends two seconds after its last use.
const http = require('node:http');
const { randomUUID } = require('node:crypto');

const TTL = 2000;

class Session {
  constructor() {
    this.token = randomUUID();
    this.cart = [];
  }
}

class SessionStore {
  constructor() {
    this.byToken = new Map();
  }

  open() {
    const session = new Session();
    this.byToken.set(session.token, session);
    setTimeout(() => this.byToken.delete(session.token), TTL);
    return session;
  }
}

const store = new SessionStore();

http.createServer((req, res) => {
  const session = store.open();
  res.setHeader('set-cookie', `token=${session.token}`);
  res.end('welcome');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
