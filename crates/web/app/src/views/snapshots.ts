// How snapshots are called.

import type { Workbench } from '../api';
import { plain } from '../text';

export function snapshotTitle(workbench: Workbench, at: number): string {
  const info = workbench.snapshots[at];
  if (info === undefined) return `snapshot ${at + 1}`;
  return `${at + 1}. ${info.stage ?? plain(info.name, 40)}`;
}
