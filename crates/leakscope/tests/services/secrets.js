// Holds secrets wherever a program can hold text, and takes two heap snapshots of itself: the names
// of its code are to be told apart from what it only keeps. Arguments: the files.
'use strict';
const v8 = require('node:v8');
const { runInThisContext } = require('node:vm');

// Every secret is joined at run time, but one: that one stands in the source text itself.
const secret = (kind) => ['planted', kind, 'secret'].join('-');
const inSource = 'planted-source-secret';

class Session {
  #privateToken = secret('private');

  constructor(number) {
    this.sessionToken = `${secret('field')}-${number}`;
    this.note = `${secret('cons')} and much more text than fits into a flat string ${number}`;
    this.part = secret('sliced').repeat(3).slice(3, 40);
    this.number = number;
    this.profile = { displayName: secret('value'), address: { streetName: secret('nested') } };
  }

  token() {
    return this.#privateToken;
  }
}

const byToken = {};
const byAccount = {};
const registry = new Map();
const weakly = new WeakMap();
const kept = [];

function openSession(number) {
  const session = new Session(number);
  byToken[`${secret('key')}-${number % 7}`] = session;
  byAccount[4040404000 + number] = session;
  registry.set(secret('map') + number, new URL(`https://planted:planted-url-secret@host.example/?q=${secret('query')}`));
  weakly.set(session, secret('weak') + number);
  const captured = secret('captured') + number;
  kept.push(session, () => captured, Symbol(secret('symbol') + number), new RegExp(secret('regexp') + number));
  kept.push({ [secret('shape')]: number, quoted: { [`${secret('quote')}, "${number}"`]: 1 } });
  kept.push(new Error(secret('error')), Buffer.from(secret('buffer')), { [Symbol.toStringTag]: secret('tag'), __proto__: null });
}

runInThisContext('globalThis.evaluated = () => "planted-eval-secret"', { filename: '/srv/planted-path-secret.js' });
process.env.PLANTED = secret('environment');
const [first, second] = process.argv.slice(2);
for (let n = 0; n < 20; n++) openSession(n);
v8.writeHeapSnapshot(first);
for (let n = 20; n < 120; n++) openSession(n);
v8.writeHeapSnapshot(second);
if (!inSource || kept.length === 0) throw new Error('it is used');
