'use strict';

// What both servers promise, asked over a real connection. Only their memory may differ.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const readline = require('node:readline');
const { test } = require('node:test');
const WebSocket = require('ws');

const folder = path.join(__dirname, '..');

/** Starts a server on a free port and ends it after the test. */
async function start(t, file) {
  const env = { ...process.env, PORT: '0' };
  const stdio = ['ignore', 'pipe', 'inherit'];
  const server = spawn(process.execPath, [file], { cwd: folder, env, stdio });
  const exited = once(server, 'exit');
  t.after(() => server.kill('SIGKILL'));
  const [line] = await once(readline.createInterface({ input: server.stdout }), 'line');
  const url = /^listening on (ws:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
  assert.ok(url, line);
  return { server, exited, url };
}

async function connect(url) {
  const connection = new WebSocket(url);
  await once(connection, 'open');
  return connection;
}

/** Sends the messages and returns the answers, of which there must be `count`. */
async function ask(connection, messages, count) {
  const answers = [];
  const enough = new Promise((resolve) => {
    connection.on('message', (answer) => {
      answers.push(String(answer));
      if (answers.length === count) resolve();
    });
  });
  messages.forEach((message) => connection.send(message));
  await enough;
  connection.removeAllListeners('message');
  return answers;
}

for (const file of ['server.js', 'fixed.js']) {
  test(`${file} calculates`, async (t) => {
    const { url } = await start(t, file);
    const connection = await connect(url);
    const cases = [
      [['1', '2', '+'], ['3']],
      [['3 2 -'], ['1']],
      [['  -1.5e1   4 *\n'], ['-60']],
      [['7 2 /', '10 2 /'], ['3.5', '5']],
      [['1 2 + 3 4 + *'], ['3', '7', '21']],
      [['0 5 /'], ['0']],
    ];
    for (const [messages, expected] of cases) {
      assert.deepEqual(await ask(connection, messages, expected.length), expected);
    }
  });

  test(`${file} answers mistakes and lives on`, async (t) => {
    const { url } = await start(t, file);
    const unknown = (word) => `'${word}' is neither a number nor an operator`;
    const mistakes = [
      ['+', "'+' needs two operands"],
      ['1 -', "'-' needs two operands"],
      ['0 0 /', 'division by zero'],
      ['1e308 10 *', 'the result is out of range'],
      ['seven', unknown('seven')],
      ['1e999', unknown('1e999')],
      ['NaN', unknown('NaN')],
      ['constructor', unknown('constructor')],
    ];
    for (const [mistake, expected] of mistakes) {
      const connection = await connect(url);
      assert.deepEqual(await ask(connection, [mistake], 1), [`error: ${expected}`]);
      assert.deepEqual(await ask(connection, ['3 2 -'], 1), ['1']);
      connection.close();
    }
    const full = await connect(url);
    const answers = await ask(full, ['1 '.repeat(513), '+'], 2);
    assert.deepEqual(answers, ['error: the stack is full', '2']);
  });

  test(`${file} keeps the stacks of two clients apart`, async (t) => {
    const { url } = await start(t, file);
    const [one, other] = [await connect(url), await connect(url)];
    one.send('1');
    other.send('10');
    assert.deepEqual(await ask(one, ['2 +'], 1), ['3']);
    assert.deepEqual(await ask(other, ['20 +'], 1), ['30']);
    one.close();
    await once(one, 'close');
    assert.deepEqual(await ask(other, ['1 +'], 1), ['31']);
  });

  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${file} says goodbye and ends with 0 at ${signal}`, async (t) => {
      const { server, exited, url } = await start(t, file);
      const polite = await connect(url);
      const gone = await connect(url);
      gone.close();
      await once(gone, 'close');
      const mute = await connect(url);
      mute.pause();
      server.kill(signal);
      const [code] = await once(polite, 'close');
      assert.equal(code, 1001);
      assert.deepEqual(await exited, [0, null]);
      mute.terminate();
    });
  }
}

test('the client prints the answers', async (t) => {
  const { url } = await start(t, 'fixed.js');
  const env = { ...process.env, CALC_URL: url };
  const stdio = ['ignore', 'pipe', 'inherit'];
  const words = ['3', '2', '-', 'x'];
  const client = spawn(process.execPath, ['client.js', ...words], { cwd: folder, env, stdio });
  const exited = once(client, 'exit');
  let printed = '';
  client.stdout.on('data', (text) => (printed += text));
  assert.deepEqual(await exited, [0, null]);
  assert.match(printed, /^1\nerror: .*\n$/);
});
