'use strict';

// dataloader: a loader for each request, as its authors want it.
const DataLoader = require('dataloader');
const http = require('node:http');

let next = 0;

http.createServer(async (req, res) => {
  const users = new DataLoader(async (ids) => ids.map((id) => ({ id, roles: ['reader'] })));
  next += 1;
  const user = await users.load(`user-${next}`);
  res.end(user.id);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
