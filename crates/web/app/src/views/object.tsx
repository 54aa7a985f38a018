// The pane below every view of a snapshot: one object, what retains it and the ways to it; or the
// ways to all objects of a class.

import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { ask, type ObjectDetails, type PageOf, type PathRow, type Query } from '../api';
import { Answered, Empty, useAnswer } from '../asking';
import { bytes, count, plural } from '../format';
import { change, changed, type Route } from '../route';
import { Text } from '../text';
import type { Source } from '../tree/model';
import { belowObject, distance, type HeapRow, heapColumns, heapShape, keyOf, ObjectName } from '../tree/rows';
import { type Column, TreeGrid } from '../tree/treegrid';
import { FilterBox } from './filters';
import { Tabs } from './tabs';

type Tab = 'retainers' | 'path' | 'contents' | 'details';

const TABS: [Tab, string][] = [
  ['retainers', 'Retainers'],
  ['path', 'Path'],
  ['contents', 'Contents'],
  ['details', 'Details'],
];

export function ObjectPane(props: {
  route: Route;
  snapshot: number;
  object: string | null;
  className: string | null;
}): JSX.Element {
  const close = (
    <button type="button" class="plain" aria-label="Close the pane" onClick={() => change({ o: null, class: null })}>
      ✕
    </button>
  );
  return (
    <section class="lower" aria-label="Chosen object">
      {props.object !== null ? (
        <OneObject route={props.route} snapshot={props.snapshot} id={props.object} close={close} />
      ) : (
        <WholeClass route={props.route} snapshot={props.snapshot} name={props.className ?? ''} close={close} />
      )}
    </section>
  );
}

function OneObject(props: { route: Route; snapshot: number; id: string; close: JSX.Element }): JSX.Element {
  const { snapshot, id } = props;
  const asked = useAnswer<ObjectDetails>(`snapshots/${snapshot}/object`, { id });
  const tab = (props.route.query.get('tab') ?? 'retainers') as Tab;
  return (
    <Answered asked={asked} what={`Looking for ${id}`}>
      {(details) => (
        <>
          <div class="pane-head">
            <h2 class="pane-title">
              <ObjectName object={details.object} />
            </h2>
            <span class="quiet figures">
              {bytes(details.object.shallow_size)} shallow, {bytes(details.object.retained_size)} retained
            </span>
            <Tabs
              label="About the object"
              tabs={TABS}
              chosen={tab}
              onChoose={(chosen) => change({ tab: chosen }, 'push')}
              panel="object-panel"
            />
            <span class="grow" />
            {props.close}
          </div>
          <div class="pane-body" id="object-panel" role="tabpanel" aria-label={tab}>
            {tab === 'path' && <Paths snapshot={snapshot} id={details.object.id} />}
            {tab === 'details' && <Details details={details} />}
            {tab === 'contents' && <Around snapshot={snapshot} id={details.object.id} way="containment" />}
            {tab === 'retainers' && <Around snapshot={snapshot} id={details.object.id} way="retainers" />}
          </div>
        </>
      )}
    </Answered>
  );
}

function Around(props: { snapshot: number; id: number; way: 'retainers' | 'containment' }): JSX.Element {
  const { snapshot, id, way } = props;
  const key = JSON.stringify([snapshot, id, way]);
  const source = useMemo(() => belowObject(snapshot, id, way), [key]);
  const shape = useMemo(() => {
    const heap = heapShape(snapshot, {});
    return {
      key: heap.key,
      below: (row: HeapRow, above: Parameters<typeof heap.below>[1]) =>
        row.object?.id === id ? null : heap.below(row, above),
    };
  }, [key]);
  const columns = useMemo(() => heapColumns(0, way === 'retainers' ? 'Retained by' : 'Refers to', 'reference'), [way]);
  return (
    <TreeGrid
      label={way === 'retainers' ? 'Retainers' : 'Contents'}
      of={key}
      columns={columns.map(({ sort, ...column }) => column)}
      source={source}
      shape={shape}
      onEnter={(row) => change({ o: keyOf(row) }, 'push')}
      empty={way === 'retainers' ? 'Nothing but weak references leads to it' : 'It refers to nothing'}
    />
  );
}

interface TwoPaths {
  shortest: PathRow[];
  user: PathRow[];
}

