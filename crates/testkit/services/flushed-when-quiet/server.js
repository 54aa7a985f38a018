'use strict';

// Events are written out together once nobody has come for half a minute: under load there are
// always more of them, and without load soon none.
const http = require('node:http');
const { writeFile } = require('node:fs/promises');

class Event {
  constructor(url, agent) {
    this.url = url;
    this.agent = agent;
    this.at = new Date();
  }
}

let events = [];

const flush = setTimeout(async () => {
  const batch = events;
  events = [];
  await writeFile('/dev/null', JSON.stringify(batch));
}, 30000);

http.createServer((req, res) => {
  events.push(new Event(req.url, req.headers['user-agent']));
  flush.refresh();
  res.end('taken');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
