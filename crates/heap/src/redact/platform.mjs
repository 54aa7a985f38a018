// Prints the names that Node.js itself defines: classes, properties and symbols of a process that
// has loaded all built-in modules and nothing else. Makes `platform.txt`:
//
//   for node in node-18 node-20 …; do env -i $node platform.mjs; done | LC_ALL=C sort -u
import { readFileSync, rmSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';

const require = createRequire(import.meta.url);
const kept = [];
for (const name of builtinModules) {
  try {
    kept.push(require(name));
  } catch {
    // Some may be loaded under conditions only.
  }
}
for (const name of Object.getOwnPropertyNames(globalThis)) {
  // What is loaded on first use, is loaded now.
  kept.push(globalThis[name]);
}

const file = writeHeapSnapshot(join(tmpdir(), `platform-${process.pid}.heapsnapshot`));
const { snapshot, nodes, edges, strings } = JSON.parse(readFileSync(file, 'utf8'));
rmSync(file);
const { node_fields, node_types, edge_fields, edge_types } = snapshot.meta;
const classes = ['object', 'symbol', 'number', 'bigint', 'hidden'].map((type) => node_types[0].indexOf(type));
const property = edge_types[0].indexOf('property');
const names = new Set();
const add = (name) => {
  const bare = name.replace(/^<symbol (.*)>$/, '$1').replace(/^(?:get|set) /, '');
  if (bare.length <= 60 && /^[A-Za-z_$#][\w$. -]*$/.test(bare)) names.add(bare);
};
for (let i = 0; i < nodes.length; i += node_fields.length) {
  if (classes.includes(nodes[i])) add(strings[nodes[i + 1]]);
}
for (let i = 0; i < edges.length; i += edge_fields.length) {
  if (edges[i] === property) add(strings[edges[i + 1]]);
}
console.log([...names].join('\n'));
