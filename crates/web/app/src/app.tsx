// The page: which views there are, and which is shown.

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { address, type Workbench } from './api';
import { Answered, Empty, useAnswer } from './asking';
import { bytes } from './format';
import { go, type Route, useRoute } from './route';
import { plain, Text } from './text';
import { ThemeButton } from './theme';
import { Allocations } from './views/allocations';
import { Compare } from './views/compare';
import { IcicleView } from './views/icicle';
import { Load } from './views/load';
import { snapshotTitle } from './views/snapshots';
import { Statistics } from './views/statistics';
import { Strings } from './views/strings';
import { Summary } from './views/summary';
import { TimelineView } from './views/timeline';
import { ObjectTree } from './views/trees';
import { Trend } from './views/trend';
import { OutcomeWord, VerdictView } from './views/verdict';
import { WorkbenchContext } from './workbench';

interface ViewInfo {
  id: string;
  title: string;
}

const OF_RUN: ViewInfo[] = [
  { id: 'verdict', title: 'Verdict' },
  { id: 'timeline', title: 'Timeline' },
  { id: 'load', title: 'Load' },
  { id: 'allocations', title: 'Allocations' },
];
const OF_SERIES: ViewInfo[] = [
  { id: 'compare', title: 'Comparison' },
  { id: 'trend', title: 'Trend' },
];
const OF_SNAPSHOT: ViewInfo[] = [
  { id: 'summary', title: 'Summary' },
  { id: 'containment', title: 'Containment' },
  { id: 'dominators', title: 'Dominators' },
  { id: 'map', title: 'Dominator map' },
  { id: 'statistics', title: 'Statistics' },
  { id: 'strings', title: 'Strings' },
];

export function App(): JSX.Element {
  const asked = useAnswer<Workbench>('workbench');
  return (
    <Answered asked={asked} what="Opening">
      {(workbench) => (
        <WorkbenchContext.Provider value={workbench}>
          <Shell workbench={workbench} />
        </WorkbenchContext.Provider>
      )}
    </Answered>
  );
}

function Shell({ workbench }: { workbench: Workbench }): JSX.Element {
  const route = useRoute();
  const last = workbench.snapshots.length - 1;
  const [view = workbench.run ? 'verdict' : 'summary'] = route.parts;
  const [snapshot, setSnapshot] = useState(last);
  const named = Number(route.parts.at(-1));
  const shown = route.parts.length > 1 && Number.isInteger(named) ? named : snapshot;
  useEffect(() => setSnapshot(shown), [shown]);
  const known = [...OF_RUN, ...OF_SERIES, ...OF_SNAPSHOT].find((info) => info.id === view);
  useEffect(() => {
    document.title = `${known?.title ?? 'leakscope'}: ${plain(workbench.title, 80)}`;
  }, [known, workbench]);
  return (
    <div class="shell" onClick={followInside}>
      <a class="skip" href="#main">
        To the view
      </a>
      <aside class="side">
        <header class="brand">
          <a href="/" class="product">
            leakscope
          </a>
          <p class="title" title={plain(workbench.title, 1000)}>
            <Text of={workbench.title} />
          </p>
          {workbench.run?.outcome && <OutcomeWord outcome={workbench.run.outcome} />}
        </header>
        <nav aria-label="Views">
          {workbench.run && <Links title="Run" views={OF_RUN} view={view} to={(id) => `/${id}`} />}
          {last >= 1 && (
            <Links
              title="All snapshots"
              views={OF_SERIES}
              view={view}
              to={(id) => (id === 'compare' ? `/compare/${defaultBase(workbench)}/${last}` : `/${id}`)}
            />
          )}
          {last >= 0 && (
            <>
              <SnapshotChoice
                workbench={workbench}
                chosen={shown}
                onChoose={(at) => {
                  const isOfSnapshot = OF_SNAPSHOT.some((info) => info.id === view);
                  setSnapshot(at);
                  if (isOfSnapshot) go(`/${view}/${at}${location.search}`);
                  else go(`/summary/${at}`);
                }}
              />
              <Search snapshot={shown} />
              <Links title="" views={OF_SNAPSHOT} view={view} to={(id) => `/${id}/${shown}`} />
            </>
          )}
        </nav>
        <footer>
          <ThemeButton />
          <span class="quiet">{workbench.version}</span>
        </footer>
      </aside>
      <main id="main" tabIndex={-1}>
        <View view={view} route={route} snapshot={shown} workbench={workbench} />
      </main>
    </div>
  );
}

