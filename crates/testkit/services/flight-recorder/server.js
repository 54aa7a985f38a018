'use strict';

// A flight recorder: of every request it keeps what was measured, in pages that are allocated whole.
// The last twelve pages are kept, so memory grows in steps until the twelfth.
const http = require('node:http');

const REQUESTS_A_PAGE = 400;
const POINTS = 600;
const PAGES = 12;
const pages = [];
let requests = 0;

function record(points) {
  const place = requests % REQUESTS_A_PAGE;
  requests += 1;
  if (place === 0) pages.push(new Array(REQUESTS_A_PAGE * POINTS).fill(0));
  if (pages.length > PAGES) pages.shift();
  const page = pages[pages.length - 1];
  for (let i = 0; i < POINTS; i += 1) page[place * POINTS + i] = points(i);
}

http.createServer((req, res) => {
  const began = process.hrtime()[1] % 1000;
  record((i) => began + i);
  res.end(String(pages.length));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
