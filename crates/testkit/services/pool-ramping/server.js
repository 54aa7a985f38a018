'use strict';

// generic-pool: connections are made as they are needed, sixty at most, and kept.
const genericPool = require('generic-pool');
const http = require('node:http');

class Connection {
  constructor() {
    this.buffer = Buffer.alloc(64 * 1024);
  }

  query(url) {
    return new Promise((resolve) => setTimeout(() => resolve(`rows for ${url}`), 20));
  }
}

const pool = genericPool.createPool(
  { create: async () => new Connection(), destroy: async () => undefined },
  { min: 2, max: 60 },
);

http.createServer(async (req, res) => {
  const connection = await pool.acquire();
  res.end(await connection.query(req.url));
  await pool.release(connection);
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
