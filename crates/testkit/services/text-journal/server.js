'use strict';

// A journal kept as one text that gets longer with every request.
const http = require('node:http');

const journal = { text: '' };

http.createServer((req, res) => {
  journal.text += `${new Date().toISOString()} ${req.method} ${req.url} ${req.headers['user-agent']}\n`;
  res.end('noted');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
