// The page in Chromium, served by the real program. One file, so that there is one browser.

import { after, before, describe } from 'node:test';
import { end, open, RUN } from './harness.mjs';
import { hostile } from './hostile.mjs';
import { report } from './report.mjs';
import { summary } from './summary.mjs';
import { verdict } from './verdict.mjs';
import { views } from './views.mjs';
import { walk } from './walk.mjs';

/** What all tests look at. */
const at = { run: undefined };

before(async () => {
  at.run = await open(RUN);
});

after(end);

describe('the verdict', () => verdict(at));
describe('the summary', () => summary(at));
describe('every view', () => views(at));
describe('from view to view', () => walk(at));
describe('the report', () => report());
describe('a hostile heap', () => hostile());
