'use strict';
// A calculator in reverse Polish notation over WebSockets. It leaks: can you tell where?

const { WebSocketServer } = require('ws');
const { calculate } = require('./calculator');

const port = Number(process.env.PORT || 8080);
const clients = [];

const server = new WebSocketServer({ port, maxPayload: 4096 }, () => {
  console.log(`listening on ws://localhost:${port}`);
});
server.on('connection', onConnection);
server.on('error', (error) => {
  console.error(`cannot serve: ${error.message}`);
  process.exit(1);
});

function onConnection(ws) {
  const client = { connection: ws, ops: [] };
  clients.push(client);

  ws.on('message', (message) => {
    for (const word of String(message).split(/\s+/).filter(Boolean)) {
      const answer = calculate(client.ops, word);
      if (answer !== undefined) ws.send(answer);
    }
  });
  ws.on('error', () => ws.terminate());
}

function cleanup() {
  for (const { connection } of clients) connection.terminate();
  server.close(() => process.exit(0));
}

process.on('SIGINT', cleanup);
process.on('SIGTERM', cleanup);
