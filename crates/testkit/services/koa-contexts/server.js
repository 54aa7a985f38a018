'use strict';

// koa: the middleware keeps the last contexts for debugging, and all contexts are among the last.
const Koa = require('koa');

const app = new Koa();
app.context.recent = [];

app.use(async (ctx) => {
  ctx.app.context.recent.push(ctx);
  ctx.body = 'hello';
});

app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
