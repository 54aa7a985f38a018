// A chart over time: several of them share one axis and one cursor; a drag zooms all, a double
// click shows all again.

import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Line {
  title: string;
  values: (number | null)[];
  /** A custom property of the style sheet. */
  color: string;
  dash?: number[];
  /** Read under the cursor but not drawn: its unit is another than the axis'. */
  isOnlyRead?: boolean;
  render: (value: number) => string;
}

export interface Span {
  title: string;
  from: number;
  to: number;
  isLoad: boolean;
}

export interface Mark {
  at: number;
  kind: 'collected' | 'snapshot';
}

/** The part of time that all charts show; null for all of it. */
export type Window = { from: number; to: number } | null;

const SYNC = 'run';

/** Distances of ticks of bytes: 1 and 5 kibibytes are no neighbors, 1, 2, 4 and 8 are. */
const BINARY = Array.from({ length: 44 }, (_, power) => 2 ** power);

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function Plot(props: {
  label: string;
  times: number[];
  lines: Line[];
  spans: Span[];
  marks: Mark[];
  end: number;
  height: number;
  window: Window;
  /** Whether the stages are named above it. */
  names: boolean;
  /** Whether its values are bytes: then ticks are at round binary numbers. */
  isBinary: boolean;
  onWindow: (window: Window) => void;
  onCursor: (seconds: number | null) => void;
}): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const make = (): void => {
      chart.current?.destroy();
      chart.current = new uPlot(options(latest.current, element.clientWidth, () => latest.current), data(latest.current), element);
    };
    make();
    const observer = new ResizeObserver(() => {
      chart.current?.setSize({ width: element.clientWidth, height: latest.current.height });
    });
    observer.observe(element);
    addEventListener('themechange', make);
    return () => {
      observer.disconnect();
      removeEventListener('themechange', make);
      chart.current?.destroy();
      chart.current = null;
    };
  }, [props.times, props.lines]);

  useEffect(() => {
    const { window, end } = props;
    chart.current?.setScale('x', { min: window?.from ?? 0, max: window?.to ?? end });
  }, [props.window, props.end]);

  return <div ref={frame} class="plot" role="img" aria-label={props.label} />;
}

function data(props: { times: number[]; lines: Line[] }): uPlot.AlignedData {
  return [props.times, ...props.lines.map((line) => line.values)];
}

type Props = Parameters<typeof Plot>[0];

function options(props: Props, width: number, latest: () => Props): uPlot.Options {
  const quiet = color('--quiet');
  const font = '11px system-ui, sans-serif';
  const grid = { stroke: color('--line'), width: 1 };
  const render = props.lines[0]?.render ?? String;
  return {
    width,
    height: props.height,
    legend: { show: false },
    padding: [props.names ? 22 : 6, 12, 0, 0],
    cursor: {
      sync: { key: SYNC },
      drag: { x: true, y: false, setScale: false },
      points: { size: 7 },
    },
    scales: {
      x: { time: false, min: props.window?.from ?? 0, max: props.window?.to ?? props.end },
      y: { range: (_, min, max) => [Math.min(0, min), max <= 0 ? 1 : max * 1.08] },
    },
    series: [
      {},
      ...props.lines.map((line) => ({
        label: line.title,
        stroke: color(line.color),
        width: 2,
        show: !line.isOnlyRead,
        ...(line.dash ? { dash: line.dash } : {}),
        points: { show: false },
        spanGaps: false,
      })),
    ],
    axes: [
      { stroke: quiet, font, grid, ticks: grid, size: 30, values: (_, splits) => splits.map((value) => `${value} s`) },
      { stroke: quiet, font, grid, ticks: grid, size: 74, values: (_, splits) => splits.map(render), space: 34, ...(props.isBinary ? { incrs: BINARY } : {}) },
    ],
    hooks: {
      drawClear: [(chart) => drawBehind(chart, latest())],
      setSelect: [
        (chart) => {
          const { left, width: selected } = chart.select;
          if (selected > 4) {
            const from = chart.posToVal(left, 'x');
            const to = chart.posToVal(left + selected, 'x');
            latest().onWindow({ from: Math.max(0, from), to: Math.min(latest().end, to) });
          }
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [
        (chart) => {
          const left = chart.cursor.left ?? -1;
          latest().onCursor(left < 0 ? null : chart.posToVal(left, 'x'));
        },
      ],
      ready: [(chart) => chart.over.addEventListener('dblclick', () => latest().onWindow(null))],
    },
  };
}

/** Stages behind the lines, with their names; collections and snapshots as marks. */
function drawBehind(chart: uPlot, props: Props): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  const x = (seconds: number): number => chart.valToPos(seconds, 'x', true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, 0, bbox.width, bbox.top + bbox.height);
  ctx.clip();
  for (const span of props.spans) {
    const [from, to] = [x(span.from), x(span.to)];
    if (span.isLoad) {
      ctx.fillStyle = color('--accent-soft');
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
    }
    ctx.fillStyle = color('--line-strong');
    ctx.fillRect(Math.round(from), bbox.top - (props.names ? 16 * scale : 0), scale, bbox.height + (props.names ? 16 * scale : 0));
    if (props.names) {
      ctx.fillStyle = color('--quiet');
      ctx.font = `${11 * scale}px system-ui, sans-serif`;
      ctx.textAlign = 'left';
      const room = to - Math.max(from, bbox.left) - 8 * scale;
      if (ctx.measureText(span.title).width <= room) {
        ctx.fillText(span.title, Math.max(from, bbox.left) + 5 * scale, bbox.top - 6 * scale);
      }
    }
  }
  for (const mark of props.marks) {
    const at = x(mark.at);
    ctx.fillStyle = ctx.strokeStyle = color(mark.kind === 'snapshot' ? '--series-3' : '--series-2');
    ctx.lineWidth = 1.5 * scale;
    const [top, size] = [bbox.top + bbox.height, 5 * scale];
    ctx.beginPath();
    if (mark.kind === 'snapshot') {
      ctx.moveTo(at - size, top);
      ctx.lineTo(at + size, top);
      ctx.lineTo(at, top - 1.6 * size);
      ctx.closePath();
      ctx.fill();
    } else {
      ctx.arc(at, top - 1.2 * size, size * 0.8, 0, 2 * Math.PI);
      ctx.stroke();
    }
  }
  ctx.restore();
}
