'use strict';

// ajv: the schema is compiled once.
const Ajv = require('ajv');
const http = require('node:http');

const ajv = new Ajv();
const validate = ajv.compile({ type: 'object', properties: { url: { type: 'string' } } });

http.createServer((req, res) => {
  res.end(String(validate({ url: req.url })));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
