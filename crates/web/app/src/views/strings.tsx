// Strings that are there twice, the largest, and those kept for a part of them.

import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { ask, type ObjectRow, type PageOf, type Query } from '../api';
import { bytes, count, plural } from '../format';
import { change, type Route } from '../route';
import { plain, Text } from '../text';
import type { Source } from '../tree/model';
import { ObjectLink } from '../tree/rows';
import { type Column, TreeGrid } from '../tree/treegrid';
import { FilterBox } from './filters';
import { SnapshotFrame } from './frame';
import { Tabs } from './tabs';

type List = 'duplicates' | 'largest' | 'pinned';

const LISTS: [List, string][] = [
  ['duplicates', 'There more than once'],
  ['largest', 'Largest'],
  ['pinned', 'Kept for a part'],
];

interface Row {
  id: number;
  value: string;
  count?: number;
  wasted?: number;
  shallow: number;
  retained: number;
  slices?: number;
  concatenations?: number;
  alone?: boolean;
}

interface Duplicate {
  value: string;
  count: number;
  shallow_size: number;
  retained_size: number;
  wasted: number;
  example: number;
}

interface Pinned {
  object: ObjectRow;
  slices: number;
  concatenations: number;
  alone: boolean;
}

type Any = Duplicate | ObjectRow | Pinned;

function rowOf(any: Any): Row {
  if ('object' in any) {
    const { object, slices, concatenations, alone } = any;
    const sizes = { shallow: object.shallow_size, retained: object.retained_size };
    return { id: object.id, value: object.name, ...sizes, slices, concatenations, alone };
  }
  const sizes = { shallow: any.shallow_size, retained: any.retained_size };
  if ('example' in any) return { id: any.example, value: any.value, ...sizes, count: any.count, wasted: any.wasted };
  return { id: any.id, value: any.name, ...sizes };
}

interface Answer {
  rows: Any[];
  page: PageOf;
  count: number;
  shallow_size: number;
  wasted: number;
}

const NATURAL: Record<List, string> = { duplicates: '-wasted', largest: '-retained', pinned: '-shallow' };

export function Strings({ route, snapshot }: { route: Route; snapshot: number }): JSX.Element {
  const list = (route.query.get('list') ?? 'duplicates') as List;
  const [sums, setSums] = useState<Answer | null>(null);
  const query: Query = { list, sort: route.query.get('sort') ?? NATURAL[list], filter: route.query.get('q') };
  const key = JSON.stringify([snapshot, query]);
  const source = useMemo(
    (): Source<Row> => async (skip, top, signal) => {
      const answer = await ask<Answer>(`snapshots/${snapshot}/strings`, { ...query, skip, top }, signal);
      setSums(answer);
      return { rows: answer.rows.map(rowOf), page: answer.page };
    },
    [key],
  );
  return (
    <SnapshotFrame
      route={route}
      snapshot={snapshot}
      title="Strings"
      about={
        sums && (
          <p class="quiet">
            {plural(sums.count, 'string')}, {bytes(sums.shallow_size)}; {bytes(sums.wasted)} would be saved if every
            text were there once
          </p>
        )
      }
    >
      <TreeGrid
        label="Strings"
        of={key}
        columns={COLUMNS[list]}
        source={source}
        shape={{ key: (row) => `@${row.id}`, below: () => null }}
        sort={String(query['sort'])}
        onSort={(sort) => change({ sort })}
        selected={route.query.get('o')}
        onSelect={(row) => change({ o: `@${row.id}` })}
        empty="No string is like that"
        toolbar={
          <>
            <Tabs
              label="Which strings"
              tabs={LISTS}
              chosen={list}
              onChoose={(chosen) => change({ list: chosen, sort: null }, 'push')}
            />
            <FilterBox label="Filter strings" placeholder="Filter texts, or /regex/" />
          </>
        }
      />
    </SnapshotFrame>
  );
}

const VALUE: Column<Row> = {
  id: 'value',
  title: 'Text',
  width: 'minmax(320px, 1fr)',
  cell: (row) => (
    <span class="name">
      <span class="literal">
        "<Text of={row.value} />"
      </span>{' '}
      <ObjectLink id={row.id} />
    </span>
  ),
  text: (row) => plain(row.value, 10_000),
};

function sized(id: string, title: string, of: (row: Row) => number | undefined, render = bytes): Column<Row> {
  return {
    id,
    title,
    width: '132px',
    sort: id,
    align: 'end',
    cell: (row) => <span class="number">{render(of(row) ?? 0)}</span>,
    text: (row) => String(of(row) ?? ''),
  };
}

const COLUMNS: Record<List, Column<Row>[]> = {
  duplicates: [
    { ...VALUE, sort: 'value', natural: '+' },
    sized('count', 'Times', (row) => row.count, count),
    sized('shallow', 'Shallow size', (row) => row.shallow),
    sized('wasted', 'Would be saved', (row) => row.wasted),
  ],
  largest: [
    VALUE,
    sized('shallow', 'Shallow size', (row) => row.shallow),
    sized('retained', 'Retained size', (row) => row.retained),
  ],
  pinned: [
    VALUE,
    sized('slices', 'Slices of it', (row) => row.slices, count),
    sized('concatenations', 'Parts of', (row) => row.concatenations, count),
    {
      id: 'alone',
      title: 'Kept for them alone',
      width: '150px',
      align: 'end',
      cell: (row) => (row.alone ? 'yes' : <span class="quiet">no</span>),
      text: (row) => String(row.alone ?? ''),
    },
    sized('shallow', 'Shallow size', (row) => row.shallow),
  ],
};
