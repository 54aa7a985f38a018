// A heap that wants to be more than text: markup, scripts, marks that turn the direction of writing,
// a name of a megabyte.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { open, scratch, visit } from './harness.mjs';
import { writeSnapshot } from './snapshot.mjs';

const MARKUP = [
  '<img src=x onerror="globalThis.owned = 1">',
  '<script>globalThis.owned = 1</script>',
  '"><svg onload=globalThis.owned=1>',
  "javascript:globalThis.owned=1",
  '{{constructor.constructor("globalThis.owned=1")()}}',
  '</title><h1>owned</h1>',
];
const TURNED = 'admin\u202egnp.exe';
const HIDDEN = 'pay\u200bpal\u0000\u0007';
const LONG = 'M'.repeat(1 << 20);

export function hostile() {
  it('is shown as text', async () => {
    const path = join(scratch, '<b>evil.heapsnapshot');
    const names = [...MARKUP, TURNED, HIDDEN, LONG];
    writeSnapshot(path, [
      ...names.map((name, at) => ({ type: 'object', name, size: 1000 - at, edge: name.slice(0, 5000) })),
      ...names.map((name) => ({ type: 'string', name, size: 48, edge: name.slice(0, 5000) })),
      ...names.map((name) => ({ type: 'closure', name, size: 64, edge: `f ${name.slice(0, 5000)}` })),
    ]);
    const url = await open(path);
    const { page, to, close } = await visit(url);
    for (const view of ['summary', 'containment', 'dominators', 'map', 'strings']) {
      await to(`/${view}/0?list=largest`);
      await page.getByText('MMMM').first().waitFor();
      await page.waitForLoadState('networkidle');
      assert.equal(await page.evaluate(() => globalThis.owned), undefined, view);
      assert.equal(await page.locator('main img, main script, main svg[onload]').count(), 0, view);
      const text = await page.locator('main').innerText();
      assert.ok(!/[\u202e\u200b\u0000]/u.test(text), `${view}: marks that steer are shown as their codes`);
      assert.ok(text.length < 100_000, `${view}: a megabyte is not drawn`);
    }
    await to('/summary/0');
    await page.getByText('\\u{202e}').first().waitFor();
    // Names are the keys of questions too: each unfolds.
    const grid = page.getByRole('treegrid', { name: 'Classes' });
    await grid.getByText('<img').first().waitFor();
    await grid.focus();
    for (let at = 0; at < names.length; at += 1) {
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowRight');
    }
    await page.waitForLoadState('networkidle');
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/o=%40\d+/);
    for (const tab of ['Path', 'Contents', 'Details', 'Retainers']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.waitForLoadState('networkidle');
    }
    assert.equal(await page.evaluate(() => globalThis.owned), undefined);
    await close();
  });

  it('says what is wrong with a file that is no snapshot', async () => {
    const url = await open(join(import.meta.dirname, 'hostile.mjs'));
    const { page, to, close } = await visit(url);
    await to('/summary/0');
    await page.getByText('cannot read heap snapshot').first().waitFor();
    await page.getByText('give a file that V8 wrote').first().waitFor();
    await close();
  });

  it('is locked to whoever has no token', async () => {
    const url = await open(join(import.meta.dirname, 'hostile.mjs'));
    const { page, close } = await visit(new URL('about:blank'));
    await page.goto(url.origin + '/summary/0').catch(() => {});
    await page.getByText('needs its token').waitFor();
    await close().catch((error) => assert.match(String(error), /401/, 'nothing but the refusal'));
  });
}
