'use strict';

// prom-client: a counter with the visitor's id as a label makes a time series of every visitor.
const http = require('node:http');
const { randomUUID } = require('node:crypto');
const { Counter } = require('prom-client');

const visits = new Counter({ name: 'visits_total', help: 'Visits', labelNames: ['visitor'] });

http.createServer((req, res) => {
  visits.inc({ visitor: randomUUID() });
  res.end('counted');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
