// The verdict: the sentence, the evidence round by round, the path drawn, the lines, what to do.

import type { JSX } from 'preact';
import type { Outcome } from '../api';
import { Answered, Empty, useAnswer } from '../asking';
import { bytes, count, MINUS, plural, rate, signed } from '../format';
import { Text } from '../text';
import { Slopes } from '../charts/slopes';

interface SourceLine {
  file: string;
  line: number;
  function: string | null;
  text: string;
}

export interface Suspect {
  rank: number;
  class: string;
  per_session: number;
  per_round: number[];
  bytes_per_session: number;
  gains_per_second: number | null;
  classes: { class: string; per_session: number }[];
  holder: { class: string; name: string | null; id: number; gains_per_session: number };
  path: string[];
  mechanism: string;
  grade: string;
  source: SourceLine | null;
  writer: SourceLine | null;
  package: string | null;
  /** Where another unit than the session fits: a failed session, a request. */
  unit?: { name: string; gains: number } | null;
  proof?: { proved: boolean; done: string | null; cohort: number; gone: number; failure: string | null } | null;
  accepted?: { reason: string; expires: string } | null;
}

interface Verdict {
  outcome: Outcome;
  reason: string;
  next: string | null;
  suspects: Suspect[];
  warnings: string[];
  bytes_per_session: number;
}

export interface RoundRow {
  round: number;
  sessions: number;
  failed: number;
  heap: number;
  heap_change: number;
  heap_per_session: number;
  rss: number;
  rss_change: number;
}

interface Excerpt {
  first: number;
  line: number;
  lines: string[];
}

interface Facts {
  command: string[];
  working_dir: string;
  node_version: string | null;
  v8_version: string | null;
  script: string;
  base_url: string;
  arrival_rate: number;
  created: number;
  completed: number;
  failed: number;
  idle_change: number | null;
}

interface VerdictAnswer {
  verdict: Verdict | null;
  rounds: RoundRow[];
  facts: Facts;
  sources: { source: Excerpt | null; writer: Excerpt | null }[];
}

const WORDS: Record<Outcome, string> = { leaking: 'Leaking', clean: 'Clean', inconclusive: 'Inconclusive' };

export function OutcomeWord({ outcome }: { outcome: Outcome }): JSX.Element {
  const sign = { leaking: '\u25b2', clean: '\u25cf', inconclusive: '\u25c6' }[outcome];
  return (
    <span class={`outcome ${outcome}`}>
      <span aria-hidden="true">{sign}</span> {WORDS[outcome]}
    </span>
  );
}

export function VerdictView({ lastSnapshot }: { lastSnapshot: number }): JSX.Element {
  const asked = useAnswer<VerdictAnswer>('verdict');
  return (
    <Answered asked={asked} what="Reading the verdict">
      {(answer) => <Whole answer={answer} lastSnapshot={lastSnapshot} />}
    </Answered>
  );
}

function Whole({ answer, lastSnapshot }: { answer: VerdictAnswer; lastSnapshot: number }): JSX.Element {
  const { verdict, rounds, facts } = answer;
  return (
    <div class="view page" role="region" aria-label="Verdict" tabIndex={0}>
      <article class="verdict">
        <header class="answer">
          {verdict ? (
            <>
              <p class="answer-word">
                <OutcomeWord outcome={verdict.outcome} />
              </p>
              <h1>
                <Sentence verdict={verdict} />
              </h1>
              {verdict.next && (
                <p class="next">
                  <span class="label">Next</span> <Text of={verdict.next} longest={1000} />
                </p>
              )}
            </>
          ) : (
            <Empty title="This run was not judged">
              It ended before its verdict was written. <code>leakscope judge</code> judges what is there.
            </Empty>
          )}
          {verdict?.warnings.map((warning) => (
            <p class="warning" key={warning}>
              <span class="label">Warning</span> <Text of={warning} longest={1000} />
            </p>
          ))}
        </header>
        {verdict?.suspects.map((suspect, at) => (
          <SuspectCard
            key={suspect.rank}
            suspect={suspect}
            sources={answer.sources[at]}
            rounds={rounds}
            snapshot={lastSnapshot}
          />
        ))}
        <Rounds rounds={rounds} />
        <RunFacts facts={facts} />
      </article>
    </div>
  );
}

