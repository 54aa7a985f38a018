'use strict';

// Each request waits for the end of the process, to say goodbye.
const http = require('node:http');

process.setMaxListeners(0);

class Goodbye {
  constructor(url) {
    this.url = url;
  }

  say() {
    console.log(`goodbye from ${this.url}`);
  }
}

http.createServer((req, res) => {
  const goodbye = new Goodbye(req.url);
  process.once('beforeExit', () => goodbye.say());
  res.end('hello');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
