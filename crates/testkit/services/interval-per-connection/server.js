'use strict';

// ws: a heartbeat for every connection, which beats on when the connection has ended.
const { WebSocketServer } = require('ws');

class Heartbeat {
  constructor(socket) {
    this.socket = socket;
    this.timer = setInterval(() => this.beat(), 1000);
  }

  beat() {
    if (this.socket.readyState === this.socket.OPEN) this.socket.ping();
  }
}

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT || 8080) });

server.on('connection', (socket) => {
  new Heartbeat(socket);
  socket.on('message', (message) => socket.send(String(message)));
});
