'use strict';

// prom-client: the repaired twin of metric-labels, with labels that are few.
const http = require('node:http');
const { Counter } = require('prom-client');

const visits = new Counter({ name: 'visits_total', help: 'Visits', labelNames: ['method'] });

http.createServer((req, res) => {
  visits.inc({ method: req.method });
  res.end('counted');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
