// What is looked at, for every view.

import { createContext } from 'preact';
import type { Workbench } from './api';

export const WorkbenchContext = createContext<Workbench>({ title: '', version: '', run: null, snapshots: [] });
