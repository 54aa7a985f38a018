'use strict';

// Every request allocates a megabyte of objects and keeps none of them.
const http = require('node:http');

http.createServer((req, res) => {
  const rows = Array.from({ length: 5000 }, (_, id) => ({ id, name: `row ${id}`, tags: [id, id] }));
  res.end(JSON.stringify(rows.filter((row) => row.id % 1000 === 0)));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
