'use strict';

// fastify: a plugin that measures, with a list of times for every request.
const fastify = require('fastify')();

fastify.register(async (instance) => {
  const timings = new Map();
  let next = 0;

  instance.addHook('onRequest', async (request) => {
    request.number = next++;
    timings.set(request.number, { route: request.url, marks: [process.hrtime()] });
  });
  instance.addHook('onResponse', async (request) => {
    timings.get(request.number).marks.push(process.hrtime());
  });
  instance.get('/', async () => ({ hello: 'world' }));
});

fastify.listen({ host: '127.0.0.1', port: Number(process.env.PORT || 8080) });
