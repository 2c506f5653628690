/** What --trace did to the runs: how much was traced, what that costs here, what was lost. */
import { formatDuration } from '../base/units.js';
import type { RunFile } from '../bundle/schema.js';
import { median } from '../stats/median.js';
import { counted } from './words.js';

export function traceNotes(runs: readonly Pick<RunFile, 'trace'>[]): string[] {
  const traces = runs.flatMap(({ trace }) => trace ?? []);
  if (traces.length === 0) return [];
  const sum = (of: (trace: (typeof traces)[number]) => number): number =>
    traces.reduce((total, trace) => total + of(trace), 0);
  const costs = traces.flatMap(({ call_ns }) => call_ns ?? []);
  const [without, traced] = [median(costs.map((cost) => cost.without)), median(costs.map((cost) => cost.with))];
  const lost_n = sum((trace) => trace.lost_n);
  return [
    `Traced: ${sum(({ events_n }) => events_n).toLocaleString('en-US')} events in ${counted(traces.length, 'run')}.${without === null || traced === null ? '' : ` A call of mprotect took ${formatDuration(without)} without the trace and ${formatDuration(traced)} with it, measured before each run: compare small percentiles with those of traced runs only.`}`,
    ...(lost_n > 0
      ? [
          `${counted(lost_n, 'event')} of the trace ${lost_n === 1 ? 'was' : 'were'} lost, the oldest of a run first: stalls before that are told without it.`,
        ]
      : []),
  ];
}
