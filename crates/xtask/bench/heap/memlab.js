'use strict';

// What memlab needs for the same answer: the whole heap with retained sizes, summed by class.
//
//   node --max-old-space-size=18000 memlab.js SNAPSHOT

const { getFullHeapFromFile } = require('@memlab/heap-analysis');

async function main([file]) {
  const heap = await getFullHeapFromFile(file);
  const classes = new Map();
  heap.nodes.forEach((node) => {
    const name = node.type === 'object' || node.type === 'native' ? node.name : `(${node.type})`;
    let sums = classes.get(name);
    if (!sums) classes.set(name, (sums = { count: 0, shallowSize: 0, retainedSize: 0 }));
    sums.count++;
    sums.shallowSize += node.self_size;
    sums.retainedSize = Math.max(sums.retainedSize, node.retainedSize);
  });
  const rows = [...classes].sort(([, a], [, b]) => b.retainedSize - a.retainedSize);
  for (const [name, { count, shallowSize, retainedSize }] of rows.slice(0, 30)) {
    console.log(`${name}\t${count}\t${shallowSize}\t${retainedSize}`);
  }
}

main(process.argv.slice(2));
