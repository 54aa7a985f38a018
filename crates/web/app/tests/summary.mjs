// DevTools' Summary: sorting, filters, unfolding, the keys, deep links.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { visit } from './harness.mjs';

export function summary(at) {
  const classes = (page) => page.getByRole('treegrid', { name: 'Classes' });
  const rows = (page) => classes(page).getByRole('row');

  it('lists classes, filters and sorts them, and keeps it all in the address', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/summary/4');
    await rows(page).filter({ hasText: 'WebSocket' }).first().waitFor();
    await page.getByLabel('Filter classes').fill('websocket');
    await page.getByTestId('rows').getByText(' of ').waitFor();
    assert.match(page.url(), /q=websocket/);
    await page.getByRole('button', { name: 'Shallow size' }).click();
    await page.waitForURL(/sort=-shallow/);
    const header = page.getByRole('columnheader', { name: 'Shallow size' });
    assert.equal(await header.getAttribute('aria-sort'), 'descending');
    await page.reload();
    await rows(page).filter({ hasText: 'WebSocket' }).first().waitFor();
    assert.equal(await page.getByLabel('Filter classes').inputValue(), 'websocket');
    await close();
  });

  it('takes the keys of DevTools', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/summary/4?q=%2F%5EWebSocket%24%2F');
    await rows(page).filter({ hasText: 'WebSocket' }).first().waitFor();
    await classes(page).focus();
    const chosen = () => classes(page).locator('[aria-selected="true"]');
    await page.keyboard.press('ArrowDown');
    assert.match(await chosen().innerText(), /WebSocket/);
    assert.equal(await chosen().getAttribute('aria-expanded'), 'false');
    await page.keyboard.press('ArrowRight');
    await classes(page).locator('[aria-level="2"]').first().waitFor();
    assert.equal(await chosen().getAttribute('aria-expanded'), 'true');
    await page.keyboard.press('ArrowRight');
    assert.equal(await chosen().getAttribute('aria-level'), '2');
    await page.waitForURL(/o=%40\d+/);
    await page.getByRole('treegrid', { name: 'Retainers' }).getByText('connection').first().waitFor();
    await page.keyboard.press('ArrowLeft');
    assert.equal(await chosen().getAttribute('aria-level'), '1');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await chosen().getAttribute('aria-expanded'), 'false');
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    assert.match(await chosen().innerText(), /WebSocket/);
    await close();
  });

  it('scrolls through many objects with few of them in the document', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/summary/4?q=%2F%5EFunction%24%2F');
    await rows(page).filter({ hasText: 'Function' }).first().waitFor();
    await classes(page).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await classes(page).locator('[aria-level="2"]').first().waitFor();
    await page.keyboard.press('End');
    const total = Number(await classes(page).getAttribute('aria-rowcount'));
    assert.ok(total > 1000, `${total} rows`);
    await classes(page).locator(`[aria-rowindex="${total}"] .id`).waitFor();
    assert.ok((await rows(page).count()) < 100, 'most rows are not in the document');
    await close();
  });

  it('says what to do about a question that makes no sense', async () => {
    const { page, to, close } = await visit(at.run);
    await to('/summary/4?q=%2F%5B%2F');
    await page.getByText('regular expression').first().waitFor();
    await to('/summary/4?o=%4099999999');
    await page.getByText('ids hold for the snapshots of one process').waitFor();
    await to('/nonsense');
    await page.getByText('There is no such view').waitFor();
    await close();
  });
}
