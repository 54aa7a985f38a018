// One server of the real program and one Chromium for all tests.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const LEAKSCOPE = process.env.LEAKSCOPE;
export const RUN = process.env.LEAKSCOPE_RUN;
assert.ok(LEAKSCOPE && RUN, 'LEAKSCOPE and LEAKSCOPE_RUN are set by `cargo xtask app-test`');

/** A folder for the files of the tests. */
export const scratch = mkdtempSync(join(tmpdir(), 'leakscope-page-'));

const servers = [];
let browser;

/** Starts `leakscope open` on something; the address that it prints. */
export async function open(...paths) {
  const child = spawn(LEAKSCOPE, ['open', '--no-browser', ...paths], { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(child);
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => reject(new Error(`leakscope open ended with ${code}`)));
  });
  return new URL(line);
}

/** A page of a browser that has the cookie; what goes wrong in it fails the test. */
export async function visit(url, options = {}) {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // An answer with a hint is an answer; the browser calls its status an error.
    const isAnswer = message.text().includes('the server responded with a status of 422');
    if (message.type() === 'error' && !isAnswer) problems.push(message.text());
  });
  page.on('dialog', (dialog) => {
    problems.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url.href);
  return {
    page,
    problems,
    /** Goes to an address of the page. */
    to: (path) => page.goto(url.origin + path),
    close: async () => {
      await context.close();
      assert.deepEqual(problems, []);
    },
  };
}

/** Ends what was started. */
export async function end() {
  await browser?.close();
  for (const child of servers) {
    if (child.exitCode !== null) continue;
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill('SIGINT');
    assert.equal(await ended, 0, 'Ctrl-C is how it ends');
  }
  rmSync(scratch, { recursive: true, force: true });
}