function Paths({ snapshot, id }: { snapshot: number; id: number }): JSX.Element {
  const asked = useAnswer<TwoPaths>(`snapshots/${snapshot}/paths`, { id: `@${id}` });
  return (
    <Answered asked={asked} what="Following references from the roots">
      {({ user, shortest }) =>
        user.length === 0 && shortest.length === 0 ? (
          <Empty title="Only weak references lead to it">It will go with the next collection.</Empty>
        ) : (
          <div class="paths">
            <div>
              <h3>As the program holds it</h3>
              <PathList path={user} />
            </div>
            <div>
              <h3>
                The shortest <span class="quiet">(DevTools' order)</span>
              </h3>
              <PathList path={shortest} />
            </div>
          </div>
        )
      }
    </Answered>
  );
}

export function PathList({ path }: { path: PathRow[] }): JSX.Element {
  return (
    <ol class="path-list">
      {path.map((step, at) => (
        <li key={at}>
          {step.edge !== null && (
            <span class={`edge ${step.kind ?? ''}`}>
              <Text of={step.edge} />
            </span>
          )}
          <ObjectName object={step.object} />
        </li>
      ))}
    </ol>
  );
}

function Details({ details }: { details: ObjectDetails }): JSX.Element {
  const { object, place } = details;
  return (
    <dl class="facts">
      <dt>Class</dt>
      <dd>
        <Text of={object.class} longest={4000} />{' '}
        <span class="quiet">({plural(details.of_class, 'object')} of it)</span>
      </dd>
      <dt>Type</dt>
      <dd>{object.type}</dd>
      <dt>Content</dt>
      <dd class="mono">
        <Text of={details.preview} longest={20_000} />
      </dd>
      {place && (
        <>
          <dt>Declared at</dt>
          <dd class="mono">
            <Text of={place.file ?? `script ${place.script_id}`} />:{place.line}:{place.column}
          </dd>
        </>
      )}
      <dt>Sizes</dt>
      <dd>
        {bytes(object.shallow_size)} shallow ({count(object.shallow_size)} B), {bytes(object.retained_size)} retained,{' '}
        {bytes(details.self_size)} without backing stores
      </dd>
      <dt>Distance</dt>
      <dd>{distance(object.distance)}</dd>
      <dt>References to it</dt>
      <dd>{count(details.retainer_count)}</dd>
      {details.dominator && (
        <>
          <dt>Freed with</dt>
          <dd>
            <ObjectName object={details.dominator} />
          </dd>
        </>
      )}
      {details.detachedness && (
        <>
          <dt>DOM</dt>
          <dd>{details.detachedness}</dd>
        </>
      )}
      <dt>Address</dt>
      <dd>
        <a href={changed({})}>this view</a>
      </dd>
    </dl>
  );
}

interface PathGroup {
  path: string[];
  count: number;
  shallow_size: number;
  retained_size: number;
  example: number;
}

const GROUP_COLUMNS: Column<PathGroup>[] = [
  {
    id: 'path',
    title: 'Path from the roots',
    width: 'minmax(320px, 1fr)',
    cell: (row) => (
      <span class="name mono">
        {row.path.length === 0 ? 'only weak references' : <Text of={row.path.join(' \u203a ')} longest={1000} />}
      </span>
    ),
    text: (row) => row.path.join(' > '),
  },
  {
    id: 'count',
    title: 'Objects',
    width: '110px',
    align: 'end',
    cell: (row) => <span class="number">{count(row.count)}</span>,
    text: (row) => String(row.count),
  },
  {
    id: 'retained',
    title: 'Retained size',
    width: '140px',
    align: 'end',
    cell: (row) => <span class="number">{bytes(row.retained_size)}</span>,
    text: (row) => String(row.retained_size),
  },
];

function WholeClass(props: {
  route: Route;
  snapshot: number;
  name: string;
  close: JSX.Element;
}): JSX.Element {
  const { snapshot, name, close } = props;
  const filter = props.route.query.get('pq');
  const source = useMemo(
    (): Source<PathGroup> => async (skip, top, signal) => {
      const query: Query = { class: name, filter, skip, top };
      const answer = await ask<{ groups: PathGroup[]; page: PageOf }>(
        `snapshots/${snapshot}/path-groups`,
        query,
        signal,
      );
      return { rows: answer.groups, page: answer.page };
    },
    [snapshot, name, filter],
  );
  return (
    <>
      <div class="pane-head">
        <h2 class="pane-title">
          Ways to all objects of{' '}
          <span class="class-name">
            <Text of={name} />
          </span>
        </h2>
        <span class="grow" />
        {close}
      </div>
      <div class="pane-body">
        <TreeGrid
          label="Ways to the objects"
          of={JSON.stringify([snapshot, name, filter])}
          columns={GROUP_COLUMNS}
          source={source}
          shape={{ key: (row) => row.path.join('\n'), below: () => null }}
          onEnter={(row) => change({ o: `@${row.example}`, tab: 'path' }, 'push')}
          empty="No way leads through such a step"
          toolbar={<FilterBox name="pq" label="Filter paths" placeholder="Filter by a step of the path" />}
        />
      </div>
    </>
  );
}
