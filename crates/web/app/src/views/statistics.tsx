// DevTools' Statistics: what the memory of a snapshot is used for.

import type { JSX } from 'preact';
import type { StatisticsRow } from '../api';
import { Answered, useAnswer } from '../asking';
import { bytes, percent } from '../format';
import type { Route } from '../route';
import { SnapshotFrame } from './frame';

interface Part {
  name: string;
  about: string;
  size: number;
}

function parts(s: StatisticsRow): Part[] {
  const others = Math.max(0, s.v8heap_total - s.code - s.js_arrays - s.strings - s.system);
  return [
    { name: 'Code', about: 'compiled functions and their feedback', size: s.code },
    { name: 'Strings', about: 'of every kind', size: s.strings },
    { name: 'JS arrays', about: 'with their elements', size: s.js_arrays },
    { name: 'Typed arrays', about: 'contents of buffers, outside the heap', size: s.typed_arrays },
    { name: 'System objects', about: "the engine's own", size: s.system },
    { name: 'Other JS objects', about: 'of the program', size: others },
    {
      name: 'Other non-JS memory',
      about: 'outside the heap',
      size: Math.max(0, s.native_total - s.typed_arrays),
    },
  ];
}

export function Statistics({ route, snapshot }: { route: Route; snapshot: number }): JSX.Element {
  const asked = useAnswer<StatisticsRow>(`snapshots/${snapshot}/statistics`);
  return (
    <SnapshotFrame route={route} snapshot={snapshot} title="Statistics">
      <div class="page statistics">
        <Answered asked={asked} what="Reading the snapshot">
          {(row) => (
            <section class="card">
              <p class="total">
                <strong>{bytes(row.total)}</strong>{' '}
                <span class="quiet">
                  in all: {bytes(row.v8heap_total)} in V8's heap, {bytes(row.native_total)} outside
                </span>
              </p>
              <div class="stack" aria-hidden="true">
                {parts(row).map((part, at) => (
                  <span
                    key={part.name}
                    class={`part part-${at}`}
                    style={{ flexGrow: String(part.size) }}
                    title={`${part.name}: ${bytes(part.size)}`}
                  />
                ))}
              </div>
              <table class="plain-table">
                <thead>
                  <tr>
                    <th scope="col">Used for</th>
                    <th scope="col" class="end">
                      Size
                    </th>
                    <th scope="col" class="end">
                      Share
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {parts(row).map((part, at) => (
                    <tr key={part.name}>
                      <th scope="row">
                        <span class={`swatch part-${at}`} aria-hidden="true" /> {part.name}{' '}
                        <span class="quiet">{part.about}</span>
                      </th>
                      <td class="end number">{bytes(part.size)}</td>
                      <td class="end number">{percent(part.size, row.total)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          )}
        </Answered>
      </div>
    </SnapshotFrame>
  );
}
