// DevTools' Containment, and the dominator tree: objects from the roots down.

import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Query, SummaryAnswer } from '../api';
import { useAnswer } from '../asking';
import { change, type Route } from '../route';
import { belowObject, heapColumns, heapShape, keyOf, type Way } from '../tree/rows';
import { TreeGrid } from '../tree/treegrid';
import { FilterBox, LeastSize } from './filters';
import { SnapshotFrame } from './frame';

export function ObjectTree(props: {
  route: Route;
  snapshot: number;
  way: Exclude<Way, 'retainers'>;
}): JSX.Element {
  const { route, snapshot, way } = props;
  const query: Query = {
    sort: route.query.get('sort') ?? '-retained',
    filter: route.query.get('q'),
    least: route.query.get('least'),
  };
  const root = route.query.get('root');
  const key = JSON.stringify([snapshot, way, root, query]);
  const whole = useAnswer<SummaryAnswer>(`snapshots/${snapshot}/summary`, { top: 0 });
  const total = whole.state === 'answered' ? whole.answer.total_size : 0;
  const id = root === null ? null : Number(root.replace('@', ''));
  const source = useMemo(() => belowObject(snapshot, id, way, query), [key]);
  const shape = useMemo(() => heapShape(snapshot, { sort: query['sort'], least: query['least'] }), [key]);
  const columns = useMemo(() => {
    const all = heapColumns(total, way === 'containment' ? 'Object' : 'Object that keeps what is below it', 'class');
    return all;
  }, [total, way]);
  const title = way === 'containment' ? 'Containment' : 'Dominators';
  return (
    <SnapshotFrame
      route={route}
      snapshot={snapshot}
      title={title}
      about={
        root !== null && (
          <p class="quiet">
            below <span class="mono">{root}</span>,{' '}
            <button type="button" class="link" onClick={() => change({ root: null }, 'push')}>
              from the roots
            </button>
          </p>
        )
      }
    >
      <TreeGrid
        label={title}
        of={key}
        columns={columns}
        source={source}
        shape={shape}
        sort={String(query['sort'])}
        onSort={(sort) => change({ sort })}
        selected={route.query.get('o')}
        onSelect={(row) => change({ o: keyOf(row) })}
        empty="Nothing passes the filter"
        toolbar={
          <>
            <FilterBox label="Filter objects" placeholder="Filter the first level, or /regex/" />
            <LeastSize />
          </>
        }
      />
    </SnapshotFrame>
  );
}
