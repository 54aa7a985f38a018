// A Socket.IO server that says on standard output what it sees; its port is the first line.
'use strict';
const { createServer } = require('node:http');
const { Server } = require('socket.io');

const http = createServer((request, response) => {
  console.log(`http ${request.url}`);
  response.end(JSON.stringify({ token: 't0k' }));
});
const io = new Server(http, { path: process.argv[2] || '/socket.io', pingInterval: 300 });

function serve(namespace) {
  namespace.on('connection', (socket) => {
    const { query, headers, auth } = socket.handshake;
    const how = socket.conn.transport.name;
    console.log(`open ${namespace.name} ${query.user} ${headers['x-user']} ${JSON.stringify(auth)} ${how}`);
    socket.on('disconnect', (why) => console.log(`close ${namespace.name} ${why}`));
    socket.on('echo', (...args) => {
      console.log(`echo ${namespace.name} ${JSON.stringify(args)} ${socket.conn.transport.name}`);
      socket.emit('noise', 1);
      socket.emit('echoed', ...args);
    });
    socket.on('ask', (question, answer) => answer(`re: ${question}`, { n: 2 }));
    socket.on('in two', () => {
      socket.emit('part', 'one');
      socket.emit('part', 'two');
    });
  });
}
serve(io.of('/'));
serve(io.of('/admin'));
io.of('/closed').use((_socket, next) => next(new Error('not for you')));

http.listen(0, '127.0.0.1', () => console.log(http.address().port));
process.stdin.resume().on('end', () => process.exit(0));
