// Where what is alive was allocated: V8's sampling heap profile as a flame graph.

import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Answered, Empty, useAnswer } from '../asking';
import { Boxes, type Box } from '../charts/boxes';
import { bytes, percent } from '../format';
import { Text } from '../text';

interface Frame {
  function: string;
  file: string;
  line: number | null;
  origin: 'service' | 'package' | 'node' | 'engine';
  self_size: number;
  total_size: number;
  children: Frame[];
  narrow_size: number;
}

interface Answer {
  total: number;
  root: Frame;
}

const TONES = { service: 1, package: 3, node: 0, engine: 5 };
const ORIGINS: [keyof typeof TONES, string][] = [
  ['service', "the service's own code"],
  ['package', 'installed packages'],
  ['node', 'Node.js'],
  ['engine', 'the engine'],
];

function placeOf(frame: Frame): string {
  return frame.line === null || frame.file === '' ? '' : `${frame.file}:${frame.line}`;
}

function boxOf(frame: Frame, key: string): Box {
  const below = frame.children.map((child, at) => boxOf(child, `${key}.${at}`));
  return {
    key,
    name: key === 'root' ? 'everything alive' : frame.function,
    about: placeOf(frame),
    size: frame.total_size,
    tone: TONES[frame.origin],
    below,
  };
}

/** Functions with what they allocated themselves, over all ways to them. */
function functions(root: Frame): { key: string; frame: Frame; self: number }[] {
  const sums = new Map<string, { key: string; frame: Frame; self: number }>();
  const walk = (frame: Frame): void => {
    const key = `${frame.function} ${placeOf(frame)}`;
    const known = sums.get(key);
    if (known) known.self += frame.self_size;
    else sums.set(key, { key, frame, self: frame.self_size });
    frame.children.forEach(walk);
  };
  walk(root);
  return [...sums.values()].filter((each) => each.self > 0).sort((a, b) => b.self - a.self);
}

export function Allocations(): JSX.Element {
  const asked = useAnswer<Answer>('allocations');
  return (
    <div class="view page" role="region" aria-label="Allocations" tabIndex={0}>
      <header class="view-head">
        <h1>Allocations</h1>
        <p class="quiet">
          Where what was alive at the end of the run had been allocated since the warm-up, by V8's sampling profiler
        </p>
      </header>
      <Answered asked={asked} what="Reading the heap profile">
        {(answer) =>
          answer.total === 0 ? (
            <Empty title="Nothing was sampled">What was allocated in the rounds is gone again.</Empty>
          ) : (
            <Whole answer={answer} />
          )
        }
      </Answered>
    </div>
  );
}

function Whole({ answer }: { answer: Answer }): JSX.Element {
  const root = useMemo(() => boxOf(answer.root, 'root'), [answer]);
  const most = useMemo(() => functions(answer.root).slice(0, 25), [answer]);
  return (
    <div class="drawing">
      <p class="legend">
        {ORIGINS.map(([origin, title]) => (
          <span key={origin}>
            <span class={`swatch tone-${TONES[origin]}`} aria-hidden="true" /> {title}
          </span>
        ))}
      </p>
      <Boxes label="Live bytes by calling function" root={root} whole={answer.total} />
      <section class="card below" aria-label="Functions">
        <h2>Functions by what they allocated themselves</h2>
        <div class="scroll-x">
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">Function</th>
                <th scope="col">Place</th>
                <th scope="col" class="end">Alive</th>
                <th scope="col" class="end">Share</th>
              </tr>
            </thead>
            <tbody>
              {most.map(({ key, frame, self }) => (
                <tr key={key}>
                  <th scope="row" class="mono">
                    <span class={`swatch tone-${TONES[frame.origin]}`} aria-hidden="true" /> <Text of={frame.function} />
                  </th>
                  <td class="mono quiet">
                    <Text of={placeOf(frame)} />
                  </td>
                  <td class="end number">{bytes(self)}</td>
                  <td class="end number">{percent(self, answer.total)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}
