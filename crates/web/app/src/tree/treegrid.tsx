// A table whose rows unfold: DevTools' keys, and only as many rows in the document as are seen.

import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from '@tanstack/virtual-core';
import type { ComponentChildren, JSX } from 'preact';
import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { Unanswered } from '../api';
import { count, plural } from '../format';
import { plain, Text } from '../text';
import { CopyMenu } from './copy';
import { type Line, type Node, type Shape, type Source, Tree } from './model';

export const ROW_HEIGHT = 28;

/** A browser draws nothing below this many pixels; so many rows can be scrolled to. */
const MOST_LINES = Math.floor(30_000_000 / ROW_HEIGHT);

export interface Column<R> {
  id: string;
  title: string;
  /** A CSS width of a grid's column. */
  width: string;
  /** The column's name for the server; without it nothing can be sorted by it. */
  sort?: string;
  /** The order a first click gives. */
  natural?: '+' | '-';
  align?: 'end';
  /** Longer words about it. */
  hint?: string;
  cell: (row: R) => ComponentChildren;
  /** The same for the clipboard. */
  text: (row: R) => string;
}

export interface TreeGridProps<R> {
  label: string;
  columns: Column<R>[];
  source: Source<R>;
  shape: Shape<R>;
  /** What makes the tree another one: with it the tree begins anew. */
  of: string;
  sort?: string;
  onSort?: (sort: string) => void;
  /** The row that was chosen, by its key. */
  selected?: string | null;
  onSelect?: (row: R) => void;
  /** Enter or a double click on a row that does not unfold. */
  onEnter?: (row: R) => void;
  empty?: string;
  /** What is said about the level that is shown, once it is known. */
  onPage?: (matching: number, all: number) => void;
  /** Rows that unfold from the start, one on each level. */
  unfold?: ((row: R) => boolean) | undefined;
  toolbar?: ComponentChildren;
}

