// The load: what was planned, what came of it, and how long everything took.

import type { JSX } from 'preact';
import { Answered, useAnswer } from '../asking';
import { count } from '../format';
import { Text } from '../text';

interface Times {
  name: string;
  count: number;
  min: number;
  median: number;
  p95: number;
  p99: number;
  max: number;
}

interface LoadView {
  stages: {
    stage: string;
    planned: number | null;
    created: number;
    completed: number;
    failed: number;
    failures: Record<string, number>;
    requests: number;
    messages_sent: number;
    messages_received: number;
  }[];
  times: Times[];
  counters: Record<string, number>;
}

const NAMES: Record<string, string> = {
  'http.response_time': 'HTTP response',
  'vusers.session_length': 'Whole session',
  'leakscope.start_lag': 'Late start of a session',
  'websocket.response_time': 'WebSocket answer',
};

export function Load(): JSX.Element {
  const asked = useAnswer<LoadView>('load');
  return (
    <div class="view page" role="region" aria-label="Load" tabIndex={0}>
      <header class="view-head">
        <h1>Load</h1>
      </header>
      <Answered asked={asked} what="Reading the load's report">
        {(load) => <Whole load={load} />}
      </Answered>
    </div>
  );
}

function ms(value: number): string {
  return `${value < 100 ? value.toFixed(1) : count(Math.round(value))} ms`;
}

function Whole({ load }: { load: LoadView }): JSX.Element {
  const failures = load.stages.flatMap((stage) => Object.entries(stage.failures).map(([why, n]) => ({ stage: stage.stage, why, n })));
  const most = Math.max(1, ...load.times.map((each) => each.p99));
  return (
    <div class="cards">
      <section class="card" aria-label="Sessions">
        <h2>Sessions, stage by stage</h2>
        <div class="scroll-x">
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">Stage</th>
                <th scope="col" class="end">Planned</th>
                <th scope="col" class="end">Started</th>
                <th scope="col" class="end">Completed</th>
                <th scope="col" class="end">Failed</th>
                <th scope="col" class="end">Requests</th>
                <th scope="col" class="end">Messages sent</th>
                <th scope="col" class="end">Received</th>
              </tr>
            </thead>
            <tbody>
              {load.stages.map((stage, at) => (
                <tr key={at}>
                  <th scope="row">{stage.stage}</th>
                  <td class="end number">{stage.planned === null ? '' : count(stage.planned)}</td>
                  <td class="end number">{count(stage.created)}</td>
                  <td class="end number">{count(stage.completed)}</td>
                  <td class={stage.failed > 0 ? 'end number bad' : 'end number'}>{count(stage.failed)}</td>
                  <td class="end number">{count(stage.requests)}</td>
                  <td class="end number">{count(stage.messages_sent)}</td>
                  <td class="end number">{count(stage.messages_received)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {failures.length > 0 && (
          <p class="note">
            Failed by:{' '}
            {failures.map(({ stage, why, n }, at) => (
              <span key={at}>
                {at > 0 && ', '}
                <Text of={why} /> ×{count(n)} <span class="quiet">in {stage}</span>
              </span>
            ))}
          </p>
        )}
      </section>
      {load.times.length > 0 && (
        <section class="card" aria-label="Times">
          <h2>How long it took</h2>
          <div class="scroll-x">
            <table class="plain-table">
              <thead>
                <tr>
                  <th scope="col">What</th>
                  <th scope="col">Median to 99th percentile</th>
                  <th scope="col" class="end">Count</th>
                  <th scope="col" class="end">Median</th>
                  <th scope="col" class="end">p95</th>
                  <th scope="col" class="end">p99</th>
                  <th scope="col" class="end">Longest</th>
                </tr>
              </thead>
              <tbody>
                {load.times.map((each) => (
                  <tr key={each.name}>
                    <th scope="row">{NAMES[each.name] ?? <Text of={each.name} />}</th>
                    <td>
                      <span class="range" aria-hidden="true">
                        <span
                          style={{
                            marginLeft: `${(100 * each.median) / most}%`,
                            width: `${Math.max(1, (100 * (each.p99 - each.median)) / most)}%`,
                          }}
                        />
                      </span>
                    </td>
                    <td class="end number">{count(each.count)}</td>
                    <td class="end number">{ms(each.median)}</td>
                    <td class="end number">{ms(each.p95)}</td>
                    <td class="end number">{ms(each.p99)}</td>
                    <td class="end number">{ms(each.max)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </div>
  );
}
