// DevTools' Comparison of two snapshots, with what DevTools cannot say: how much for each session.

import type { JSX } from 'preact';
import { useContext, useMemo, useState } from 'preact/hooks';
import { ask, type ObjectRow, type PageOf, type Query } from '../api';
import { Empty } from '../asking';
import { bytes, count, plural, rate, signed } from '../format';
import { change, go, type Route } from '../route';
import { plain, Text } from '../text';
import type { Shape, Source } from '../tree/model';
import { ObjectName } from '../tree/rows';
import { type Column, TreeGrid } from '../tree/treegrid';
import { WorkbenchContext } from '../workbench';
import { FilterBox } from './filters';
import { SnapshotFrame } from './frame';
import { snapshotTitle } from './snapshots';

interface Change {
  class: string;
  new: number;
  deleted: number;
  delta: number;
  alloc_size: number;
  freed_size: number;
  size_delta: number;
  delta_per_session: number | null;
  size_per_session: number | null;
}

interface Row {
  change?: Change;
  list?: { class: string; which: 'new' | 'deleted'; count: number };
  object?: ObjectRow;
  which?: 'new' | 'deleted';
}

interface Answer {
  rows: Change[];
  page: PageOf;
  sessions: number | null;
}

const SIGN = { new: '+', deleted: '\u2212' };

export function Compare({ route, base, newer }: { route: Route; base: number; newer: number }): JSX.Element {
  const workbench = useContext(WorkbenchContext);
  const [sessions, setSessions] = useState<number | null>(null);
  const query: Query = { sort: route.query.get('sort') ?? '-size-delta', filter: route.query.get('q') };
  const key = JSON.stringify([base, newer, query]);
  const source = useMemo(
    (): Source<Row> => async (skip, top, signal) => {
      const answer = await ask<Answer>(`compare/${base}/${newer}`, { ...query, skip, top }, signal);
      setSessions(answer.sessions);
      return { rows: answer.rows.map((each) => ({ change: each })), page: answer.page };
    },
    [key],
  );
  const shape = useMemo((): Shape<Row> => ({ key: keyOf, below: (row) => below(row, base, newer) }), [base, newer]);
  if (base === newer) {
    return <Empty title="A snapshot compared with itself">Choose two different ones.</Empty>;
  }
  return (
    <SnapshotFrame
      route={route}
      snapshot={newer}
      title="Comparison"
      about={
        <span class="pair">
          <PairChoice label="Base" chosen={base} onChoose={(at) => go(`/compare/${at}/${newer}${location.search}`)} />
          <span class="quiet">and</span>
          <PairChoice label="Compared" chosen={newer} onChoose={(at) => go(`/compare/${base}/${at}${location.search}`)} />
          {sessions !== null && <span class="quiet">{plural(sessions, 'session')} between them</span>}
        </span>
      }
    >
      <TreeGrid
        label="Changes by class"
        of={key}
        columns={COLUMNS}
        source={source}
        shape={shape}
        sort={String(query['sort'])}
        onSort={(sort) => change({ sort })}
        onSelect={(row) => row.object && row.which === 'new' && change({ o: `@${row.object.id}` })}
        empty="No class changed"
        toolbar={<FilterBox label="Filter classes" placeholder="Filter classes, or /regex/" />}
      />
    </SnapshotFrame>
  );

  function PairChoice(props: { label: string; chosen: number; onChoose: (at: number) => void }): JSX.Element {
    return (
      <select
        aria-label={props.label}
        value={String(props.chosen)}
        onChange={(event) => props.onChoose(Number(event.currentTarget.value))}
      >
        {workbench.snapshots.map((_, at) => (
          <option key={at} value={String(at)}>
            {snapshotTitle(workbench, at)}
          </option>
        ))}
      </select>
    );
  }
}

function keyOf(row: Row): string {
  if (row.change) return row.change.class;
  if (row.list) return `${row.list.which} ${row.list.class}`;
  return `${row.which} @${row.object?.id ?? 0}`;
}

