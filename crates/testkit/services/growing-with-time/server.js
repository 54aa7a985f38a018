'use strict';

// Once a second the state of the service is noted, whether anybody comes or not.
const http = require('node:http');

class Note {
  constructor() {
    this.at = new Date();
    this.memory = process.memoryUsage();
  }
}

const notes = [];
setInterval(() => notes.push(new Note()), 1000);

http.createServer((req, res) => {
  res.end(`${notes.length} notes`);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
