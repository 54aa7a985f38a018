'use strict';

// A registry that should tell when an upload was collected, but is given the upload itself to
// remember: so none ever is.
const http = require('node:http');

class Upload {
  constructor(url) {
    this.url = url;
    this.parts = new Array(40).fill(url);
  }
}

const registry = new FinalizationRegistry((upload) => console.log('gone', upload.url));

http.createServer((req, res) => {
  const handle = {};
  const upload = new Upload(req.url);
  upload.handle = handle;
  registry.register(handle, upload);
  res.end('uploaded');
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
