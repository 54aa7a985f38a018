// A question while it is asked, when it failed, and when its answer is there.

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, type Query, type Status, Unanswered } from './api';
import { bytes, seconds } from './format';
import { Text } from './text';

export type Asked<T> = { state: 'asking' } | { state: 'failed'; error: Error } | { state: 'answered'; answer: T };

/** Asks a question whenever it changes; an older answer never replaces a newer one. */
export function useAnswer<T>(path: string | null, query: Query = {}): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ state: 'asking' });
  const key = JSON.stringify([path, query]);
  useEffect(() => {
    if (path === null) return;
    const aborter = new AbortController();
    setAsked({ state: 'asking' });
    ask<T>(path, query, aborter.signal).then(
      (answer) => setAsked({ state: 'answered', answer }),
      (error: unknown) => {
        if (!aborter.signal.aborted) setAsked({ state: 'failed', error: error as Error });
      },
    );
    return () => aborter.abort();
  }, [key]);
  return asked;
}

export function Failed({ error }: { error: Error }): JSX.Element {
  const hint = error instanceof Unanswered ? error.hint : null;
  return (
    <div class="notice failed" role="alert">
      <h2>No answer</h2>
      <p>
        <Text of={error.message} longest={2000} />
      </p>
      {hint && (
        <p class="quiet">
          <Text of={hint} longest={2000} />
        </p>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="notice">
      <h2>{title}</h2>
      {children && <p class="quiet">{children}</p>}
    </div>
  );
}

export function Loading({ what }: { what: string }): JSX.Element {
  return (
    <div class="notice loading" role="status" aria-live="polite">
      <span class="pulse" aria-hidden="true" />
      <p>{what}</p>
    </div>
  );
}

/** Something that is shown when its answer is there. */
export function Answered<T>(props: {
  asked: Asked<T>;
  what: string;
  children: (answer: T) => ComponentChildren;
}): JSX.Element {
  switch (props.asked.state) {
    case 'asking':
      return <Loading what={props.what} />;
    case 'failed':
      return <Failed error={props.asked.error} />;
    case 'answered':
      return <>{props.children(props.asked.answer)}</>;
  }
}

/** What is shown of a snapshot while it is read: views wait below it. */
export function Reading({ snapshot, size }: { snapshot: number; size: number }): JSX.Element | null {
  const [status, setStatus] = useState<Status | null>(null);
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => {
    let stopped = false;
    const look = async (): Promise<void> => {
      const now = await ask<Status>(`snapshots/${snapshot}/status`).catch(() => null);
      if (stopped) return;
      setStatus(now);
      if (now?.state !== 'open' && now?.state !== 'failed') timer.current = setTimeout(() => void look(), 250);
    };
    // What is open already answers before anybody could read a word.
    timer.current = setTimeout(() => void look(), 150);
    return () => {
      stopped = true;
      clearTimeout(timer.current);
    };
  }, [snapshot]);
  if (status?.state !== 'reading') return null;
  return (
    <div class="reading" role="status">
      <span class="pulse" aria-hidden="true" />
      Reading {bytes(size)} of snapshot, for {seconds(status.seconds)}
    </div>
  );
}
