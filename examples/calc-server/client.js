'use strict';

// Talks to the calculator:
//
//   node client.js 3 2 -        sends the words and prints the answers
//   node client.js              sends each line that you type
//
// The server is the one at PORT on this machine, 8080 by default, or wherever CALC_URL says.

const readline = require('node:readline');
const WebSocket = require('ws');

const url = process.env.CALC_URL || `ws://127.0.0.1:${process.env.PORT || 8080}`;
const words = process.argv.slice(2);
const connection = new WebSocket(url);

connection.on('open', () => {
  if (words.length > 0) {
    // Answers on their way arrive before the server agrees to close.
    connection.send(words.join(' '));
    connection.close();
    return;
  }
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', (line) => connection.send(line));
  lines.on('close', () => connection.close());
  connection.on('close', () => lines.close());
});

connection.on('message', (answer) => console.log(String(answer)));

connection.on('error', (error) => {
  console.error(`error: cannot reach ${url}: ${error.message || error.code}`);
  process.exitCode = 1;
});
