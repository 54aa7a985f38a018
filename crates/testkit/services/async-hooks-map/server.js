'use strict';

// Contexts by async id, put in when a resource is made and never taken out when it is destroyed.
const asyncHooks = require('node:async_hooks');
const http = require('node:http');

const contexts = new Map();

asyncHooks.createHook({
  init(id, type, trigger) {
    const context = contexts.get(trigger);
    if (context) contexts.set(id, context);
  },
}).enable();

class Context {
  constructor(url) {
    this.url = url;
  }
}

http.createServer((req, res) => {
  contexts.set(asyncHooks.executionAsyncId(), new Context(req.url));
  setImmediate(() => res.end('in context'));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