export function TreeGrid<R>(props: TreeGridProps<R>): JSX.Element {
  const { columns, shape } = props;
  const id = useId();
  const redraw = useRedraw();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<Node<R> | null>(null);

  const tree = useMemo(() => new Tree<R>(props.source, shape, redraw), [props.of]);
  useEffect(() => () => tree.close(), [tree]);
  useEffect(() => setActive(null), [tree]);

  const length = Math.min(tree.length, MOST_LINES);
  const virtualizer = useVirtualizer(length, scroller);

  const { page } = tree.root;
  useEffect(() => {
    if (page !== null) props.onPage?.(page.matching, page.all);
  }, [page]);

  // Unfolds what was asked for, level by level, as the levels come.
  useEffect(() => {
    if (props.unfold === undefined) return;
    for (const node of tree.loaded(200)) {
      if (!node.isOpen && props.unfold(node.row) && tree.canOpen(node)) tree.open(node);
    }
  });

  const choose = (node: Node<R>): void => {
    setActive(node);
    props.onSelect?.(node.row);
    virtualizer.scrollToIndex(tree.placeOf(node), { align: 'auto' });
  };
  const toggle = (node: Node<R>): void => {
    if (node.isOpen) tree.fold(node);
    else if (tree.canOpen(node)) tree.open(node);
    else props.onEnter?.(node.row);
  };

  /** The nearest row from a place on, in a direction. */
  const rowFrom = (place: number, step: 1 | -1): Node<R> | null => {
    for (let at = place; at >= 0 && at < length; at += step) {
      const line = tree.at(at);
      if (line.kind === 'row') return line.node;
      if (line.kind === 'waiting') return null;
    }
    return null;
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target !== event.currentTarget) return;
    const place = active === null ? -1 : tree.placeOf(active);
    const screen = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
    let to: Node<R> | null = null;
    switch (event.key) {
      case 'ArrowDown':
        to = rowFrom(place + 1, 1);
        break;
      case 'ArrowUp':
        to = place <= 0 ? null : rowFrom(place - 1, -1);
        break;
      case 'PageDown':
        to = rowFrom(Math.min(length - 1, place + screen), -1);
        break;
      case 'PageUp':
        to = rowFrom(Math.max(0, place - screen), 1);
        break;
      case 'Home':
        to = rowFrom(0, 1);
        break;
      case 'End':
        to = rowFrom(length - 1, -1);
        if (to === null) virtualizer.scrollToIndex(length - 1);
        break;
      case 'ArrowRight':
        if (active === null) break;
        if (!active.isOpen) tree.open(active);
        else to = rowFrom(place + 1, 1);
        break;
      case 'ArrowLeft':
        if (active === null) break;
        if (active.isOpen) tree.fold(active);
        else to = active.branch.above;
        break;
      case 'Enter':
        if (active !== null) toggle(active);
        break;
      default:
        return;
    }
    event.preventDefault();
    if (to !== null) choose(to);
  };

  const sortBy = (column: Column<R>): void => {
    if (column.sort === undefined) return;
    const natural = column.natural ?? '-';
    const turned = natural === '-' ? '+' : '-';
    const is = props.sort === natural + column.sort;
    props.onSort?.((is ? turned : natural) + column.sort);
  };

  // Widths are those of the columns: a style of its own for each grid.
  const template = columns.map((column) => column.width).join(' ');
  const minWidth = `${columns.reduce((sum, column) => sum + pixels(column.width), 0)}px`;
  const items = virtualizer.getVirtualItems();
  const hidden = tree.length - length;
  const chosen = (node: Node<R>): boolean =>
    active === null ? props.selected === node.key && node.depth === 0 : node === active;

  return (
    <div class="treegrid-frame">
      <div class="toolbar">
        {props.toolbar}
        <span class="grow" />
        {page !== null && (
          <span class="quiet figures" data-testid="rows">
            {page.matching === page.all
              ? plural(page.all, 'row')
              : `${count(page.matching)} of ${count(page.all)} rows`}
          </span>
        )}
        <CopyMenu rows={() => copied(columns, tree)} />
      </div>
      <div
        class="treegrid"
        role="treegrid"
        aria-label={props.label}
        aria-rowcount={length + 1}
        aria-colcount={columns.length}
        aria-activedescendant={active === null ? undefined : `${id}-${tree.placeOf(active)}`}
        tabIndex={0}
        ref={scroller}
        onKeyDown={onKeyDown}
        onCopy={(event) => {
          if (active === null || !getSelection()?.isCollapsed) return;
          event.clipboardData?.setData('text/plain', lineText(columns, active.row));
          event.preventDefault();
        }}
      >
        <div class="treegrid-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template, minWidth }}>
          {columns.map((column) => (
            <div
              key={column.id}
              role="columnheader"
              class={column.align === 'end' ? 'end' : ''}
              aria-sort={ariaSort(column, props.sort)}
              title={column.hint}
            >
              {column.sort === undefined ? (
                column.title
              ) : (
                <button type="button" tabIndex={-1} onClick={() => sortBy(column)}>
                  {column.title}
                  <span class="arrow" aria-hidden="true">
                    {arrow(column, props.sort)}
                  </span>
                </button>
              )}
            </div>
          ))}
        </div>
        <div class="treegrid-body" role="rowgroup" style={{ height: `${length * ROW_HEIGHT}px`, minWidth }}>
          {items.map((item) => {
            const line = tree.at(item.index);
            const style = { transform: `translateY(${item.start}px)`, gridTemplateColumns: template };
            if (line.kind !== 'row') {
              return <Placeholder key={item.index} line={line} style={style} place={item.index} empty={props.empty} />;
            }
            const { node } = line;
            const opens = node.isOpen || tree.canOpen(node);
            return (
              <div
                key={item.index}
                id={`${id}-${item.index}`}
                role="row"
                class={chosen(node) ? 'row chosen' : 'row'}
                style={style}
                aria-rowindex={item.index + 2}
                aria-level={node.depth + 1}
                aria-selected={chosen(node)}
                aria-expanded={opens ? node.isOpen : undefined}
                onMouseDown={(event) => {
                  if (event.button === 0) choose(node);
                }}
                onDblClick={() => toggle(node)}
              >
                {columns.map((column, at) => (
                  <div
                    key={column.id}
                    role="gridcell"
                    class={column.align === 'end' ? 'cell end' : 'cell'}
                    style={at === 0 ? { paddingLeft: `${10 + node.depth * 16}px` } : undefined}
                  >
                    {at === 0 && (
                      <span
                        class={opens ? (node.isOpen ? 'twisty open' : 'twisty') : 'twisty none'}
                        aria-hidden="true"
                        onMouseDown={(event) => {
                          event.stopPropagation();
                          event.preventDefault();
                          scroller.current?.focus();
                          setActive(node);
                          toggle(node);
                        }}
                      />
                    )}
                    {column.cell(node.row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
        {hidden > 0 && <p class="quiet more">{count(hidden)} more rows: sort or filter to see them.</p>}
      </div>
    </div>
  );
}

/** The least pixels of a column's width. */
function pixels(width: string): number {
  return Number(/(\d+)px/.exec(width)?.[1] ?? 100);
}

function Placeholder<R>(props: {
  line: Exclude<Line<R>, { kind: 'row' }>;
  style: Record<string, string>;
  place: number;
  empty: string | undefined;
}): JSX.Element {
  const { line } = props;
  return (
    <div class={`row ${line.kind}`} role="row" aria-rowindex={props.place + 2} style={props.style}>
      <div class="cell whole" role="gridcell" style={{ paddingLeft: `${26 + line.depth * 16}px` }}>
        {line.kind === 'waiting' && <span class="bar" aria-label="Loading" role="img" />}
        {line.kind === 'empty' && (line.depth === 0 ? (props.empty ?? 'Nothing here') : 'Nothing below')}
        {line.kind === 'failed' && (
          <span role="alert">
            <Text of={line.error.message} />
            {line.error instanceof Unanswered && line.error.hint && (
              <span class="quiet">
                {' '}
                (<Text of={line.error.hint} />)
              </span>
            )}
          </span>
        )}
      </div>
    </div>
  );
}

function ariaSort<R>(column: Column<R>, sort: string | undefined): 'ascending' | 'descending' | 'none' | undefined {
  if (column.sort === undefined) return undefined;
  if (sort === `+${column.sort}`) return 'ascending';
  return sort === `-${column.sort}` ? 'descending' : 'none';
}

function arrow<R>(column: Column<R>, sort: string | undefined): string {
  if (sort === `+${column.sort}`) return ' \u2191';
  return sort === `-${column.sort}` ? ' \u2193' : '';
}

function lineText<R>(columns: Column<R>[], row: R): string {
  return columns.map((column) => plain(column.text(row), 10_000)).join('\t');
}

/** Rows for the clipboard, as text and as the server gave them. */
function copied<R>(columns: Column<R>[], tree: Tree<R>): { text: string; json: string } {
  const nodes = tree.loaded(10_000);
  const head = columns.map((column) => column.title).join('\t');
  const lines = nodes.map((node) => '  '.repeat(node.depth) + lineText(columns, node.row));
  return {
    text: [head, ...lines].join('\n'),
    json: JSON.stringify(
      nodes.map((node) => node.row),
      null,
      2,
    ),
  };
}

/** A function that renders the component again. */
function useRedraw(): () => void {
  const [, redraw] = useReducer((n: number, _: undefined) => n + 1, 0);
  return useCallback(() => redraw(undefined), []);
}

/** The part of a long list that is in view. */
function useVirtualizer(
  length: number,
  scroller: { current: HTMLDivElement | null },
): Virtualizer<HTMLDivElement, HTMLDivElement> {
  const redraw = useRedraw();
  const options: VirtualizerOptions<HTMLDivElement, HTMLDivElement> = {
    count: length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    scrollPaddingStart: ROW_HEIGHT,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(),
  };
  const [virtualizer] = useState(() => new Virtualizer(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  return virtualizer;
}
