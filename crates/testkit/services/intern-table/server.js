'use strict';

// Texts are interned: of four thousand that there can be, each is kept once.
const http = require('node:http');

const interned = new Map();

function intern(text) {
  const known = interned.get(text);
  if (known) return known;
  const entry = { text, length: text.length };
  interned.set(text, entry);
  return entry;
}

http.createServer((req, res) => {
  const word = Math.floor(Math.random() * 4000);
  res.end(String(intern(`a word of the dictionary, number ${word}`).length));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
