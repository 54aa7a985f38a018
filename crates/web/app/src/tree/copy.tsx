// What is shown, for the clipboard: as a table that spreadsheets take, or as JSON.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

export function CopyMenu({ rows }: { rows: () => { text: string; json: string } }): JSX.Element {
  const [said, setSaid] = useState('');
  const copy = async (kind: 'text' | 'json'): Promise<void> => {
    try {
      await navigator.clipboard.writeText(rows()[kind]);
      setSaid('copied');
    } catch {
      setSaid('the browser does not allow it');
    }
    setTimeout(() => setSaid(''), 1500);
  };
  return (
    <span class="copy">
      <span class="quiet" role="status">
        {said}
      </span>
      <button type="button" class="plain" onClick={() => void copy('text')} title="Copy the rows that are loaded, as a table">
        Copy text
      </button>
      <button type="button" class="plain" onClick={() => void copy('json')} title="Copy the rows that are loaded, as JSON">
        Copy JSON
      </button>
    </span>
  );
}
