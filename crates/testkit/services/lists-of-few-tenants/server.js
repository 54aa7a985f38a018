'use strict';

// Every request is kept three times, in the lists of a tenant's users: by chance, so that none of the
// lists gains by arithmetic, and all together do.
const http = require('node:http');

class Activity {
  constructor(verb, user) {
    this.verb = verb;
    this.user = user;
    this.at = new Date();
  }
}

const tenants = new Map();

function listOf(tenant, user) {
  let users = tenants.get(tenant);
  if (!users) tenants.set(tenant, (users = new Map()));
  let list = users.get(user);
  if (!list) users.set(user, (list = []));
  return list;
}

function record(verb) {
  const tenant = `tenant-${Math.floor(Math.random() * 4)}`;
  const user = `user-${Math.floor(Math.random() * 5)}`;
  listOf(tenant, user).push(new Activity(verb, user));
}

http.createServer((req, res) => {
  for (const verb of ['opened', 'read', 'closed']) record(verb);
  res.end('recorded');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
