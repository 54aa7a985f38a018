// Rows about objects and classes, as every view of a heap shows them, and where they unfold to.

import type { JSX } from 'preact';
import { ask, type ClassRow, type ObjectRow, type PageOf, type Query } from '../api';
import { bytes, count, percent } from '../format';
import { change, changed } from '../route';
import { plain, Text } from '../text';
import type { Level, Shape, Source } from './model';
import type { Column } from './treegrid';

export interface HeapRow {
  /** A class of objects, or … */
  class?: ClassRow;
  /** … an object, … */
  object?: ObjectRow;
  /** … and the reference by which it is reached from the row above. */
  edge?: string;
  edgeKind?: string;
  expandable: boolean;
  /** What stands below it; that of the row above if it is not said. */
  way?: Way;
}

/** What unfolds below an object. */
export type Way = 'containment' | 'retainers' | 'dominators';

interface Answer<R> {
  rows: (R & { expandable: boolean })[];
  page: PageOf;
}

interface Referring {
  edge: string;
  kind: string;
  object?: ObjectRow;
  from?: ObjectRow;
}

/** The rows below an object. */
export function belowObject(snapshot: number, id: number | null, way: Way, query: Query = {}): Source<HeapRow> {
  return async (skip, top, signal): Promise<Level<HeapRow>> => {
    const asked = { ...query, id: id === null ? undefined : `@${id}`, skip, top };
    const answer = await ask<Answer<Referring>>(`snapshots/${snapshot}/${way}`, asked, signal);
    const rows = answer.rows.map((row): HeapRow => {
      const object = row.object ?? row.from;
      const named = row.edge === undefined ? {} : { edge: row.edge, edgeKind: row.kind };
      return { ...(object ? { object } : {}), ...named, expandable: row.expandable, way };
    });
    return { rows, page: answer.page };
  };
}

/** The objects of a class. */
export function ofClass(snapshot: number, name: string, query: Query = {}): Source<HeapRow> {
  return async (skip, top, signal): Promise<Level<HeapRow>> => {
    const asked = { ...query, class: name, skip, top };
    const answer = await ask<Answer<ObjectRow>>(`snapshots/${snapshot}/class`, asked, signal);
    const rows = answer.rows.map(({ expandable, ...object }) => ({ object, expandable }) as HeapRow);
    return { rows: rows.map((row) => ({ ...row, way: 'containment' as const })), page: answer.page };
  };
}

/** Rows that unfold: classes into their objects, objects along their way. */
export function heapShape(snapshot: number, query: Query): Shape<HeapRow> {
  return {
    key: keyOf,
    below: (row, above) => {
      if (!row.expandable) return null;
      if (row.class) return ofClass(snapshot, row.class.class, query);
      if (!row.object || !row.way) return null;
      // An object that is on its own branch already does not unfold again.
      const { id } = row.object;
      if (above.some((node) => node.row.object?.id === id)) return null;
      return belowObject(snapshot, id, row.way, sortOf(query));
    },
  };
}

function sortOf(query: Query): Query {
  return query['sort'] === undefined ? {} : { sort: query['sort'] };
}

export function keyOf(row: HeapRow): string {
  if (row.class) return `class ${row.class.class}`;
  return `@${row.object?.id ?? 0}`;
}

export function ObjectLink({ id }: { id: number }): JSX.Element {
  const o = `@${id}`;
  return (
    <a
      class="id"
      href={changed({ o })}
      tabIndex={-1}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        change({ o }, 'push');
      }}
    >
      {o}
    </a>
  );
}

const LITERALS = new Set(['string', 'concatenated string', 'sliced string']);

/** An object in DevTools' words: its class, what it is, its id. */
export function ObjectName({ object }: { object: ObjectRow }): JSX.Element {
  const { name } = object;
  if (LITERALS.has(object.type)) {
    return (
      <span class="object">
        <span class="literal">
          "<Text of={name} />"
        </span>{' '}
        <ObjectLink id={object.id} />
      </span>
    );
  }
  const isNamed = name !== '' && name !== object.class;
  return (
    <span class="object">
      <span class="class-name">
        <Text of={object.class} />
      </span>{' '}
      {isNamed && (
        <span class="own-name">
          <Text of={object.type === 'closure' ? `${name}()` : name} />{' '}
        </span>
      )}
      <ObjectLink id={object.id} />
    </span>
  );
}

function objectText(object: ObjectRow): string {
  return `${object.class} ${object.name === object.class ? '' : object.name} @${object.id}`;
}

function NameCell({ row }: { row: HeapRow }): JSX.Element {
  if (row.class) {
    return (
      <span class="name">
        <span class="class-name">
          <Text of={row.class.class} />
        </span>{' '}
        <span class="quiet">×{count(row.class.count)}</span>
      </span>
    );
  }
  const isRetainer = row.way === 'retainers';
  return (
    <span class="name">
      {row.edge !== undefined && (
        <>
          <span class={`edge ${row.edgeKind ?? ''}`} title={`${row.edgeKind} reference`}>
            <Text of={row.edge} />
          </span>
          <span class="quiet">{isRetainer ? ' in ' : ' :: '}</span>
        </>
      )}
      {row.object && <ObjectName object={row.object} />}
    </span>
  );
}

/** A size with its share of everything, drawn behind it too. */
export function SizeCell({ size, whole }: { size: number; whole: number }): JSX.Element {
  return (
    <span class="size">
      <span class="number">{bytes(size)}</span>
      <span class="share quiet">{percent(size, whole)}</span>
    </span>
  );
}

/** DevTools writes the distances of what only the engine reaches as a dash. */
export function distance(value: number): string {
  return value < 0 || value >= 100_000_000 ? '\u2212' : count(value);
}

/** The columns of DevTools' Summary, Containment and Retainers. */
export function heapColumns(whole: number, title: string, sort: string): Column<HeapRow>[] {
  const of = (row: HeapRow): ClassRow | ObjectRow | undefined => row.class ?? row.object;
  return [
    {
      id: 'name',
      title,
      width: 'minmax(280px, 1fr)',
      sort,
      natural: '+',
      cell: (row) => <NameCell row={row} />,
      text: (row) => {
        if (row.class) return row.class.class;
        const edge = row.edge === undefined ? '' : `${row.edge} :: `;
        return plain(edge + (row.object ? objectText(row.object) : ''), 10_000);
      },
    },
    {
      id: 'distance',
      title: 'Distance',
      hint: 'Steps from the roots of the program',
      width: '96px',
      sort: 'distance',
      natural: '+',
      align: 'end',
      cell: (row) => <span class="number">{distance(of(row)?.distance ?? -1)}</span>,
      text: (row) => String(of(row)?.distance ?? ''),
    },
    {
      id: 'shallow',
      title: 'Shallow size',
      hint: 'Its own bytes',
      width: '160px',
      sort: 'shallow',
      align: 'end',
      cell: (row) => <SizeCell size={of(row)?.shallow_size ?? 0} whole={whole} />,
      text: (row) => String(of(row)?.shallow_size ?? ''),
    },
    {
      id: 'retained',
      title: 'Retained size',
      hint: 'What would be freed with it',
      width: '168px',
      sort: 'retained',
      align: 'end',
      cell: (row) => <SizeCell size={of(row)?.retained_size ?? 0} whole={whole} />,
      text: (row) => String(of(row)?.retained_size ?? ''),
    },
  ];
}
