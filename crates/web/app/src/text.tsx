// Text from a heap. It may hold anything: what would steer the page or hide in it is made visible.

import type { JSX } from 'preact';

const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u;

/** Characters that are shown in a row; the rest is a click away. */
const SHORT = 300;

/** A character without a picture, as its code. */
export function escaped(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0) ?? 0;
  return `\\u{${code.toString(16)}}`;
}

/** Text with everything visible, for places that take no elements. */
export function plain(text: string, longest = SHORT): string {
  const kept = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return Array.from(kept, (c) => (UNSEEN.test(c) ? escaped(c) : c)).join('');
}

/** Text in a place of its own: its direction does not reach the text beside it. */
export function Text({ of, longest = SHORT }: { of: string; longest?: number }): JSX.Element {
  const kept = of.length > longest ? `${of.slice(0, longest)}…` : of;
  if (!UNSEEN.test(kept)) return <bdi>{kept}</bdi>;
  const pieces: JSX.Element[] = [];
  let run = '';
  for (const character of kept) {
    if (UNSEEN.test(character)) {
      if (run) pieces.push(<>{run}</>);
      run = '';
      pieces.push(<span class="unseen">{escaped(character)}</span>);
    } else {
      run += character;
    }
  }
  if (run) pieces.push(<>{run}</>);
  return <bdi>{pieces}</bdi>;
}
