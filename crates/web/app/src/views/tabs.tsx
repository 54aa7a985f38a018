// Tabs, with the arrow keys between them.

import type { JSX } from 'preact';

export function Tabs<T extends string>(props: {
  label: string;
  tabs: [T, string][];
  chosen: T;
  onChoose: (tab: T) => void;
  /** The id of what they switch, if it is one element. */
  panel?: string;
}): JSX.Element {
  const move = (event: KeyboardEvent, step: number): void => {
    const at = props.tabs.findIndex(([tab]) => tab === props.chosen);
    const next = props.tabs[(at + step + props.tabs.length) % props.tabs.length];
    if (next === undefined) return;
    event.preventDefault();
    props.onChoose(next[0]);
    const list = (event.currentTarget as HTMLElement).parentElement;
    list?.querySelector<HTMLElement>(`[data-tab="${next[0]}"]`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={props.label}>
      {props.tabs.map(([tab, title]) => (
        <button
          key={tab}
          type="button"
          role="tab"
          data-tab={tab}
          aria-selected={tab === props.chosen}
          aria-controls={props.panel}
          tabIndex={tab === props.chosen ? 0 : -1}
          onClick={() => props.onChoose(tab)}
          onKeyDown={(event) => {
            if (event.key === 'ArrowRight') move(event, 1);
            else if (event.key === 'ArrowLeft') move(event, -1);
          }}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
