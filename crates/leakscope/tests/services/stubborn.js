'use strict';
// Serves HTTP on PORT; has a child process; neither of them listens to SIGTERM or SIGINT.
const http = require('node:http');
const { spawn } = require('node:child_process');

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});

const ignore = "for (const s of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(s, () => {});";
spawn(process.execPath, ['-e', `${ignore} setInterval(() => {}, 1000)`, 'child-of-stubborn'], {
  stdio: 'ignore',
});

http
  .createServer((request, response) => response.end('ok'))
  .listen(Number(process.env.PORT), '127.0.0.1');
