// The classes over all snapshots: which grow at every step.

import type { JSX } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import { ask, type PageOf, type Query } from '../api';
import { bytes, count, rate, signed } from '../format';
import { change, type Route } from '../route';
import { plain, Text } from '../text';
import type { Source } from '../tree/model';
import { type Column, TreeGrid } from '../tree/treegrid';
import { WorkbenchContext } from '../workbench';
import { FilterBox } from './filters';
import { snapshotTitle } from './snapshots';

interface TrendClass {
  class: string;
  counts: number[];
  shallow_sizes: number[];
  count_slope: number;
  size_slope: number;
  growth: 'every_step' | 'never_falls' | 'none';
}

const GROWTH = {
  every_step: '\u25b2 at every step',
  never_falls: '\u25b3 never falls',
  none: '',
};

export function Trend({ route }: { route: Route }): JSX.Element {
  const workbench = useContext(WorkbenchContext);
  const query: Query = { sort: route.query.get('sort') ?? '-size-slope', filter: route.query.get('q') };
  const key = JSON.stringify(query);
  const source = useMemo(
    (): Source<TrendClass> => async (skip, top, signal) => {
      const answer = await ask<{ classes: TrendClass[]; page: PageOf }>('trend', { ...query, skip, top }, signal);
      return { rows: answer.classes, page: answer.page };
    },
    [key],
  );
  const titles = workbench.snapshots.map((_, at) => snapshotTitle(workbench, at));
  const columns = useMemo(() => columnsOf(titles), [titles.join()]);
  return (
    <div class="view">
      <header class="view-head">
        <h1>Trend</h1>
        <p class="quiet">
          {workbench.snapshots.length} snapshots, from {titles[0]} to {titles.at(-1)}; slopes are from one snapshot to
          the next
        </p>
      </header>
      <TreeGrid
        label="Classes over all snapshots"
        of={key}
        columns={columns}
        source={source}
        shape={{ key: (row) => row.class, below: () => null }}
        sort={String(query['sort'])}
        onSort={(sort) => change({ sort })}
        empty="No class has such a name"
        toolbar={<FilterBox label="Filter classes" placeholder="Filter classes, or /regex/" />}
      />
    </div>
  );
}

function columnsOf(titles: string[]): Column<TrendClass>[] {
  return [
    {
      id: 'class',
      title: 'Class',
      width: 'minmax(240px, 1fr)',
      sort: 'class',
      natural: '+',
      cell: (row) => (
        <span class="name class-name">
          <Text of={row.class} />
        </span>
      ),
      text: (row) => plain(row.class, 1000),
    },
    {
      id: 'counts',
      title: 'Objects',
      hint: titles.join(', '),
      width: '150px',
      cell: (row) => <Spark values={row.counts} titles={titles} />,
      text: (row) => row.counts.join(' '),
    },
    {
      id: 'last',
      title: 'In the last',
      width: '110px',
      sort: 'count',
      align: 'end',
      cell: (row) => <span class="number">{count(row.counts.at(-1) ?? 0)}</span>,
      text: (row) => String(row.counts.at(-1) ?? 0),
    },
    {
      id: 'growth',
      title: 'Rises',
      width: '140px',
      sort: 'growth',
      natural: '+',
      cell: (row) => <span class={`growth ${row.growth}`}>{GROWTH[row.growth]}</span>,
      text: (row) => row.growth,
    },
    {
      id: 'count-slope',
      title: 'Objects a step',
      width: '124px',
      sort: 'count-slope',
      align: 'end',
      cell: (row) => <span class="number">{signed(row.count_slope, (v) => (Number.isInteger(v) ? count(v) : rate(v)))}</span>,
      text: (row) => String(row.count_slope),
    },
    {
      id: 'shallow',
      title: 'Shallow size',
      width: '112px',
      sort: 'shallow',
      align: 'end',
      cell: (row) => <span class="number">{bytes(row.shallow_sizes.at(-1) ?? 0)}</span>,
      text: (row) => String(row.shallow_sizes.at(-1) ?? 0),
    },
    {
      id: 'size-slope',
      title: 'Bytes a step',
      width: '120px',
      sort: 'size-slope',
      align: 'end',
      cell: (row) => <span class="number">{signed(Math.round(row.size_slope), bytes)}</span>,
      text: (row) => String(row.size_slope),
    },
  ];
}

/** A class's counts as a line too small for an axis; the numbers are said and shown on hover. */
function Spark({ values, titles }: { values: number[]; titles: string[] }): JSX.Element {
  const [width, height] = [124, 18];
  const most = Math.max(1, ...values);
  const x = (at: number): number => 3 + ((width - 6) * at) / Math.max(1, values.length - 1);
  const y = (value: number): number => height - 3 - ((height - 6) * value) / most;
  const said = values.map((value, at) => `${titles[at] ?? at}: ${count(value)}`).join('\n');
  const points = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg class="spark" width={width} height={height} role="img" aria-label={said}>
      <title>{said}</title>
      <polyline points={points.join(' ')} />
      {values.map((value, at) => (
        <circle key={at} cx={x(at)} cy={y(value)} r={2} />
      ))}
    </svg>
  );
}
