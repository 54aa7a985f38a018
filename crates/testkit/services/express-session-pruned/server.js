'use strict';

// express-session with a store that has a bound and forgets sessions after two seconds.
const express = require('express');
const session = require('express-session');
const MemoryStore = require('memorystore')(session);

const app = express();
app.use(session({
  secret: 'only a test',
  resave: false,
  saveUninitialized: true,
  cookie: { maxAge: 2000 },
  store: new MemoryStore({ checkPeriod: 1000, max: 5000 }),
}));
app.get('/', (req, res) => {
  req.session.seen = (req.session.seen || 0) + 1;
  res.send('hello');
});
app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
