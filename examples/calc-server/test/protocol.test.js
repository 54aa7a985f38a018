'use strict';
// The protocol, spoken with each server as its own process.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const net = require('node:net');
const path = require('node:path');
const { once } = require('node:events');
const { test } = require('node:test');
const { WebSocket } = require('ws');

async function freePort() {
  const probe = net.createServer().listen(0);
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function started(file) {
  const port = await freePort();
  const child = spawn(process.execPath, [path.join(__dirname, '..', file)], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return { child, url: `ws://localhost:${port}` };
}

/** Sends the words one message each, and returns the answers once the server has closed. */
async function answers(url, ...messages) {
  const ws = new WebSocket(url);
  const got = [];
  ws.on('message', (answer) => got.push(String(answer)));
  await once(ws, 'open');
  for (const message of messages) ws.send(message);
  ws.close();
  await once(ws, 'close');
  return got;
}

for (const file of ['server.js', 'fixed.js']) {
  test(`${file} calculates, tells errors and lives on`, async (t) => {
    const { child, url } = await started(file);
    t.after(() => child.kill('SIGKILL'));
    assert.deepEqual(await answers(url, '3', '2', '-'), ['1']);
    assert.deepEqual(await answers(url, '1 2 +', '4 *'), ['3', '12']);
    assert.deepEqual(await answers(url, '1', '+', '2', '+'), ["error: '+' needs two operands", '3']);
    assert.deepEqual(await answers(url, '1 0 /', '+'), ['error: division by zero', '1']);
    assert.deepEqual(await answers(url, 'pi', '6 -2 /'), [
      "error: 'pi' is neither a number nor an operator",
      '-3',
    ]);
    assert.deepEqual(await answers(url, 'constructor'), [
      "error: 'constructor' is neither a number nor an operator",
    ]);
    assert.deepEqual(await answers(url, '1e308 10 *', '.5 1. +'), [
      'error: the result is out of range',
      '1.5',
    ]);
  });

  for (const signal of ['SIGINT', 'SIGTERM']) {
    test(`${file} ends at ${signal}, open connections and all`, async () => {
      const { child, url } = await started(file);
      const open = new WebSocket(url);
      await once(open, 'open');
      child.kill(signal);
      const [[code]] = await Promise.all([once(child, 'exit'), once(open, 'close')]);
      assert.equal(code, 0);
    });
  }

  test(`client.js prints the answer of ${file}`, async (t) => {
    const { child, url } = await started(file);
    t.after(() => child.kill('SIGKILL'));
    const client = spawn(process.execPath, [path.join(__dirname, '..', 'client.js'), '3', '2', '-'], {
      env: { ...process.env, URL: url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    client.stdout.on('data', (data) => { printed += data; });
    const [code] = await once(client, 'close');
    assert.deepEqual([code, printed], [0, '1\n']);
  });
}