function Sentence({ verdict }: { verdict: Verdict }): JSX.Element {
  const [first] = verdict.suspects;
  if (verdict.outcome !== 'leaking' || first === undefined || first.gains_per_second !== null) {
    return <Text of={verdict.reason} longest={1000} />;
  }
  const whole = Math.abs(first.per_session - Math.round(first.per_session)) <= 0.02;
  return (
    <>
      {bytes(first.bytes_per_session)} and {whole ? 'exactly ' : ''}
      {whole ? Math.round(first.per_session) : rate(first.per_session)}{' '}
      <span class="class-name">
        <Text of={first.class} />
      </span>{' '}
      per session
    </>
  );
}

function gains(suspect: Suspect): string {
  if (suspect.gains_per_second !== null) return `${rate(suspect.gains_per_second)} a second, without load`;
  if (suspect.unit) return `${rate(suspect.unit.gains)} a ${suspect.unit.name}`;
  const each = suspect.holder.gains_per_session;
  const whole = Math.abs(each - Math.round(each)) <= 0.02;
  return `${whole ? Math.round(each) : rate(each)} a session`;
}

function SuspectCard(props: {
  suspect: Suspect;
  sources: { source: Excerpt | null; writer: Excerpt | null } | undefined;
  rounds: RoundRow[];
  snapshot: number;
}): JSX.Element {
  const { suspect, sources, rounds } = props;
  const { holder } = suspect;
  const inHeap = `/containment/${props.snapshot}?root=@${holder.id}&o=@${holder.id}`;
  return (
    <section class="card suspect" aria-label={`Suspect ${suspect.rank}`}>
      <header>
        <p class="kicker">Suspect {suspect.rank}</p>
        <h2>
          <span class="class-name">
            <Text of={holder.class} />
          </span>{' '}
          {holder.name && (
            <code>
              <Text of={holder.name} />
            </code>
          )}{' '}
          gains {gains(suspect)} and never lets go
        </h2>
        <p class="quiet">
          <Text of={suspect.mechanism} longest={1000} />.{' '}
          {props.snapshot >= 0 && (
            <a href={inHeap}>
              See it in the heap, <span class="mono">@{holder.id}</span>
            </a>
          )}
        </p>
      </header>
      <div class="columns">
        <div>
          <h3>Why it is alive</h3>
          <ol class="path-drawn" aria-label="Retaining path, from the root">
            {suspect.path.map((step, at) => (
              <li key={at} class={at === suspect.path.length - 1 ? 'last' : ''}>
                <Text of={step} />
              </li>
            ))}
          </ol>
        </div>
        <div>
          <h3>
            <Text of={suspect.class} /> per session, round by round
          </h3>
          {suspect.per_round.length > 0 ? (
            <Slopes
              label={`${suspect.class} gained over the sessions of each round`}
              rounds={suspect.per_round.map((each, at) => ({
                sessions: rounds[at]?.sessions ?? 0,
                gained: each * (rounds[at]?.sessions ?? 0),
              }))}
              unit={suspect.class}
            />
          ) : (
            <p class="quiet">It grows with time, not with sessions.</p>
          )}
          <ul class="rates">
            {suspect.per_round.map((each, at) => (
              <li key={at}>
                <span class="quiet">Round {at + 1}</span> <strong class="number">{each.toFixed(3)}</strong>
              </li>
            ))}
          </ul>
        </div>
      </div>
      {suspect.writer && (
        <Source title="Added at" line={suspect.writer} excerpt={sources?.writer ?? null} package={suspect.package} />
      )}
      {suspect.source && <Source title="Lives at" line={suspect.source} excerpt={sources?.source ?? null} />}
      {suspect.proof && (
        <p class="proof">
          <strong class={suspect.proof.proved ? 'proved' : 'unproved'}>
            {suspect.proof.proved ? '\u2713 Proved' : '\u2717 Not proved'}
          </strong>{' '}
          <Text of={suspect.proof.done ?? ''} longest={500} />{' '}
          {suspect.proof.failure ? (
            <Text of={suspect.proof.failure} longest={500} />
          ) : (
            `${count(suspect.proof.gone)} of ${count(suspect.proof.cohort)} objects of the last round went with it`
          )}
        </p>
      )}
      {suspect.accepted && (
        <p class="quiet">
          Accepted until <Text of={suspect.accepted.expires} />: <Text of={suspect.accepted.reason} longest={500} />
        </p>
      )}
      <details>
        <summary>Everything that piles up with it ({plural(suspect.classes.length, 'class', 'classes')})</summary>
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col" class="end">
                Per session
              </th>
            </tr>
          </thead>
          <tbody>
            {suspect.classes.map((row) => (
              <tr key={row.class}>
                <th scope="row">
                  <Text of={row.class} />
                </th>
                <td class="end number">{rate(row.per_session)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

function Source(props: {
  title: string;
  line: SourceLine;
  excerpt: Excerpt | null;
  package?: string | null;
}): JSX.Element {
  const { line, excerpt } = props;
  const lines = excerpt?.lines ?? [line.text];
  const first = excerpt?.first ?? line.line;
  return (
    <figure class="source">
      <figcaption>
        <span class="label">{props.title}</span>{' '}
        <span class="mono">
          {line.function && (
            <>
              <Text of={line.function} />{' '}
            </>
          )}
          <Text of={line.file} />:{line.line}
        </span>
        {props.package && (
          <span class="quiet">
            {' '}
            in package <Text of={props.package} />
          </span>
        )}
      </figcaption>
      <pre tabIndex={0} aria-label={`${props.title} ${line.file}:${line.line}`}>
        {lines.map((text, at) => {
          const number = first + at;
          return (
            <div key={number} class={number === line.line ? 'code-line hit' : 'code-line'}>
              <span class="line-number" aria-hidden="true">
                {number}
              </span>
              <code>
                <Text of={text === '' ? ' ' : text.replaceAll('\t', '  ')} longest={400} />
              </code>
            </div>
          );
        })}
      </pre>
    </figure>
  );
}

export function Rounds({ rounds }: { rounds: RoundRow[] }): JSX.Element {
  return (
    <section class="card" aria-label="Rounds">
      <h2>What every round left behind</h2>
      {rounds.length === 0 ? (
        <p class="quiet">No round came to its end.</p>
      ) : (
        <div class="scroll-x">
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">Round</th>
                <th scope="col" class="end">Sessions</th>
                <th scope="col" class="end">Failed</th>
                <th scope="col" class="end">Heap + external</th>
                <th scope="col" class="end">Change</th>
                <th scope="col" class="end">Per session</th>
                <th scope="col" class="end">RSS</th>
                <th scope="col" class="end">Change</th>
              </tr>
            </thead>
            <tbody>
              {rounds.map((row) => (
                <tr key={row.round}>
                  <th scope="row">{row.round}</th>
                  <td class="end number">{count(row.sessions)}</td>
                  <td class="end number">{count(row.failed)}</td>
                  <td class="end number">{bytes(row.heap)}</td>
                  <td class="end number">{signed(row.heap_change, bytes)}</td>
                  <td class="end number strong">{signed(Math.round(row.heap_per_session), bytes)}</td>
                  <td class="end number">{bytes(row.rss)}</td>
                  <td class="end number">{signed(row.rss_change, bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="quiet note">
        Read when the load had drained and V8 had collected everything it could, twice, through the inspector.
      </p>
    </section>
  );
}

function RunFacts({ facts }: { facts: Facts }): JSX.Element {
  return (
    <section class="card" aria-label="The run">
      <h2>The run</h2>
      <dl class="facts">
        <dt>Service</dt>
        <dd class="mono">
          <Text of={facts.command.join(' ')} longest={1000} />
        </dd>
        <dt>Folder</dt>
        <dd class="mono">
          <Text of={facts.working_dir} longest={1000} />
        </dd>
        {facts.node_version && (
          <>
            <dt>Node.js</dt>
            <dd>
              {facts.node_version} <span class="quiet">V8 {facts.v8_version ?? '?'}</span>
            </dd>
          </>
        )}
        <dt>Load</dt>
        <dd>
          <Text of={facts.script} /> to <Text of={facts.base_url} />, {count(facts.arrival_rate)} sessions a second
        </dd>
        <dt>Sessions</dt>
        <dd>
          {count(facts.created)} created, {count(facts.completed)} completed, {count(facts.failed)} failed, warm-up
          included
        </dd>
        {facts.idle_change !== null && (
          <>
            <dt>Idle round</dt>
            <dd>
              {facts.idle_change < 0 ? MINUS : '+'}
              {bytes(Math.abs(facts.idle_change))} in the same time without load
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}
