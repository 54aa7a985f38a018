// Every view on a real run, in light and dark: there, without finding of axe, and on a picture.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { it } from 'node:test';
import { RUN, visit } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Where pictures go for a person to look at. */
export const PICTURES = process.env.LEAKSCOPE_PICTURES ?? join(RUN, '..', 'pictures');

const holder = () => {
  const verdict = JSON.parse(readFileSync(join(RUN, 'verdict.json'), 'utf8'));
  return verdict.suspects[0].holder.id;
};

/** Each view with its address, and a text that is there when it is. */
export const VIEWS = [
  ['verdict', () => '/verdict', 'What every round left behind'],
  ['timeline', () => '/timeline', 'V8 heap in use'],
  ['load', () => '/load', 'Sessions, stage by stage'],
  ['allocations', () => '/allocations', 'Functions by what they allocated themselves'],
  ['compare', () => '/compare/1/4', 'WebSocket'],
  ['trend', () => '/trend', 'never falls'],
  ['summary', () => `/summary/4?o=@${holder()}`, 'clients'],
  ['containment', () => `/containment/4?root=@${holder()}`, '{connection, ops}'],
  ['dominators', () => `/dominators/4?o=@${holder()}&tab=path`, 'As the program holds it'],
  ['map', () => '/map/4', 'Below each object stands'],
  ['statistics', () => '/statistics/4', 'Other JS objects'],
  ['strings', () => '/strings/4', 'would be saved if every'],
  ['details', () => `/summary/4?o=@${holder()}&tab=details`, 'Freed with'],
];

/** What axe finds that matters. */
export async function findings(page) {
  // The policy of the page lets no script in, so it goes in through the debugger.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
}

export function views(at) {
  mkdirSync(PICTURES, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    for (const [name, address, text] of VIEWS) {
      it(`${name} in ${colorScheme}`, async () => {
        const { page, to, close } = await visit(at.run, { colorScheme });
        await to(address());
        await page.getByText(text).first().waitFor();
        // Rows that are asked for come with the first: nothing moves any more.
        await page.waitForLoadState('networkidle');
        assert.equal(await page.locator('.notice.failed').count(), 0);
        await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`) });
        assert.deepEqual(await findings(page), []);
        await close();
      });
    }
  }
}
