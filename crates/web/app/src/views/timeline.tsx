// A run on one axis of time: memory, load, latency; stages, garbage collections and snapshots.

import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { Answered, Empty, useAnswer } from '../asking';
import { type Line, type Mark, Plot, type Span, type Window } from '../charts/plot';
import { bytes, count } from '../format';
import { change, type Route } from '../route';

interface Timeline {
  memory: {
    at: number[];
    rss: number[];
    heap_used: (number | null)[];
    heap_total: (number | null)[];
    external: (number | null)[];
    sockets: (number | null)[];
    gcs: (number | null)[];
    gc_pause_ms: (number | null)[];
    sessions: number[];
  };
  load: {
    at: number[];
    arrivals: number[];
    errors: number[];
    median_ms: (number | null)[];
    p95_ms: (number | null)[];
  };
  stages: { stage: string; from: number; to: number | null; sessions: number; failed: number }[];
  collections: { at: number; heap: number; at_rest: boolean }[];
  snapshots: { at: number | null; took: number; file: string }[];
}

interface Chart {
  id: string;
  title: string;
  times: number[];
  lines: Line[];
  height: number;
}

const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(1) : count(Math.round(value))} ms`;
const perSecond = (value: number): string => `${value < 10 ? value.toFixed(1) : count(Math.round(value))}/s`;

/** Arrivals by what the samples counted, where the load kept no periods. */
function sampledArrivals({ at, sessions }: Timeline['memory']): (number | null)[] {
  return at.map((seconds, i) => {
    const span = seconds - (at[i - 1] ?? 0);
    const gained = (sessions[i] ?? 0) - (sessions[i - 1] ?? 0);
    return i === 0 || span <= 0 ? null : Math.max(0, gained / span);
  });
}

/** Seconds without a period after which there was no load: a line across would tell of one. */
const PAUSE = 3;

/** The load with nothing where there was none. */
function withPauses(load: Timeline['load']): Timeline['load'] {
  const gapped: Timeline['load'] = { at: [], arrivals: [], errors: [], median_ms: [], p95_ms: [] };
  load.at.forEach((at, i) => {
    const before = load.at[i - 1];
    if (before !== undefined && at - before > PAUSE) {
      gapped.at.push(before + 0.01, at - 1);
      gapped.arrivals.push(0, 0);
      gapped.errors.push(0, 0);
      gapped.median_ms.push(null, null);
      gapped.p95_ms.push(null, null);
    }
    gapped.at.push(at);
    gapped.arrivals.push(load.arrivals[i] ?? 0);
    gapped.errors.push(load.errors[i] ?? 0);
    gapped.median_ms.push(load.median_ms[i] ?? null);
    gapped.p95_ms.push(load.p95_ms[i] ?? null);
  });
  return gapped;
}

function charts(timeline: Timeline): Chart[] {
  const { memory } = timeline;
  const load = withPauses(timeline.load);
  const hasPeriods = load.at.length > 0;
  const all: Chart[] = [
    {
      id: 'memory',
      title: 'Memory',
      times: memory.at,
      height: 250,
      lines: [
        { title: 'RSS', values: memory.rss, color: '--series-0', render: bytes },
        { title: 'V8 heap in use', values: memory.heap_used, color: '--series-1', render: bytes, dash: [6, 3] },
        { title: 'External', values: memory.external, color: '--series-2', render: bytes, dash: [2, 3] },
      ],
    },
    {
      id: 'load',
      title: 'Load',
      times: hasPeriods ? load.at : memory.at,
      height: 130,
      lines: [
        {
          title: 'Sessions arriving',
          values: hasPeriods ? load.arrivals : sampledArrivals(memory),
          color: '--series-0',
          render: perSecond,
        },
        ...(hasPeriods
          ? [{ title: 'Failing', values: load.errors, color: '--series-1', render: perSecond, dash: [6, 3] }]
          : []),
      ],
    },
    {
      id: 'sockets',
      title: 'Open sockets',
      times: memory.at,
      height: 110,
      lines: [{ title: 'Open sockets', values: memory.sockets, color: '--series-4', render: (v) => count(Math.round(v)) }],
    },
  ];
  if (memory.gcs.some((value) => value !== null)) {
    all.push({
      id: 'collections',
      title: 'Garbage collections',
      times: memory.at,
      height: 110,
      lines: [
        { title: 'Service paused', values: memory.gc_pause_ms, color: '--series-3', render: milliseconds },
        { title: 'Collections', values: memory.gcs, color: '--series-0', render: (v) => count(Math.round(v)), isOnlyRead: true },
      ],
    });
  }
  if (load.p95_ms.some((value) => value !== null)) {
    all.splice(2, 0, {
      id: 'latency',
      title: 'Latency',
      times: load.at,
      height: 130,
      lines: [
        { title: 'Median', values: load.median_ms, color: '--series-2', render: milliseconds },
        { title: '95th percentile', values: load.p95_ms, color: '--series-3', render: milliseconds, dash: [6, 3] },
      ],
    });
  }
  return all;
}

export function TimelineView({ route }: { route: Route }): JSX.Element {
  const asked = useAnswer<Timeline>('timeline');
  return (
    <div class="view page" role="region" aria-label="Timeline" tabIndex={0}>
      <header class="view-head">
        <h1>Timeline</h1>
        <p class="quiet">Hover reads values, a drag zooms, a double click shows everything again</p>
      </header>
      <Answered asked={asked} what="Reading the run">
        {(timeline) =>
          timeline.memory.at.length < 2 ? (
            <Empty title="Nothing was sampled">The run ended before its memory was read twice.</Empty>
          ) : (
            <Whole timeline={timeline} route={route} />
          )
        }
      </Answered>
    </div>
  );
}

function windowOf(route: Route): Window {
  const [from, to] = [Number(route.query.get('from')), Number(route.query.get('to'))];
  return to > from && from >= 0 ? { from, to } : null;
}

function Whole({ timeline, route }: { timeline: Timeline; route: Route }): JSX.Element {
  const [cursor, setCursor] = useState<number | null>(null);
  const window = windowOf(route);
  const all = useMemo(() => charts(timeline), [timeline]);
  const end = timeline.memory.at.at(-1) ?? 1;
  const spans = timeline.stages.map(
    (stage): Span => ({ title: stage.stage, from: stage.from, to: stage.to ?? end, isLoad: stage.sessions > 0 }),
  );
  const marks = useMemo(
    (): Mark[] => [
      ...timeline.collections.map((each) => ({ at: each.at, kind: 'collected' as const })),
      ...timeline.snapshots.flatMap((each) => (each.at === null ? [] : [{ at: each.at, kind: 'snapshot' as const }])),
    ],
    [timeline],
  );
  const setWindow = (next: Window): void =>
    change({ from: next?.from.toFixed(2), to: next?.to.toFixed(2) }, 'push');
  return (
    <div class="timeline">
      <p class="legend">
        <span>
          <span class="swatch load" aria-hidden="true" /> under load
        </span>
        <span>
          <span class="mark-sign collected" aria-hidden="true">
            ○
          </span>{' '}
          everything collected, twice
        </span>
        <span>
          <span class="mark-sign snapshot" aria-hidden="true">
            ▲
          </span>{' '}
          snapshot taken
        </span>
        {window && (
          <button type="button" class="plain" onClick={() => setWindow(null)}>
            Show everything
          </button>
        )}
      </p>
      {all.map((chart, at) => (
        <section key={chart.id} class="chart" aria-label={chart.title}>
          <header>
            <h2>{chart.title}</h2>
            <p class="legend">
              {chart.lines.map((line) => (
                <span key={line.title}>
                  {!line.isOnlyRead && (
                    <span class="line-sign" aria-hidden="true" style={{ borderColor: `var(${line.color})`, borderTopStyle: line.dash ? (line.dash[0] === 2 ? 'dotted' : 'dashed') : 'solid' }} />
                  )}{' '}
                  {line.title}{' '}
                  <strong class="number">{reading(chart, line, cursor)}</strong>
                </span>
              ))}
            </p>
          </header>
          <Plot
            label={said(chart)}
            times={chart.times}
            lines={chart.lines}
            spans={spans}
            marks={at === 0 ? marks : []}
            end={end}
            height={chart.height}
            names={at === 0}
            isBinary={chart.id === 'memory'}
            window={window}
            onWindow={setWindow}
            onCursor={setCursor}
          />
        </section>
      ))}
      <section class="card" aria-label="Stages">
        <h2>Stages</h2>
        <div class="scroll-x">
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">Stage</th>
                <th scope="col" class="end">From</th>
                <th scope="col" class="end">Lasted</th>
                <th scope="col" class="end">Sessions</th>
                <th scope="col" class="end">Failed</th>
              </tr>
            </thead>
            <tbody>
              {timeline.stages.map((stage, at) => (
                <tr key={at}>
                  <th scope="row">{stage.stage}</th>
                  <td class="end number">{stage.from.toFixed(1)} s</td>
                  <td class="end number">{((stage.to ?? end) - stage.from).toFixed(1)} s</td>
                  <td class="end number">{count(stage.sessions)}</td>
                  <td class="end number">{count(stage.failed)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}

/** The value nearest to the cursor; the last one without it. */
function reading(chart: Chart, line: Line, cursor: number | null): string {
  let best = chart.times.length - 1;
  if (cursor !== null) {
    for (let i = 0; i < chart.times.length; i += 1) {
      const nearer = Math.abs((chart.times[i] ?? 0) - cursor) < Math.abs((chart.times[best] ?? 0) - cursor);
      if (nearer) best = i;
    }
  }
  const value = line.values[best];
  return value === null || value === undefined ? '' : line.render(value);
}

function said(chart: Chart): string {
  const each = chart.lines.map((line) => {
    const values = line.values.filter((value): value is number => value !== null);
    if (values.length === 0) return `${line.title}: no values`;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return `${line.title}: ${line.render(low)} to ${line.render(high)}`;
  });
  return `${chart.title} over time. ${each.join('. ')}`;
}
