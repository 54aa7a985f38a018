'use strict';

// A store of AsyncLocalStorage lives as long as the last timer that was started within it.
const http = require('node:http');
const { AsyncLocalStorage } = require('node:async_hooks');

class RequestStore {
  constructor(url) {
    this.url = url;
    this.trace = [];
  }
}

const storage = new AsyncLocalStorage();

http.createServer((req, res) => {
  storage.run(new RequestStore(req.url), () => {
    setInterval(() => storage.getStore().trace.length, 5000).unref();
    res.end('traced');
  });
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
