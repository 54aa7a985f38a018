'use strict';

// express: a route is added for each order while requests are served; the router keeps them all.
const express = require('express');

const app = express();
let orders = 0;

app.get('/', (req, res) => {
  orders += 1;
  const order = orders;
  app.get(`/orders/${order}`, (_req, answer) => answer.send(`order ${order}`));
  res.send('ordered');
});
app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
