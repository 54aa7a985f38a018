'use strict';

// Each request replaces the last state, and a function that nobody calls keeps the one before.
const http = require('node:http');

let state = null;

function replaceState() {
  const previous = state;
  const unused = () => previous && previous.describe();
  state = {
    note: new Array(200).fill('*').join(''),
    describe: () => 'a state',
    unused,
  };
}

http.createServer((req, res) => {
  replaceState();
  res.end(state.describe());
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
