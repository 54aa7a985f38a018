'use strict';

// An RPN calculator over WebSockets: send `3 2 -` and get `1`. It leaks; fixed.js does not.

const { WebSocketServer } = require('ws');
const { calculate } = require('./calculator');

// How long clients may take to say goodbye, in milliseconds.
const FAREWELL = 500;

// Everybody who is connected, for cleanup.
const clients = [];
let nextId = 0;

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.env.PORT || 8080),
  maxPayload: 64 * 1024,
});

server.on('listening', () => {
  console.log(`listening on ws://127.0.0.1:${server.address().port}`);
});

server.on('error', (error) => {
  console.error(`error: ${error.message}`);
  process.exit(1);
});

server.on('connection', onConnection);

function onConnection(ws) {
  const id = nextId++;
  clients[id] = {connection: ws, ops: []};

  ws.on('message', (message) => {
    const answers = calculate(clients[id].ops, String(message));
    answers.forEach((answer) => ws.send(answer));
  });

  // A broken frame or connection: `close` follows by itself.
  ws.on('error', () => {});
}

function cleanup() {
  clients.forEach(({ connection }) => connection.close(1001, 'the server is going away'));
  setTimeout(() => clients.forEach(({ connection }) => connection.terminate()), FAREWELL).unref();
  server.close(() => process.exit(0));
}

process.on('SIGINT', cleanup);
process.on('SIGTERM', cleanup);
