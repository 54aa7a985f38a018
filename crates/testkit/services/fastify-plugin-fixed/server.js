'use strict';

// fastify: the repaired twin of fastify-plugin.
const fastify = require('fastify')();

fastify.register(async (instance) => {
  const timings = new Map();
  let next = 0;

  instance.addHook('onRequest', async (request) => {
    request.number = next++;
    timings.set(request.number, { route: request.url, marks: [process.hrtime()] });
  });
  instance.addHook('onResponse', async (request) => {
    timings.delete(request.number);
  });
  instance.get('/', async () => ({ hello: 'world' }));
});

fastify.listen({ host: '127.0.0.1', port: Number(process.env.PORT || 8080) });
