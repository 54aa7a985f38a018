// Heap snapshots in V8's format, written by hand.

import { writeFileSync } from 'node:fs';

const NODE_FIELDS = ['type', 'name', 'id', 'self_size', 'edge_count', 'trace_node_id', 'detachedness'];
const NODE_TYPES = [
  'hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native', 'synthetic',
  'concatenated string', 'sliced string', 'symbol', 'bigint', 'object shape',
];
const EDGE_TYPES = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'];

/** Writes a snapshot whose root refers to each of the nodes by a property of some name. */
export function writeSnapshot(path, nodes) {
  const strings = [''];
  const known = new Map([['', 0]]);
  const string = (text) => {
    if (!known.has(text)) known.set(text, strings.push(text) - 1);
    return known.get(text);
  };
  const all = [{ type: 'synthetic', name: '(GC roots)', size: 0 }, ...nodes];
  const columns = all.flatMap(({ type, name, size }, at) => [
    NODE_TYPES.indexOf(type), string(name), 1 + 2 * at, size, at === 0 ? nodes.length : 0, 0, 0,
  ]);
  const edges = nodes.flatMap(({ edge }, at) => [
    EDGE_TYPES.indexOf('property'), string(edge), (at + 1) * NODE_FIELDS.length,
  ]);
  writeFileSync(path, JSON.stringify({
    snapshot: {
      meta: {
        node_fields: NODE_FIELDS,
        node_types: [NODE_TYPES, 'string', 'number', 'number', 'number', 'number', 'number'],
        edge_fields: ['type', 'name_or_index', 'to_node'],
        edge_types: [EDGE_TYPES, 'string_or_number', 'node'],
        trace_function_info_fields: [],
        trace_node_fields: [],
        sample_fields: [],
        location_fields: ['object_index', 'script_id', 'line', 'column'],
      },
      node_count: all.length,
      edge_count: nodes.length,
      trace_function_count: 0,
    },
    nodes: columns,
    edges,
    trace_function_infos: [],
    trace_tree: [],
    samples: [],
    locations: [],
    strings,
  }));
}
