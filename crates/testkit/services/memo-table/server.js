'use strict';

// express: results are remembered by product, and there are a hundred products.
const express = require('express');

const app = express();
const prices = new Map();
let requests = 0;

function price(product) {
  if (!prices.has(product)) prices.set(product, { product, cents: product * 100 });
  return prices.get(product);
}

app.get('/', (req, res) => {
  requests += 1;
  res.json(price(requests % 100));
});

app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
