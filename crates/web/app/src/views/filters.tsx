// What narrows a list: a text or a pattern, a size, DevTools' own filters. All of it is in the
// address.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { change, here } from '../route';

export function FilterBox(props: {
  label: string;
  placeholder: string;
  /** Which part of the query it is. */
  name?: string;
}): JSX.Element {
  const { label, placeholder, name = 'q' } = props;
  const [text, setText] = useState(here().query.get(name) ?? '');
  const timer = useRef<number | undefined>(undefined);
  const kept = here().query.get(name) ?? '';
  // Back, and other links, change the address under it.
  useEffect(() => setText(kept), [kept]);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (name === 'q' && event.key === 'f' && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
        event.preventDefault();
        input.current?.focus();
        input.current?.select();
      }
    };
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('keydown', onKey);
      clearTimeout(timer.current);
    };
  }, []);
  return (
    <input
      ref={input}
      type="search"
      class="filter"
      aria-label={label}
      placeholder={placeholder}
      value={text}
      spellcheck={false}
      onInput={(event) => {
        const { value } = event.currentTarget;
        setText(value);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => change({ [name]: value }), 200);
      }}
    />
  );
}

const SIZES: [string, string][] = [
  ['', 'Any size'],
  ['1024', 'At least 1 KiB'],
  ['102400', 'At least 100 KiB'],
  ['1048576', 'At least 1 MiB'],
  ['10485760', 'At least 10 MiB'],
  ['104857600', 'At least 100 MiB'],
];

export function LeastSize(): JSX.Element {
  return <Choice label="Retained size at least" name="least" options={SIZES} />;
}

const FILTERS: [string, string][] = [
  ['', 'All objects'],
  ['duplicatedStrings', 'Duplicated strings'],
  ['objectsRetainedByDetachedDomNodes', 'Retained by detached DOM nodes'],
  ['objectsRetainedByConsole', 'Retained by the console'],
  ['objectsRetainedByEventHandlers', 'Retained by event handlers'],
  ['objectsRetainedByContexts', 'Retained by contexts of closures'],
];

export function DevToolsFilter(): JSX.Element {
  return <Choice label="Which objects" name="only" options={FILTERS} />;
}

function Choice({ label, name, options }: { label: string; name: string; options: [string, string][] }): JSX.Element {
  return (
    <select
      aria-label={label}
      value={here().query.get(name) ?? ''}
      onChange={(event) => change({ [name]: event.currentTarget.value }, 'push')}
    >
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}
