// What stands around every view of a snapshot: its heading above, the chosen object below.

import type { ComponentChildren, JSX } from 'preact';
import { useContext, useRef } from 'preact/hooks';
import { Reading } from '../asking';
import { bytes, count } from '../format';
import type { Route } from '../route';
import { WorkbenchContext } from '../workbench';
import { ObjectPane } from './object';

const PANE_KEY = 'leakscope.pane';

export function SnapshotFrame(props: {
  route: Route;
  snapshot: number;
  title: string;
  about?: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  const workbench = useContext(WorkbenchContext);
  const info = workbench.snapshots[props.snapshot];
  const object = props.route.query.get('o');
  const className = props.route.query.get('class');
  const hasPane = object !== null || className !== null;
  const frame = useRef<HTMLDivElement>(null);
  return (
    <div class={hasPane ? 'view split' : 'view'} ref={frame}>
      <section class="upper" aria-label={props.title}>
        <header class="view-head">
          <h1>{props.title}</h1>
          {info && (
            <p class="quiet">
              {info.stage ? `${info.stage}, ` : ''}
              {info.name}, {bytes(info.bytes)}
              {info.sessions !== undefined && `, after ${count(info.sessions)} sessions`}
            </p>
          )}
          {props.about}
        </header>
        <Reading snapshot={props.snapshot} size={info?.bytes ?? 0} />
        {props.children}
      </section>
      {hasPane && (
        <>
          <Splitter frame={frame} />
          <ObjectPane route={props.route} snapshot={props.snapshot} object={object} className={className} />
        </>
      )}
    </div>
  );
}

/** The bar between the two parts: dragged, or moved with the arrow keys. */
function Splitter({ frame }: { frame: { current: HTMLDivElement | null } }): JSX.Element {
  const set = (share: number): void => {
    const kept = Math.min(0.85, Math.max(0.15, share));
    frame.current?.style.setProperty('--upper', `${(kept * 100).toFixed(1)}%`);
    localStorage.setItem(PANE_KEY, kept.toFixed(3));
  };
  const share = (): number => Number(localStorage.getItem(PANE_KEY)) || 0.55;
  const start = (element: HTMLDivElement | null): void => {
    if (element) set(share());
  };
  return (
    <div
      ref={start}
      class="splitter"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the object's pane"
      aria-valuenow={Math.round(share() * 100)}
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key === 'ArrowUp') set(share() - 0.05);
        else if (event.key === 'ArrowDown') set(share() + 0.05);
        else return;
        event.preventDefault();
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId) || !frame.current) return;
        const box = frame.current.getBoundingClientRect();
        set((event.clientY - box.top) / box.height);
      }}
    />
  );
}