function below(row: Row, base: number, newer: number): Source<Row> | null {
  const { change: changed, list } = row;
  if (changed) {
    const both = (['new', 'deleted'] as const).map((which) => ({ class: changed.class, which, count: changed[which] }));
    const lists = both.filter((each) => each.count > 0);
    const page = { skipped: 0, shown: lists.length, matching: lists.length, all: lists.length };
    return () => Promise.resolve({ rows: lists.map((each) => ({ list: each })), page });
  }
  if (list) {
    return async (skip, top, signal) => {
      const query = { class: list.class, list: list.which, skip, top };
      const answer = await ask<{ rows: ObjectRow[]; page: PageOf }>(`compare/${base}/${newer}/class`, query, signal);
      return { rows: answer.rows.map((object) => ({ object, which: list.which })), page: answer.page };
    };
  }
  return null;
}

function NameCell({ row }: { row: Row }): JSX.Element {
  if (row.change) {
    return (
      <span class="name class-name">
        <Text of={row.change.class} />
      </span>
    );
  }
  if (row.list) {
    return (
      <span class="name">
        {row.list.which === 'new' ? 'New' : 'Deleted'} <span class="quiet">×{count(row.list.count)}</span>
      </span>
    );
  }
  return (
    <span class="name">
      <span class={`change-sign ${row.which ?? ''}`} aria-label={row.which}>
        {SIGN[row.which ?? 'new']}
      </span>{' '}
      {row.object && <ObjectName object={row.object} />}
    </span>
  );
}

/** A column of numbers of a change; objects have their own size where it fits. */
function figure(
  id: string,
  title: string,
  width: string,
  value: (change: Change) => number | null,
  render: (value: number) => string,
  hint?: string,
): Column<Row> {
  return {
    id,
    title,
    width,
    // Shares of the sessions are in the order of their sums.
    ...(id.endsWith('per-session') ? {} : { sort: id }),
    align: 'end',
    ...(hint === undefined ? {} : { hint }),
    cell: (row) => {
      if (!row.change) return null;
      const number = value(row.change);
      return <span class={number === 0 ? 'number quiet' : 'number'}>{number === null ? '' : render(number)}</span>;
    },
    text: (row) => (row.change ? String(value(row.change) ?? '') : ''),
  };
}

const COLUMNS: Column<Row>[] = [
  {
    id: 'class',
    title: 'Class',
    width: 'minmax(240px, 1fr)',
    sort: 'class',
    natural: '+',
    cell: (row) => <NameCell row={row} />,
    text: (row) => row.change?.class ?? (row.object ? plain(`${row.object.class} @${row.object.id}`) : (row.list?.which ?? '')),
  },
  figure('new', '# New', '84px', (c) => c.new, count),
  figure('deleted', '# Deleted', '92px', (c) => c.deleted, count),
  figure('delta', '# Delta', '92px', (c) => c.delta, (v) => signed(v, count)),
  {
    ...figure(
      'per-session',
      'Per session',
      '104px',
      (c) => c.delta_per_session,
      rate,
      'Objects gained for each session between the two snapshots',
    ),
    cell: (row) => {
      const each = row.change?.delta_per_session;
      if (each === undefined || each === null) return null;
      const whole = Math.abs(each) >= 0.98 && Math.abs(each - Math.round(each)) <= 0.02;
      return <span class={whole ? 'number whole-rate' : 'number quiet'}>{rate(each)}</span>;
    },
  },
  figure('alloc', 'Alloc. size', '104px', (c) => c.alloc_size, bytes),
  figure('freed', 'Freed size', '104px', (c) => c.freed_size, bytes),
  figure('size-delta', 'Size delta', '112px', (c) => c.size_delta, (v) => signed(v, bytes)),
  figure(
    'bytes-per-session',
    'Bytes per session',
    '132px',
    (c) => c.size_per_session,
    (v) => signed(Math.round(v), bytes),
    'Bytes gained for each session between the two snapshots',
  ),
];