function View(props: { view: string; route: Route; snapshot: number; workbench: Workbench }): JSX.Element {
  const { view, route, snapshot } = props;
  switch (view) {
    case 'verdict':
      return <VerdictView lastSnapshot={props.workbench.snapshots.length - 1} />;
    case 'summary':
      return <Summary key={snapshot} route={route} snapshot={snapshot} />;
    case 'containment':
    case 'dominators':
      return <ObjectTree key={`${view} ${snapshot}`} route={route} snapshot={snapshot} way={view} />;
    case 'map':
      return <IcicleView key={snapshot} route={route} snapshot={snapshot} />;
    case 'statistics':
      return <Statistics key={snapshot} route={route} snapshot={snapshot} />;
    case 'strings':
      return <Strings key={snapshot} route={route} snapshot={snapshot} />;
    case 'timeline':
      return <TimelineView route={route} />;
    case 'load':
      return <Load />;
    case 'allocations':
      return <Allocations />;
    case 'trend':
      return <Trend route={route} />;
    case 'compare': {
      const [, base, newer] = route.parts.map(Number);
      const last = props.workbench.snapshots.length - 1;
      return <Compare key={route.parts.join()} route={route} base={base ?? 0} newer={newer ?? last} />;
    }
    default:
      return (
        <Empty title="There is no such view">
          The address names none of those at the side.
        </Empty>
      );
  }
}

function Links(props: { title: string; views: ViewInfo[]; view: string; to: (id: string) => string }): JSX.Element {
  return (
    <div class="links">
      {props.title && <h2>{props.title}</h2>}
      <ul>
        {props.views.map(({ id, title }) => (
          <li key={id}>
            <a href={props.to(id)} aria-current={id === props.view ? 'page' : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Rounds are compared from the idle round on: what the warm-up made is not theirs. */
function defaultBase(workbench: Workbench): number {
  const idle = workbench.snapshots.findIndex((info) => info.stage === 'idle');
  return Math.max(0, idle);
}

function SnapshotChoice(props: {
  workbench: Workbench;
  chosen: number;
  onChoose: (at: number) => void;
}): JSX.Element {
  return (
    <div class="snapshot-choice">
      <h2 id="snapshot-label">Snapshot</h2>
      <select
        aria-labelledby="snapshot-label"
        value={String(props.chosen)}
        onChange={(event) => props.onChoose(Number(event.currentTarget.value))}
      >
        {props.workbench.snapshots.map((info, at) => (
          <option key={at} value={String(at)}>
            {snapshotTitle(props.workbench, at)} ({bytes(info.bytes)})
          </option>
        ))}
      </select>
    </div>
  );
}

/** To an object by its id, or to the classes of a name. */
function Search({ snapshot }: { snapshot: number }): JSX.Element {
  return (
    <input
      type="search"
      class="filter search"
      aria-label="Go to an id or a class"
      placeholder="@id or class"
      spellcheck={false}
      onKeyDown={(event) => {
        const wanted = event.currentTarget.value.trim();
        if (event.key !== 'Enter' || wanted === '') return;
        const id = /^@?(\d+)$/.exec(wanted)?.[1];
        go(id === undefined ? address(`/summary/${snapshot}`, { q: wanted }) : `/summary/${snapshot}?o=@${id}`);
      }}
    />
  );
}

/** Links within the page change the view without loading the page again. */
function followInside(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest('a');
  if (link === null || link.target !== '' || link.origin !== location.origin) return;
  const href = link.getAttribute('href') ?? '';
  if (href.startsWith('#')) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
