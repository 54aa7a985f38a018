// Bundles the heap-snapshot worker of the package chrome-devtools-frontend into `worker.mjs` beside this file.
//
// None of its arithmetic is touched. What it cannot have here is the translation of its progress texts, whose tables
// are made when Chrome is built: the module is replaced by one whose texts are all empty.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const frontEnd = path.join(here, 'node_modules', 'chrome-devtools-frontend', 'front_end');
const entry = path.join(frontEnd, 'entrypoints', 'heap_snapshot_worker', 'heap_snapshot_worker.ts');
if (!fs.existsSync(entry)) throw new Error(`${entry} is missing: install the packages of this folder first`);

const noText = `
  const text = () => '';
  const lazyText = () => text;
  export const i18n = {
    registerUIStrings: () => ({}),
    serializeUIString: text,
    lockedString: text,
    getLocalizedString: text,
    lockedLazyString: lazyText,
    getLazilyComputedLocalizedString: () => lazyText,
  };
  export const ByteUtilities = {}, DevToolsLocale = {}, NumberUtilities = {}, TimeUtilities = {};
`;

const withoutTranslations = {
  name: 'without-translations',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /[/]i18n[/]i18n[.]js$/ }, () => ({ path: 'translations', namespace: 'none' }));
    onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: noText, loader: 'js' }));
  },
};

await build({
  entryPoints: [entry],
  outfile: path.join(here, 'worker.mjs'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'es2022',
  plugins: [withoutTranslations],
  logLevel: 'warning',
});
