// DevTools' Summary: the classes of a snapshot, their objects below them.

import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { ask, type Query, type SummaryAnswer } from '../api';
import { useAnswer } from '../asking';
import { change, type Route } from '../route';
import type { Source } from '../tree/model';
import { type HeapRow, heapColumns, heapShape, keyOf } from '../tree/rows';
import { TreeGrid } from '../tree/treegrid';
import { DevToolsFilter, FilterBox, LeastSize } from './filters';
import { SnapshotFrame } from './frame';

export function Summary({ route, snapshot }: { route: Route; snapshot: number }): JSX.Element {
  const query: Query = {
    sort: route.query.get('sort') ?? '-retained',
    filter: route.query.get('q'),
    only: route.query.get('only'),
    least: route.query.get('least'),
  };
  const key = JSON.stringify([snapshot, query]);
  const whole = useAnswer<SummaryAnswer>(`snapshots/${snapshot}/summary`, { top: 0 });
  const total = whole.state === 'answered' ? whole.answer.total_size : 0;
  const source = useMemo(
    (): Source<HeapRow> => async (skip, top, signal) => {
      const answer = await ask<SummaryAnswer>(`snapshots/${snapshot}/summary`, { ...query, skip, top }, signal);
      return { rows: answer.rows.map((row): HeapRow => ({ class: row, expandable: true })), page: answer.page };
    },
    [key],
  );
  // Below a class all of its objects are listed: the filter chose the class.
  const shape = useMemo(() => heapShape(snapshot, { sort: query['sort'], only: query['only'] }), [key]);
  const columns = useMemo(() => heapColumns(total, 'Class', 'class'), [total]);
  const wanted = route.query.get('class');
  return (
    <SnapshotFrame route={route} snapshot={snapshot} title="Summary">
      <TreeGrid
        label="Classes"
        of={key}
        columns={columns}
        source={source}
        shape={shape}
        sort={String(query['sort'])}
        onSort={(sort) => change({ sort })}
        selected={wanted === null ? route.query.get('o') : `class ${wanted}`}
        onSelect={(row) => {
          if (row.object) change({ o: keyOf(row), class: null });
          else change({ class: row.class?.class, o: null });
        }}
        unfold={wanted === null ? undefined : (row) => row.class?.class === wanted && route.query.has('unfold')}
        empty="No class has such a name"
        toolbar={
          <>
            <FilterBox label="Filter classes" placeholder="Filter classes, or /regex/" />
            <LeastSize />
            <DevToolsFilter />
          </>
        }
      />
    </SnapshotFrame>
  );
}
