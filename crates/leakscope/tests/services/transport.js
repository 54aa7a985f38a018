// HTTP over everything that leakscope can speak it over: `node transport.js KIND DIR`, with the
// certificates in DIR. Prints where it listens; every response says how its request came.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');

const [kind, dir] = process.argv.slice(2);
const pem = (name) => fs.readFileSync(path.join(dir, name));
let connections = 0;

function answer(request, response) {
  const { socket } = request;
  const client = socket.getPeerCertificate ? socket.getPeerCertificate().subject : undefined;
  response.setHeader('x-version', request.httpVersion);
  response.setHeader('x-connections', String(connections));
  response.setHeader('x-client', client && client.CN ? client.CN : 'none');
  response.setHeader('x-via', request.headers['proxy-authorization'] || 'none');
  response.end(request.url);
}

function secure(options) {
  return { key: pem('server.key'), cert: pem('server.pem'), ...options };
}

function serverOf() {
  switch (kind) {
    case 'http':
    case 'unix':
      return http.createServer(answer);
    case 'https':
      return https.createServer(secure({}), answer);
    case 'mutual':
      return https.createServer(
        secure({ ca: pem('ca.pem'), requestCert: true, rejectUnauthorized: true }),
        answer,
      );
    case 'http2':
      return http2.createSecureServer(secure({}), answer);
    case 'proxy': {
      // Answers plain requests itself, and makes tunnels.
      const server = http.createServer(answer);
      server.on('connect', (request, socket, head) => {
        const [host, port] = request.url.split(':');
        const upstream = net.connect(Number(port), host, () => {
          socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
          upstream.write(head);
          socket.pipe(upstream).pipe(socket);
        });
        upstream.on('error', () => socket.destroy());
        socket.on('error', () => upstream.destroy());
      });
      return server;
    }
    default:
      throw new Error(`unknown kind ${kind}`);
  }
}

const server = serverOf();
server.on(server instanceof net.Server && !server.setSecureContext ? 'connection' : 'secureConnection', () => {
  connections += 1;
});
const place = kind === 'unix' ? [path.join(dir, 'socket')] : [0, '127.0.0.1'];
server.listen(...place, () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'string' ? address : address.port}\n`);
});
// Ends with the test that started it.
process.stdin.on('end', () => process.exit(0)).resume();
