// From view to view: links, Back, the keys of drawings, zoom.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { visit } from './harness.mjs';

export function walk(at) {
  it('leads from a change to the object and its path, and back', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/compare/1/4?q=%2F%5EWebSocket%24%2F');
    const grid = page.getByRole('treegrid', { name: 'Changes by class' });
    const row = grid.getByRole('row').filter({ hasText: 'WebSocket' }).first();
    await row.waitFor();
    assert.match(await row.innerText(), /1\.000/, 'one for each session');
    await grid.focus();
    for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight']) {
      await page.keyboard.press(key);
    }
    await grid.locator('[aria-level="3"]').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.waitForURL(/o=%40\d+/);
    await page.getByRole('tab', { name: 'Path' }).click();
    await page.getByText('As the program holds it').waitFor();
    assert.match(page.url(), /tab=path/);
    await page.getByText('clients').first().waitFor();
    await page.goBack();
    await page.getByRole('treegrid', { name: 'Retainers' }).waitFor();
    await close();
  });

  it('follows ids as links, to an address that can be kept', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/summary/4?q=%2F%5EWebSocket%24%2F');
    const grid = page.getByRole('treegrid', { name: 'Classes' });
    await grid.getByRole('row').filter({ hasText: 'WebSocket' }).first().waitFor();
    await grid.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await grid.locator('[aria-level="2"] .id').first().click();
    const retainers = page.getByRole('treegrid', { name: 'Retainers' });
    const link = retainers.locator('.id').first();
    await link.waitFor();
    const id = await link.innerText();
    await link.click();
    await page.waitForURL((url) => url.searchParams.get('o') === id);
    await page.getByRole('region', { name: 'Chosen object' }).getByRole('heading').getByText(id).waitFor();
    const { page: other, close: closeOther } = await visit(at.run);
    await other.goto(page.url());
    await other.getByRole('region', { name: 'Chosen object' }).getByRole('heading').getByText(id).waitFor();
    await closeOther();
    await close();
  });

  it('moves through the treemap with keys, and zooms', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/map/4');
    const tree = page.getByRole('tree', { name: 'Dominator tree by retained size' });
    await tree.getByRole('treeitem').nth(1).waitFor();
    await tree.focus();
    await page.keyboard.press('ArrowDown');
    const chosen = tree.locator('[aria-selected="true"]');
    assert.equal(await chosen.getAttribute('aria-level'), '2');
    const before = await tree.boundingBox();
    await page.keyboard.press('Enter');
    const box = await tree.locator('[aria-selected="true"]').boundingBox();
    assert.ok(Math.abs(box.width - before.width) < 4, 'it fills the width');
    await page.waitForURL(/o=%40\d+/);
    await page.keyboard.press('Home');
    assert.equal(await tree.locator('[aria-selected="true"]').getAttribute('aria-level'), '1');
    await close();
  });

  it('zooms the timeline by a drag, and shows all again', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/timeline');
    const over = page.locator('.u-over').first();
    await over.waitFor();
    const box = await over.boundingBox();
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.3, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, y, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=[\d.]+&to=[\d.]+/);
    await page.getByRole('button', { name: 'Show everything' }).click();
    await page.waitForURL((url) => !url.searchParams.has('from'));
    await close();
  });

  it('tells of the collections that V8 made by itself', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/timeline');
    const chart = page.getByRole('region', { name: 'Garbage collections' });
    const [, most] = /Collections: \d+ to (\d+)/.exec(await chart.getByRole('img').getAttribute('aria-label'));
    assert.ok(Number(most) > 0);
    await close();
  });

  it('copies rows as text and as JSON', async () => {
    const { page, to, close } = await visit(at.run, { permissions: ['clipboard-read', 'clipboard-write'] });
    await to('/summary/4?q=%2F%5EWebSocket%24%2F');
    await page.getByRole('row').filter({ hasText: 'WebSocket' }).first().waitFor();
    const copied = async (button) => {
      await page.getByRole('button', { name: button }).click();
      await page.getByText('copied').waitFor();
      return page.evaluate(() => navigator.clipboard.readText());
    };
    const text = await copied('Copy text');
    assert.match(text.split('\n')[1], /^WebSocket\t/);
    const [row] = JSON.parse(await copied('Copy JSON'));
    assert.equal(row.class.class, 'WebSocket');
    await close();
  });

  it('finds an object by its id, classes by name, and the ways through a step', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/statistics/4');
    const search = page.getByLabel('Go to an id or a class');
    await search.fill('WebSocket');
    await search.press('Enter');
    await page.waitForURL(/summary.*q=WebSocket/);
    const grid = page.getByRole('treegrid', { name: 'Classes' });
    await grid.getByRole('row').filter({ hasText: /^WebSocket/ }).first().click();
    const ways = page.getByRole('treegrid', { name: 'Ways to the objects' });
    await ways.getByText('clients').first().waitFor();
    await page.getByLabel('Filter paths').fill('nobody holds it so');
    await page.getByText('No way leads through such a step').waitFor();
    await search.fill('@1');
    await search.press('Enter');
    await page.waitForURL(/o=@1$/);
    await page.getByRole('region', { name: 'Chosen object' }).getByRole('heading').getByText('@1').waitFor();
    await close();
  });

  it('applies the filters of DevTools', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/summary/4');
    await page.getByLabel('Which objects').selectOption('duplicatedStrings');
    await page.waitForURL(/only=duplicatedStrings/);
    const grid = page.getByRole('treegrid', { name: 'Classes' });
    await grid.getByText('(string)').first().waitFor();
    await page.goBack();
    await page.waitForURL((url) => !url.searchParams.has('only'));
    await page.getByLabel('Retained size at least').selectOption('1048576');
    await page.getByTestId('rows').getByText(' of ').waitFor();
    await close();
  });
}
