// Where the page begins.

import { render } from 'preact';
import { App } from './app';
import './style/base.css';
import './style/charts.css';
import './style/shell.css';
import './style/tree.css';
import './style/verdict.css';
import { applyTheme } from './theme';

applyTheme();
const root = document.getElementById('app');
if (root) render(<App />, root);
