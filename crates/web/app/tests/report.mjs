// report.html: from disk, offline, without JavaScript, on a phone, on paper.

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RUN, visit } from './harness.mjs';
import { findings, PICTURES } from './views.mjs';

const file = join(RUN, 'report.html');

export function report() {
  for (const colorScheme of ['light', 'dark']) {
    it(`tells everything by itself, in ${colorScheme}`, async () => {
      assert.ok(statSync(file).size < 3_000_000);
      const asked = [];
      const { page, close } = await visit(pathToFileURL(file), { colorScheme });
      page.on('request', (request) => asked.push(request.url()));
      await page.reload();
      assert.match(await page.locator('.answer').innerText(), /exactly 1 WebSocket per session/);
      for (const heading of ['Rounds', 'Memory over time', 'What changed over the rounds', 'Load', 'The run']) {
        await page.getByRole('heading', { name: heading, exact: true }).waitFor();
      }
      const changes = page.getByRole('row').filter({ hasText: /^WebSocket/ }).filter({ hasText: '+' });
      assert.match(await changes.first().innerText(), /1\.000/);
      assert.deepEqual(asked, [pathToFileURL(file).href], 'nothing else is loaded');
      assert.deepEqual(await findings(page), []);
      await page.screenshot({ path: join(PICTURES, `report-${colorScheme}.png`), fullPage: true });
      await close();
    });
  }

  it('needs no JavaScript, and fits a phone', async () => {
    const { page, close } = await visit(pathToFileURL(file), {
      javaScriptEnabled: false,
      viewport: { width: 360, height: 740 },
    });
    assert.match(await page.locator('.answer').innerText(), /exactly 1 WebSocket per session/);
    const { width } = await page.locator('body').boundingBox();
    assert.ok(width <= 360, `${width} px`);
    await page.screenshot({ path: join(PICTURES, 'report-phone.png'), fullPage: true });
    const paper = await page.pdf({ format: 'A4' });
    assert.equal(paper.subarray(0, 5).toString(), '%PDF-');
    await close();
  });
}
