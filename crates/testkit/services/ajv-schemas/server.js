'use strict';

// ajv: a schema is made for every request and compiled by the one instance, which keeps them all.
const Ajv = require('ajv');
const http = require('node:http');

const ajv = new Ajv();

http.createServer((req, res) => {
  const validate = ajv.compile({ type: 'object', properties: { url: { type: 'string' } } });
  res.end(String(validate({ url: req.url })));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
