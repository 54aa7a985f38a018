// Builds a heap with something for every view and writes three snapshots of it into a folder:
// node shapes.js DIR. Between two snapshots 50 and then 100 sessions arrive and stay.
'use strict';

const { EventEmitter } = require('node:events');
const path = require('node:path');
const v8 = require('node:v8');

class Session {
  constructor(id) {
    this.id = id;
    this.user = { name: `user ${id}`, roles: ['reader'] };
    this.log = Buffer.alloc(64).toString('latin1');
  }
}

class Registry extends EventEmitter {
  constructor() {
    super();
    this.sessions = new Map();
    this.queue = [];
  }

  add(id) {
    const session = new Session(id);
    this.sessions.set(id, session);
    this.queue.push(session);
    const secret = new Array(8).fill(id);
    this.on('close', function onClose() {
      return [session, secret];
    });
  }
}

const registry = new Registry();
registry.setMaxListeners(0);
globalThis.registry = registry;

const random = (length, seed) => {
  let text = '';
  for (let state = seed; text.length < length; ) {
    state = (state * 1103515245 + 12345) % 2147483648;
    text += state.toString(36);
  }
  return text.slice(0, length);
};
// Reading a character makes a concatenation flat, so that slices have a parent to hold.
const flat = text => (text.charCodeAt(0), text);

globalThis.texts = {
  copies: Array.from({ length: 40 }, () => flat(Buffer.from('the same text, forty times over').toString('latin1'))),
  slice: flat(random(200_000, 7)).slice(1000, 1040),
  joined: random(50_000, 11) + random(500, 13),
};
globalThis.collections = {
  empty: Array.from({ length: 20 }, () => new Map()),
  emptySets: Array.from({ length: 10 }, () => new Set()),
  emptied: (() => {
    const map = new Map();
    for (let i = 0; i < 1000; i++) map.set(i, i);
    for (let i = 0; i < 990; i++) map.delete(i);
    return map;
  })(),
  sparse: (() => {
    const array = [];
    array[900] = 'last';
    return array;
  })(),
  wide: Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`key${i}`, i])),
  full: new Set(Array.from({ length: 5000 }, (_, i) => i)),
};

const folder = process.argv[2];
let next = 0;
const grow = sessions => {
  for (let i = 0; i < sessions; i++) registry.add(next++);
};
for (const [number, sessions] of [[1, 10], [2, 50], [3, 100]]) {
  grow(sessions);
  v8.writeHeapSnapshot(path.join(folder, `${number}.heapsnapshot`));
}
