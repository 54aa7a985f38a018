'use strict';

// dataloader: one loader for all requests, so its cache is never thrown away.
const DataLoader = require('dataloader');
const http = require('node:http');

class User {
  constructor(id) {
    this.id = id;
    this.roles = ['reader'];
  }
}

const users = new DataLoader(async (ids) => ids.map((id) => new User(id)));
let next = 0;

http.createServer(async (req, res) => {
  next += 1;
  const user = await users.load(`user-${next}`);
  res.end(user.id);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
