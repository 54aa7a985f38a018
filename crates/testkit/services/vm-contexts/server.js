'use strict';

// Rules of a customer run in a context of their own, and the contexts are kept for the next time.
const http = require('node:http');
const vm = require('node:vm');

const sandboxes = [];

http.createServer((req, res) => {
  const sandbox = vm.createContext({ price: 7 });
  sandboxes.push(sandbox);
  res.end(String(vm.runInContext('price * 2', sandbox)));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
