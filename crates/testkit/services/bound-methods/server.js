'use strict';

// ws: each connection adds its bound method to the one timer's emitter, and takes nothing off.
const { EventEmitter } = require('node:events');
const { WebSocketServer } = require('ws');

const clock = new EventEmitter();
clock.setMaxListeners(0);
setInterval(() => clock.emit('tick'), 1000);

class Visitor {
  constructor(socket) {
    this.socket = socket;
    clock.on('tick', this.tick.bind(this));
  }

  tick() {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send('tick');
  }
}

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT || 8080) });
server.on('connection', (socket) => new Visitor(socket));
