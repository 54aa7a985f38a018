// Growth over sessions, one line for each round: rounds of a leak lie on one another.

import type { JSX } from 'preact';
import { count } from '../format';

const WIDTH = 440;
const HEIGHT = 190;
const LEFT = 52;
const RIGHT = 74;
const TOP = 12;
const BOTTOM = 34;

export function Slopes(props: {
  label: string;
  rounds: { sessions: number; gained: number }[];
  unit: string;
}): JSX.Element {
  const { rounds } = props;
  const sessions = Math.max(1, ...rounds.map((round) => round.sessions));
  const most = Math.max(1, ...rounds.map((round) => round.gained));
  const x = (value: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * value) / sessions;
  const y = (value: number): number => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * Math.max(0, value)) / most;
  const said = rounds.map((round, at) => `round ${at + 1}: ${count(Math.round(round.gained))} in ${round.sessions} sessions`);
  return (
    <svg class="slopes" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${props.label}: ${said.join(', ')}`}>
      {[0, 0.5, 1].map((part) => (
        <g key={part}>
          <line class="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(part * most)} y2={y(part * most)} />
          <text class="tick end" x={LEFT - 8} y={y(part * most) + 4}>
            {count(Math.round(part * most))}
          </text>
        </g>
      ))}
      {rounds.map((round, at) => (
        <g key={at} class={`series-${at % 6}`}>
          <line class="slope" x1={x(0)} y1={y(0)} x2={x(round.sessions)} y2={y(round.gained)} />
          <circle cx={x(round.sessions)} cy={y(round.gained)} r={4.5} />
          <text class="mark" x={x(round.sessions) + 9} y={y(round.gained) + 4}>
            round {at + 1}
          </text>
          <text class="tick middle" x={x(round.sessions)} y={HEIGHT - BOTTOM + 16}>
            {count(round.sessions)}
          </text>
        </g>
      ))}
      <text class="tick middle" x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 3}>
        sessions
      </text>
    </svg>
  );
}
