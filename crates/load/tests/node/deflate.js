// A WebSocket server that compresses every message, with the options of its argument. It says on
// standard output what it sees; its port is the first line.
'use strict';
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: { threshold: 0, ...JSON.parse(process.argv[2]) },
});
server.on('listening', () => console.log(server.address().port));
server.on('headers', (headers) => {
  const agreed = headers.find((line) => line.startsWith('Sec-WebSocket-Extensions: '));
  console.log(`open ${agreed?.split(': ')[1]}`);
});
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const text = data.toString();
    console.log(`message ${text.length} ${text.slice(0, 12)}`);
    socket.send(text);
  });
  socket.on('close', (code) => console.log(`close ${code}`));
});
process.stdin.resume().on('end', () => process.exit());
