'use strict';

// A table of prices for some thousand products, each looked up when somebody first asks for it: it
// fills by chance, ever more slowly.
const http = require('node:http');

const PRODUCTS = 2500;
const prices = new Map();

function priceOf(product) {
  let price = prices.get(product);
  if (price === undefined) {
    price = { product, cents: 100 + ((product * 37) % 9000), history: new Array(400).fill(product) };
    prices.set(product, price);
  }
  return price;
}

http.createServer((req, res) => {
  const { cents } = priceOf(Math.floor(Math.random() * PRODUCTS));
  res.end(String(cents));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
