'use strict';
// node client.js 3 2 -        sends its words and prints the last answer
// node client.js              reads lines from stdin and prints every answer
// The server's address comes from the variable URL; ws://localhost:8080 if there is none.

const readline = require('node:readline');
const { WebSocket } = require('ws');

const words = process.argv.slice(2);
const ws = new WebSocket(process.env.URL || 'ws://localhost:8080');

ws.on('error', (error) => {
  console.error(`cannot talk to ${ws.url}: ${error.message || error.code}`);
  process.exitCode = 1;
});
ws.on('open', () => {
  if (words.length === 0) {
    ws.on('message', (answer) => console.log(String(answer)));
    readline.createInterface({ input: process.stdin })
      .on('line', (line) => ws.send(line))
      .on('close', () => ws.close());
    return;
  }
  let last;
  ws.on('message', (answer) => { last = String(answer); });
  ws.on('close', () => { if (last !== undefined) console.log(last); });
  ws.send(words.join(' '));
  ws.close(); // The server answers what came before the close, then closes too.
});
