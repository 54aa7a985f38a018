// Runs a processor in Node.js itself: calls come in line by line on standard input, answers go out
// on standard output. What the processor writes there goes to standard error instead.
'use strict';
const path = require('node:path');
const readline = require('node:readline');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');

const write = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
const [, glueText, file] = JSON.parse(process.env.LEAKSCOPE_PROCESSOR);
delete process.env.LEAKSCOPE_PROCESSOR;
const send = (message) => write(JSON.stringify(message) + '\n');
const glue = (0, eval)(glueText)({ reply: (text) => write(text + '\n') });

async function load() {
  const isModule = /\.(mjs|mts)$/.test(file);
  if (!isModule) {
    try {
      return createRequire(file)(path.resolve(file));
    } catch (error) {
      if (!['ERR_REQUIRE_ESM', 'ERR_UNKNOWN_FILE_EXTENSION'].includes(error.code)) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }
  }
  return import(pathToFileURL(path.resolve(file)).href);
}

load().then((exported) => {
  send({ functions: glue.start(exported) });
  readline.createInterface({ input: process.stdin }).on('line', (line) => {
    if (line.startsWith('forget ')) glue.forget(Number(line.slice(7)));
    else glue.call(line);
  }).on('close', () => process.exit(0));
}, (error) => {
  send({ failed: String((error && error.stack) || error).split('\n').slice(0, 8).join('\n') });
  process.exit(1);
});
