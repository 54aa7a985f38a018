'use strict';

// Makes a heap of a wanted size in this very process and writes it as V8 heap snapshots.
//
//   node --max-old-space-size=16000 generate.js MEGABYTES FIRST [SECOND]
//
// SECOND is a later snapshot of the same process, after a part of the objects was dropped and a few more were made.
// The same arguments and the same Node.js make the same graph. What is in it is what services hold: class instances
// in cycles, closures, maps and sets, strings of every kind, buffers, promises, emitters, one long list, wide arrays,
// weak structures, objects in dictionary mode. Both files are written to a temporary name first.

const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const v8 = require('node:v8');

/** What a bare Node.js writes, and what one session of the kind below adds, both in bytes of the file. */
const EMPTY_HEAP = 4e6;
const PER_SESSION = 4100;

/** xorshift32: enough to scatter references, and the same everywhere. */
class Random {
  constructor(seed) {
    this.state = seed;
  }

  below(limit) {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }
}

class ListNode {
  constructor(value, next) {
    this.value = value;
    this.next = next;
  }
}

class Item {
  constructor(session, number, random) {
    this.session = session;
    this.name = `item ${number} of session ${session.number}`;
    this.price = random.below(1e6) + 0.5;
    this.amount = random.below(100);
  }
}

class Account {
  constructor(number) {
    this.key = `account-${number.toString(36).padStart(8, '0')}`;
    this.sessions = [];
    this.history = new Map();
    this.roles = new Set(['reader', `role-${number % 17}`]);
  }
}

class Session {
  constructor(service, number) {
    const { random } = service;
    this.number = number;
    this.service = service;
    this.account = service.accountFor(number);
    this.items = [];
    for (let i = 0; i < 4; i++) this.items.push(new Item(this, i, random));
    this.byName = new Map(this.items.map((item) => [item.name, item]));
    this.settings = { theme: number % 2 ? 'dark' : 'light', limits: { read: number, write: number + 1 } };
    this.onClose = () => service.sessions.delete(this.number);
    this.render = makeRenderer(this, `<h1>${number}</h1>`);
    this.started = new Date(number * 1000);
    // Somebody else's session, of long ago or just now: the graph is no tree.
    this.related = service.recent(random.below(1024)) ?? null;
    this.extras = extras(this, service);
  }
}

function makeRenderer(session, template) {
  const cache = { hits: 0, template };
  return function render() {
    cache.hits++;
    return session.items.length + template.length;
  };
}

/** What only some sessions have. */
function extras(session, service) {
  const { number } = session;
  const { random } = service;
  switch (number % 8) {
    case 0:
      return Buffer.alloc(64 + random.below(64), number & 255);
    case 1: {
      const emitter = new EventEmitter();
      emitter.on('close', session.onClose);
      emitter.on('data', session.render);
      return emitter;
    }
    case 2: {
      // A promise that nobody will ever resolve, and what waits for it.
      const pending = new Promise((resolve) => (session.answer = resolve));
      pending.then(session.render, session.onClose);
      return pending;
    }
    case 3: {
      const text = `${session.account.key}: a text that is long enough to be sliced, number ${number}`;
      const joined = text + session.items[0].name;
      return { text, part: text.slice(5, 40), joined };
    }
    case 4:
      service.metadata.set(session, { seen: number, by: session.account });
      service.registry.register(session, number);
      return new WeakRef(session.items[0]);
    case 5: {
      const table = {};
      for (let i = 0; i < 6; i++) table[`key-${random.below(1e6)}`] = i;
      delete table['key-none'];
      return table;
    }
    case 6:
      return [Symbol(`session ${number}`), BigInt(number) << 64n, new RegExp(`^${number}$`), new Float64Array(4)];
    default:
      return (function* steps() {
        yield session;
        yield service;
      })();
  }
}

class Service {
  constructor(random) {
    this.random = random;
    this.sessions = new Map();
    this.accounts = [];
    this.metadata = new WeakMap();
    this.registry = new FinalizationRegistry(() => {});
    this.list = null;
    this.wide = [];
    this.ring = new Array(1024);
  }

  /** Every eighth session opens an account; the others share an older one. */
  accountFor(number) {
    if (number % 8 === 0) this.accounts.push(new Account(number));
    const account = this.accounts[this.random.below(this.accounts.length)];
    account.history.set(number, { at: number });
    return account;
  }

  recent(place) {
    return this.ring[place];
  }

  open(number) {
    const session = new Session(this, number);
    session.account.sessions.push(session);
    this.sessions.set(number, session);
    this.ring[number % this.ring.length] = session;
    this.list = new ListNode(session.settings, this.list);
    this.wide.push({ number, total: number * 0.5 });
  }

  /** Ends a session; what else refers to it may keep it alive. */
  close(number) {
    const session = this.sessions.get(number);
    session?.onClose();
    session?.account.history.delete(number);
  }
}

function write(file) {
  const started = process.cpuUsage();
  const temporary = `${file}.${process.pid}.tmp`;
  v8.writeHeapSnapshot(temporary);
  fs.renameSync(temporary, file);
  const { user, system } = process.cpuUsage(started);
  const seconds = ((user + system) / 1e6).toFixed(1);
  console.error(`${file}: ${(fs.statSync(file).size / 1e6).toFixed(1)} MB, written in ${seconds} s of CPU time`);
}

function main([megabytes, first, second]) {
  if (!(megabytes > 0) || !first) {
    console.error('usage: generate.js MEGABYTES FIRST [SECOND]');
    process.exitCode = 2;
    return;
  }
  const nSessions = Math.max(1, Math.round((megabytes * 1e6 - EMPTY_HEAP) / PER_SESSION));
  const service = new Service(new Random(20_240_101));
  globalThis.service = service;
  for (let number = 0; number < nSessions; number++) service.open(number);
  write(first);
  if (!second) return;
  // A twentieth goes, and a tenth comes.
  for (let number = 0; number < nSessions; number += 20) service.close(number);
  for (let number = nSessions; number < nSessions * 1.1; number++) service.open(number);
  write(second);
}

main(process.argv.slice(2));
