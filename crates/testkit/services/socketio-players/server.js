'use strict';

// socket.io: players enter by connecting, and nobody takes them off the list.
const http = require('node:http');
const { Server } = require('socket.io');

class Player {
  constructor(id) {
    this.id = id;
    this.moves = [];
  }
}

const server = http.createServer();
const io = new Server(server, { transports: ['websocket'] });
const players = new Map();

io.on('connection', (socket) => {
  players.set(socket.id, new Player(socket.id));
});

server.listen(Number(process.env.PORT || 8080), '127.0.0.1');
