// The verdict of the calculator.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { RUN, visit } from './harness.mjs';

export function verdict(at) {
  it('says what leaks, why it is alive, and where it is added', async () => {
    const { page, close } = await visit(at.run);
    const told = JSON.parse(readFileSync(join(RUN, 'verdict.json'), 'utf8'));
    const [suspect] = told.suspects;
    assert.match(await page.getByRole('heading', { level: 1 }).innerText(), /exactly 1\s+WebSocket\s+per session/);
    const path = await page.getByRole('list', { name: 'Retaining path' }).getByRole('listitem').allInnerTexts();
    assert.deepEqual(path, suspect.path);
    const source = page.getByRole('figure').filter({ hasText: 'Added at' });
    assert.match(await source.innerText(), new RegExp(`${suspect.writer.file}:${suspect.writer.line}`));
    assert.equal((await source.locator('.hit code').innerText()).trim(), suspect.writer.text);
    const rounds = await page.getByRole('region', { name: 'Rounds' }).getByRole('row').count();
    assert.equal(rounds, 1 + told.rounds.length);
    await close();
  });

  it('leads to the object that keeps it all', async () => {
    const { page, close } = await visit(at.run);
    const token = new URL(page.url()).searchParams.get('token');
    assert.equal(token, null, 'the token does not stay in the address');
    await page.getByRole('link', { name: /See it in the heap/ }).click();
    await page.getByRole('region', { name: 'Chosen object' }).getByText('clients').first().waitFor();
    await page.goBack();
    await page.getByRole('heading', { level: 1 }).getByText('WebSocket').waitFor();
    await close();
  });
}
