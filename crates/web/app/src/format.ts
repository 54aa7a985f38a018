// Quantities as text: binary units, three digits that count, a real minus sign. The same rendering
// as the terminal's.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
export const MINUS = '\u2212';

export function bytes(value: number): string {
  const sign = value < 0 ? MINUS : '';
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  // 1023.96 KiB is shown as the next unit, not as 1024.0.
  if (unit > 0 && unit < UNITS.length - 1 && size.toFixed(1) === '1024.0') {
    size /= 1024;
    unit += 1;
  }
  const digits = unit === 0 ? Math.round(size).toString() : size.toFixed(1);
  return `${sign}${digits} ${UNITS[unit]}`;
}

const GROUPED = new Intl.NumberFormat('en-US');

export function count(value: number): string {
  return value < 0 ? MINUS + GROUPED.format(-value) : GROUPED.format(value);
}

/** With a sign, for changes; nothing changed is a plain zero. */
export function signed(value: number, render: (value: number) => string): string {
  return value > 0 ? `+${render(value)}` : render(value);
}

export function percent(part: number, whole: number): string {
  if (whole <= 0) return '';
  const share = (100 * part) / whole;
  if (share > 0 && share < 0.1) return '<0.1 %';
  return `${share >= 99.95 ? '100' : share.toFixed(1)} %`;
}

/** A rate per session: whole where it is whole. */
export function rate(value: number): string {
  if (value === 0) return '0';
  const text = Math.abs(value) >= 1000 ? count(Math.round(value)) : Math.abs(value).toFixed(3);
  return value < 0 && !text.startsWith(MINUS) ? MINUS + text : text;
}

export function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 120) return `${value.toFixed(1)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
