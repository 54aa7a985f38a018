// Questions to the server and the shapes of its answers, which are those of the JSON contract.

export interface PageOf {
  skipped: number;
  shown: number;
  matching: number;
  all: number;
}

export interface SnapshotInfo {
  name: string;
  bytes: number;
  file?: string;
  stage?: string;
  at_s?: number | null;
  sessions?: number;
  took_s?: number;
}

export type Outcome = 'leaking' | 'clean' | 'inconclusive';

export interface Workbench {
  title: string;
  version: string;
  run: { command: string[]; outcome: Outcome | null; has_load: boolean; has_allocations: boolean } | null;
  snapshots: SnapshotInfo[];
}

export interface ObjectRow {
  id: number;
  class: string;
  name: string;
  type: string;
  distance: number;
  shallow_size: number;
  retained_size: number;
}

export interface ClassRow {
  class: string;
  count: number;
  distance: number;
  shallow_size: number;
  retained_size: number;
}

export interface StatisticsRow {
  total: number;
  native_total: number;
  typed_arrays: number;
  v8heap_total: number;
  code: number;
  js_arrays: number;
  strings: number;
  system: number;
}

export interface SummaryAnswer {
  rows: ClassRow[];
  page: PageOf;
  nodes: number;
  edges: number;
  total_size: number;
  statistics: StatisticsRow;
}

export interface PathRow {
  edge: string | null;
  kind: string | null;
  object: ObjectRow;
}

export interface Place {
  file: string | null;
  script_id: number;
  line: number;
  column: number;
}

export interface ObjectDetails {
  object: ObjectRow;
  self_size: number;
  preview: string;
  place: Place | null;
  detachedness: string | null;
  dominator: ObjectRow | null;
  of_class: number;
  retainer_count: number;
  path: PathRow[];
}

export interface Problem {
  message: string;
  hint: string | null;
}

export type Status =
  | { state: 'closed' | 'open' }
  | { state: 'reading'; seconds: number }
  | ({ state: 'failed' } & Problem);

/** A question that was not answered, in the server's words. */
export class Unanswered extends Error {
  constructor(
    message: string,
    readonly hint: string | null,
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | undefined | null>;

/** An address with its query; what is empty is left out. */
export function address(path: string, query: Query = {}): string {
  const pairs = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') pairs.set(key, String(value));
  }
  const text = pairs.toString();
  return text ? `${path}?${text}` : path;
}

/** Asks the server. Throws `Unanswered` with what to do about it. */
export async function ask<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(address(`/api/${path}`, query), signal ? { signal } : {});
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unanswered('leakscope does not answer', 'is it still running in its terminal?');
  }
  if (response.status === 401) {
    throw new Unanswered(
      'this page was opened by another run of leakscope',
      'open the address that leakscope printed in the terminal',
    );
  }
  const type = response.headers.get('content-type') ?? '';
  if (!type.includes('json')) {
    throw new Unanswered(`the server said ${response.status}`, null);
  }
  const answer: unknown = await response.json();
  if (!response.ok) {
    const problem = answer as Problem;
    throw new Unanswered(problem.message, problem.hint);
  }
  return answer as T;
}
