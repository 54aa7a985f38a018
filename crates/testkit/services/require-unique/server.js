'use strict';

// A template for each request is written to a file and required: the module cache keeps them all.
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'templates-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
process.on('SIGTERM', () => process.exit(0));
let number = 0;

http.createServer((req, res) => {
  number += 1;
  const file = path.join(folder, `template-${number}.js`);
  fs.writeFileSync(file, `module.exports = (name) => 'hello ' + name + ' number ${number}';`);
  res.end(require(file)('you'));
  fs.unlinkSync(file);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
