'use strict';

const { parentPort } = require('node:worker_threads');

parentPort.on('message', (job) => parentPort.postMessage(job.id));
