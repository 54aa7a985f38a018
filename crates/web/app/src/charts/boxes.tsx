// Boxes below boxes, each as wide as its size: the icicle of a heap, and the flame graph of its
// allocations. One of them fills the width; keys and clicks move to another.

import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { bytes, percent } from '../format';
import { plain } from '../text';

export interface Box {
  key: string;
  name: string;
  /** Longer words for the person who stays on it. */
  about: string;
  size: number;
  /** Which of the colors. */
  tone: number;
  below: Box[];
  /** Whether it stands for several things that have no box of their own. */
  isTogether?: boolean;
}

interface Placed {
  box: Box;
  above: Placed | null;
  left: number;
  width: number;
  level: number;
  at: number;
}

const HEIGHT = 30;
/** Narrower than this nothing can be seen or hit. */
const NARROWEST = 3;

export function Boxes(props: {
  label: string;
  root: Box;
  whole: number;
  /** What a click on a box does; with none it only fills the width. */
  onChoose?: (box: Box) => void;
  /** What Enter and a double click do: deeper than what is here. */
  onEnter?: (box: Box) => void;
}): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(900);
  const [zoomed, setZoomed] = useState<Box>(props.root);
  const [active, setActive] = useState<Box>(props.root);
  useLayoutEffect(() => {
    setZoomed(props.root);
    setActive(props.root);
  }, [props.root]);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  const placed = useMemo(() => place(props.root, zoomed, width), [props.root, zoomed, width]);
  const found = placed.find((each) => each.box === active) ?? placed[0];
  const levels = Math.max(0, ...placed.map((each) => each.level)) + 1;

  const choose = (box: Box): void => {
    setActive(box);
    if (!box.isTogether) props.onChoose?.(box);
  };
  const zoom = (box: Box): void => {
    choose(box);
    if (!box.isTogether) setZoomed(box);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!found) return;
    const beside = placed.filter((each) => each.above === found.above && each.level === found.level);
    const at = beside.indexOf(found);
    const steps: Record<string, () => Box | undefined> = {
      ArrowDown: () => placed.find((each) => each.above === found)?.box,
      ArrowUp: () => found.above?.box,
      ArrowRight: () => beside[at + 1]?.box,
      ArrowLeft: () => beside[at - 1]?.box,
      Home: () => props.root,
    };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      const to = step();
      if (to) choose(to);
      if (event.key === 'Home') setZoomed(props.root);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (zoomed === found.box) props.onEnter?.(found.box);
      else zoom(found.box);
    } else if (event.key === 'Escape') {
      setZoomed(props.root);
    }
  };
  return (
    <div class="boxes-frame">
      <p class="boxes-said" role="status">
        {found && (
          <>
            <strong>{plain(found.box.name, 120)}</strong>{' '}
            <span class="number">{bytes(found.box.size)}</span>{' '}
            <span class="quiet">
              {percent(found.box.size, props.whole)} {found.box.about !== '' && `\u2013 ${plain(found.box.about, 200)}`}
            </span>
          </>
        )}
      </p>
      <div
        ref={frame}
        class="boxes"
        role="tree"
        aria-label={props.label}
        aria-activedescendant={found ? `box-${found.at}` : undefined}
        tabIndex={0}
        style={{ height: `${levels * (HEIGHT + 1)}px` }}
        onKeyDown={onKeyDown}
      >
        {placed.map((each) => (
          <div
            key={each.box.key}
            id={`box-${each.at}`}
            role="treeitem"
            aria-level={each.level + 1}
            aria-selected={each.box === active}
            aria-label={`${plain(each.box.name, 200)}, ${bytes(each.box.size)}`}
            class={boxClass(each, active)}
            style={{
              left: `${each.left}px`,
              top: `${each.level * (HEIGHT + 1)}px`,
              width: `${Math.max(1, each.width - 1)}px`,
              height: `${HEIGHT}px`,
            }}
            title={`${plain(each.box.name, 300)}\n${bytes(each.box.size)}, ${percent(each.box.size, props.whole)}\n${plain(each.box.about, 300)}`}
            onClick={() => zoom(each.box)}
            onDblClick={() => props.onEnter?.(each.box)}
          >
            {each.width > 34 && <span>{plain(each.box.name, 120)}</span>}
          </div>
        ))}
      </div>
    </div>
  );
}

function boxClass(each: Placed, active: Box): string {
  const names = ['box', `tone-${each.box.tone % 6}`];
  if (each.box.isTogether) names.push('together');
  if (each.box === active) names.push('chosen');
  return names.join(' ');
}

/** Boxes with their places: those above the zoomed one fill the width. */
function place(root: Box, zoomed: Box, width: number): Placed[] {
  const way = wayTo(root, zoomed) ?? [root];
  const placed: Placed[] = [];
  let above: Placed | null = null;
  for (const box of way) {
    above = { box, above, left: 0, width, level: placed.length, at: placed.length };
    placed.push(above);
  }
  const walk = (over: Placed): void => {
    let left = over.left;
    for (const box of over.box.below) {
      const part = over.box.size > 0 ? (over.width * box.size) / over.box.size : 0;
      if (part >= NARROWEST) {
        const each: Placed = { box, above: over, left, width: part, level: over.level + 1, at: placed.length };
        placed.push(each);
        walk(each);
      }
      left += part;
    }
  };
  if (above) walk(above);
  return placed;
}

function wayTo(root: Box, wanted: Box): Box[] | null {
  if (root === wanted) return [root];
  for (const box of root.below) {
    const way = wayTo(box, wanted);
    if (way) return [root, ...way];
  }
  return null;
}
