'use strict';

// Every request is kept in the list of its tenant, of whom there are a hundred.
const http = require('node:http');

class Audit {
  constructor(tenant, url) {
    this.tenant = tenant;
    this.url = url;
    this.at = new Date();
  }
}

const byTenant = new Map();
let requests = 0;

http.createServer((req, res) => {
  const tenant = `tenant-${(requests++ * 37) % 100}`;
  if (!byTenant.has(tenant)) byTenant.set(tenant, []);
  byTenant.get(tenant).push(new Audit(tenant, req.url));
  res.end('kept');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
