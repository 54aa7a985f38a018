// A tree of which only what was looked at is here.
//
// Each level is a list on the server, of which pages are asked for when a row of them comes into
// view, and dropped again when there are too many. Rows are found by their place among all that are
// unfolded: a level counts its own rows, and those below the few that are unfolded.

import type { PageOf } from '../api';

/** Rows that are asked for at once. */
const PAGE = 100;

/** Pages of a level that are kept. */
const KEPT = 40;

export interface Level<R> {
  rows: R[];
  page: PageOf;
}

/** Where the rows of a level come from. */
export type Source<R> = (skip: number, top: number, signal: AbortSignal) => Promise<Level<R>>;

/** How a tree's rows unfold. */
export interface Shape<R> {
  /** What tells a row from its neighbors. */
  key: (row: R) => string;
  /** The level below a row; `null` if there is none. */
  below: (row: R, above: Node<R>[]) => Source<R> | null;
}

export interface Node<R> {
  row: R;
  key: string;
  depth: number;
  /** Its place on its level. */
  index: number;
  branch: Branch<R>;
  /** The level below, once it was unfolded. */
  below: Branch<R> | null;
  isOpen: boolean;
}

export interface Branch<R> {
  source: Source<R>;
  above: Node<R> | null;
  depth: number;
  page: PageOf | null;
  pages: Map<number, Node<R>[]>;
  asked: Map<number, AbortController>;
  error: Error | null;
  /** The unfolded rows, by place. They stay though their page goes. */
  open: Node<R>[];
}

/** What stands at a place of the unfolded tree. */
export type Line<R> =
  | { kind: 'row'; node: Node<R> }
  | { kind: 'waiting'; depth: number }
  | { kind: 'failed'; depth: number; error: Error }
  | { kind: 'empty'; depth: number };

export class Tree<R> {
  readonly root: Branch<R>;

  constructor(
    source: Source<R>,
    private readonly shape: Shape<R>,
    private readonly changed: () => void,
  ) {
    this.root = this.branch(source, null);
    this.want(this.root, 0);
  }

  /** Lets all questions go. */
  close(): void {
    this.drop(this.root);
  }

  get length(): number {
    return this.lengthOf(this.root);
  }

  private branch(source: Source<R>, above: Node<R> | null): Branch<R> {
    return {
      source,
      above,
      depth: above === null ? 0 : above.depth + 1,
      page: null,
      pages: new Map(),
      asked: new Map(),
      error: null,
      open: [],
    };
  }

  private drop(branch: Branch<R>): void {
    for (const asked of branch.asked.values()) asked.abort();
    branch.asked.clear();
    for (const node of branch.open) if (node.below) this.drop(node.below);
  }

  private lengthOf(branch: Branch<R>): number {
    if (branch.page === null || branch.page.matching === 0) return 1;
    let length = branch.page.matching;
    for (const node of branch.open) if (node.below) length += this.lengthOf(node.below);
    return length;
  }

  /** What stands at a place; what is not here is asked for. */
  at(place: number): Line<R> {
    return this.find(this.root, place);
  }

  private find(branch: Branch<R>, place: number): Line<R> {
    if (branch.error !== null && branch.page === null) {
      return { kind: 'failed', depth: branch.depth, error: branch.error };
    }
    if (branch.page === null) return { kind: 'waiting', depth: branch.depth };
    if (branch.page.matching === 0) return { kind: 'empty', depth: branch.depth };
    let index = place;
    for (const node of branch.open) {
      if (index <= node.index || node.below === null) break;
      const length = this.lengthOf(node.below);
      if (index <= node.index + length) return this.find(node.below, index - node.index - 1);
      index -= length;
    }
    const node = this.nodeAt(branch, index);
    return node === null ? { kind: 'waiting', depth: branch.depth } : { kind: 'row', node };
  }

  private nodeAt(branch: Branch<R>, index: number): Node<R> | null {
    const page = Math.floor(index / PAGE);
    const nodes = branch.pages.get(page);
    if (nodes === undefined) {
      this.want(branch, page);
      return null;
    }
    return nodes[index - page * PAGE] ?? null;
  }

  private want(branch: Branch<R>, page: number): void {
    if (branch.asked.has(page) || branch.error !== null) return;
    const aborter = new AbortController();
    branch.asked.set(page, aborter);
    branch.source(page * PAGE, PAGE, aborter.signal).then(
      (level) => {
        branch.asked.delete(page);
        branch.page = level.page;
        const opened = new Map(branch.open.map((node) => [node.index, node]));
        const nodes = level.rows.map((row, at) => {
          const index = page * PAGE + at;
          return opened.get(index) ?? this.node(row, index, branch);
        });
        branch.pages.delete(page);
        branch.pages.set(page, nodes);
        const oldest = branch.pages.keys().next().value;
        if (branch.pages.size > KEPT && oldest !== undefined) branch.pages.delete(oldest);
        this.changed();
      },
      (error: unknown) => {
        branch.asked.delete(page);
        if (aborter.signal.aborted) return;
        branch.error = error as Error;
        this.changed();
      },
    );
  }

  private node(row: R, index: number, branch: Branch<R>): Node<R> {
    const key = this.shape.key(row);
    return { row, key, depth: branch.depth, index, branch, below: null, isOpen: false };
  }

  /** The rows above a row, the nearest first. */
  above(node: Node<R>): Node<R>[] {
    const above: Node<R>[] = [];
    for (let at = node.branch.above; at !== null; at = at.branch.above) above.push(at);
    return above;
  }

  canOpen(node: Node<R>): boolean {
    return node.below !== null || this.shape.below(node.row, this.above(node)) !== null;
  }

  open(node: Node<R>): void {
    if (node.isOpen) return;
    if (node.below === null) {
      const source = this.shape.below(node.row, this.above(node));
      if (source === null) return;
      node.below = this.branch(source, node);
      this.want(node.below, 0);
    }
    node.isOpen = true;
    node.branch.open.push(node);
    node.branch.open.sort((a, b) => a.index - b.index);
    this.changed();
  }

  fold(node: Node<R>): void {
    if (!node.isOpen) return;
    node.isOpen = false;
    node.branch.open = node.branch.open.filter((open) => open !== node);
    this.changed();
  }

  /** The place of a row among all that are unfolded. */
  placeOf(node: Node<R>): number {
    let place = node.index;
    for (const open of node.branch.open) {
      if (open.index >= node.index) break;
      if (open.below) place += this.lengthOf(open.below);
    }
    const above = node.branch.above;
    return above === null ? place : this.placeOf(above) + 1 + place;
  }

  /** Rows that are here, from the first on, as far as they follow one another. */
  loaded(most: number): Node<R>[] {
    const found: Node<R>[] = [];
    const walk = (branch: Branch<R>): void => {
      const length = branch.page?.matching ?? 0;
      for (let index = 0; index < length && found.length < most; index += 1) {
        const page = branch.pages.get(Math.floor(index / PAGE));
        const node = page?.[index % PAGE];
        if (node === undefined) return;
        found.push(node);
        if (node.isOpen && node.below) walk(node.below);
      }
    };
    walk(this.root);
    return found;
  }
}
