// The dominator tree as an icicle: every object as wide as what would be freed with it.

import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ObjectRow } from '../api';
import { Answered, useAnswer } from '../asking';
import { Boxes, type Box } from '../charts/boxes';
import { count } from '../format';
import { change, type Route } from '../route';
import { ObjectName } from '../tree/rows';
import { SnapshotFrame } from './frame';

interface Cell {
  object: ObjectRow | null;
  class: string | null;
  count: number;
  retained_size: number;
  cells: Cell[];
}

interface Answer {
  above: ObjectRow[];
  cell: Cell;
}

/** The same class has the same color everywhere. */
function toneOf(name: string): number {
  let sum = 0;
  for (const c of name) sum = (sum * 31 + (c.codePointAt(0) ?? 0)) >>> 0;
  return sum % 6;
}

function boxOf(cell: Cell, key: string): Box {
  const { object } = cell;
  const name = cell.class ?? 'smaller ones';
  const isNamed = object !== null && object.name !== '' && object.name !== object.class;
  return {
    key,
    name: object === null ? `${name} \u00d7${count(cell.count)}` : isNamed ? `${name} ${object.name}` : name,
    about: object === null ? 'taken together' : `@${object.id}`,
    size: cell.retained_size,
    tone: toneOf(name),
    isTogether: object === null,
    below: cell.cells.map((each, at) => boxOf(each, `${key}.${at}`)),
  };
}

export function IcicleView({ route, snapshot }: { route: Route; snapshot: number }): JSX.Element {
  const root = route.query.get('root');
  const asked = useAnswer<Answer>(`snapshots/${snapshot}/icicle`, { id: root });
  return (
    <SnapshotFrame route={route} snapshot={snapshot} title="Dominator map">
      <Answered asked={asked} what="Drawing what keeps what">
        {(answer) => <Drawing answer={answer} />}
      </Answered>
    </SnapshotFrame>
  );
}

function Drawing({ answer }: { answer: Answer }): JSX.Element {
  const root = useMemo(() => boxOf(answer.cell, 'root'), [answer]);
  const idOf = (box: Box): string | null => (box.about.startsWith('@') ? box.about : null);
  return (
    <div class="drawing">
      <p class="quiet note-line">
        Below each object stands what would be freed with it. Click to zoom, Enter or a double click to begin there.
        {answer.above.length > 0 && (
          <>
            {' '}
            Above: <ObjectName object={answer.above[0] as ObjectRow} />{' '}
            <button type="button" class="link" onClick={() => change({ root: null }, 'push')}>
              from the roots
            </button>
          </>
        )}
      </p>
      <Boxes
        label="Dominator tree by retained size"
        root={root}
        whole={answer.cell.retained_size}
        onChoose={(box) => change({ o: idOf(box) })}
        onEnter={(box) => {
          const id = idOf(box);
          if (id !== null) change({ root: id }, 'push');
        }}
      />
    </div>
  );
}
