// How long a person waits for rows of a large snapshot, measured in the page, and what the page holds.
//
//   LEAKSCOPE=target/release/leakscope node bench/scale.mjs FILE.heapsnapshot

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [file] = process.argv.slice(2);
const program = process.env.LEAKSCOPE;
if (!file || !program) {
  console.error('usage: LEAKSCOPE=PROGRAM node bench/scale.mjs FILE.heapsnapshot');
  process.exit(2);
}
const child = spawn(program, ['open', '--no-browser', file], { stdio: ['ignore', 'pipe', 'inherit'] });
const url = new URL(await new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve)));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page.goto(url.href);

/** Waits in the page until no row of the grid is waited for; the time since `act` in milliseconds. */
const timed = (act) =>
  page.evaluate(async (source) => {
    const grid = document.querySelector('.upper [role="treegrid"]');
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const began = performance.now();
    // eslint-disable-next-line no-new-func
    const isWaiting = () => grid.isConnected && document.querySelector('.upper .row.waiting') !== null;
    const { kind, at } = source;
    if (kind === 'sort') grid.querySelectorAll('[role="columnheader"] button')[at].click();
    if (kind === 'unfold') grid.querySelectorAll('.twisty:not(.none):not(.open)')[at]?.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
    if (kind === 'scroll') grid.scrollTop = (grid.scrollHeight * at) / 100;
    await frame();
    await frame();
    while (isWaiting()) await frame();
    return performance.now() - began;
  }, act);

const ready = async (path) => {
  const began = Date.now();
  await page.goto(url.origin + path);
  await page.waitForSelector('.upper .row:not(.waiting)', { timeout: 600_000 });
  return Date.now() - began;
};

const said = {};
console.log(`first rows after ${await ready('/summary/0')} ms, the snapshot read`);
// What is prepared behind the first view must not be measured as part of a click.
await page.goto(`${url.origin}/dominators/0`);
await page.waitForSelector('.upper .row:not(.waiting)', { timeout: 600_000 });
const all = [];
for (const view of ['summary', 'containment', 'dominators']) {
  await ready(`/${view}/0`);
  const times = [];
  for (const at of [1, 2, 3, 0, 3]) times.push(['sort', await timed({ kind: 'sort', at })]);
  for (const at of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) times.push(['unfold', await timed({ kind: 'unfold', at })]);
  for (const at of [5, 10, 20, 40, 60, 80]) times.push(['scroll', await timed({ kind: 'scroll', at })]);
  for (const [kind, ms] of times) (said[`${view} ${kind}`] ??= []).push(ms);
  all.push(...times.map(([, ms]) => ms));
}
const percentile = (values, p) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))];
for (const [name, values] of Object.entries(said)) {
  console.log(`${name.padEnd(22)} median ${percentile(values, 0.5).toFixed(0)} ms, slowest ${Math.max(...values).toFixed(0)} ms`);
}
console.log(`all ${all.length}: median ${percentile(all, 0.5).toFixed(0)} ms, p95 ${percentile(all, 0.95).toFixed(0)} ms`);
const session = await page.context().newCDPSession(page);
await session.send('HeapProfiler.enable');
await session.send('HeapProfiler.collectGarbage');
const { metrics } = await (await session.send('Performance.enable'), session.send('Performance.getMetrics'));
const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
console.log(`the page's own heap: ${(heap / 1048576).toFixed(1)} MiB`);
await browser.close();
child.kill('SIGINT');
