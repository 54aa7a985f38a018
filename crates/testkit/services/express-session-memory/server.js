'use strict';

// express-session with the store that it has by default, which never forgets a session.
const express = require('express');
const session = require('express-session');

const app = express();
app.use(session({ secret: 'only a test', resave: false, saveUninitialized: true }));
app.get('/', (req, res) => {
  req.session.seen = (req.session.seen || 0) + 1;
  res.send('hello');
});
app.listen(Number(process.env.PORT || 8080), '127.0.0.1');
