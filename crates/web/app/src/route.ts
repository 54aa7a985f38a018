// Where the page is: every state worth coming back to is in the address.

import { useEffect, useState } from 'preact/hooks';
import { address, type Query } from './api';

export interface Route {
  /** The parts of the path: the view, then its snapshots. */
  parts: string[];
  query: URLSearchParams;
}

export function here(): Route {
  const parts = location.pathname.split('/').filter((part) => part !== '');
  return { parts: parts.map(decoded), query: new URLSearchParams(location.search) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

addEventListener('popstate', tell);

/** Goes to another view: Back comes back from it. */
export function go(to: string): void {
  if (to !== location.pathname + location.search) history.pushState(null, '', to);
  tell();
}

/** Changes parts of the query. Small changes replace the entry of the history, others add one. */
export function change(changes: Query, entry: 'replace' | 'push' = 'replace'): void {
  const to = changed(changes);
  if (to === location.pathname + location.search) return;
  if (entry === 'push') history.pushState(null, '', to);
  else history.replaceState(null, '', to);
  tell();
}

/** The address with parts of its query changed. */
export function changed(changes: Query): string {
  const query: Query = Object.fromEntries(new URLSearchParams(location.search));
  return address(location.pathname, { ...query, ...changes });
}

/** The route, with a new rendering whenever it changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(here);
  useEffect(() => {
    const update = (): void => setRoute(here());
    listeners.add(update);
    update();
    return () => void listeners.delete(update);
  }, []);
  return route;
}
