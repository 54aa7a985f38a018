// Light or dark: the system's, unless the person chose.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

type Theme = 'system' | 'light' | 'dark';

const KEY = 'leakscope.theme';
const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const TITLES: Record<Theme, string> = { system: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' };

function kept(): Theme {
  const theme = localStorage.getItem(KEY);
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

/** Applies what was chosen; charts listen to `themechange` for their colors. */
export function applyTheme(theme: Theme = kept()): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  dispatchEvent(new Event('themechange'));
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => applyTheme());

export function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useState(kept);
  return (
    <button
      type="button"
      class="plain"
      onClick={() => {
        const next = NEXT[theme];
        localStorage.setItem(KEY, next);
        setTheme(next);
        applyTheme(next);
      }}
    >
      {TITLES[theme]}
    </button>
  );
}
