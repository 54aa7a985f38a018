'use strict';

// A journal that is one text until nobody has come for half a minute; then it is written out.
const http = require('node:http');
const { writeFile } = require('node:fs/promises');

const journal = { text: '' };

const written = setTimeout(async () => {
  const { text } = journal;
  journal.text = '';
  await writeFile('/dev/null', text);
}, 30000);

http.createServer((req, res) => {
  journal.text += `${new Date().toISOString()} ${req.method} ${req.url} ${req.headers['user-agent']}\n`;
  written.refresh();
  res.end('noted');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
