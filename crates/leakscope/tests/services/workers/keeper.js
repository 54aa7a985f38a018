'use strict';

const { parentPort } = require('node:worker_threads');

const jobs = [];

parentPort.on('message', function onJob(job) {
  jobs.push({ job, at: new Date() });
  if (process.env.KEEP === 'no') jobs.length = 0;
  parentPort.postMessage(job.id);
});
