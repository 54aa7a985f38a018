'use strict';

// The last rejection is kept for a status page, and each has the one before as its cause.
const http = require('node:http');

class Rejected extends Error {
  constructor(message, document, cause) {
    super(message, { cause });
    this.name = 'Rejected';
    this.document = document;
  }
}

class Validator {
  constructor() {
    this.rejected = 0;
    this.lastRejection = undefined;
  }

  check(document) {
    if (!document.total) throw this.reject('no total', document);
    return document;
  }

  reject(message, document) {
    this.rejected += 1;
    this.lastRejection = new Rejected(message, document, this.lastRejection);
    return this.lastRejection;
  }
}

const validator = new Validator();

http.createServer((req, res) => {
  try {
    validator.check({ url: req.url, lines: ['a', 'b', 'c'] });
  } catch (error) {
    res.end(error.message);
  }
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
