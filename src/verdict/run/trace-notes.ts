/** What --trace did to the runs: how much was traced, what that costs here, what was lost. */
import type { RunFile } from '../../bundle/bundle-schema.js';
import type { NoteFact } from '../../facts/note-facts.js';
import { median } from '../../stats/median.js';

export function traceNotes(runs: readonly Pick<RunFile, 'trace'>[]): NoteFact[] {
  const traces = runs.flatMap(({ trace }) => trace ?? []);
  if (traces.length === 0) return [];
  const sum = (of: (trace: (typeof traces)[number]) => number): number =>
    traces.reduce((total, trace) => total + of(trace), 0);
  const costs = traces.flatMap(({ call_ns }) => call_ns ?? []);
  const lost_n = sum((trace) => trace.lost_n);
  return [
    {
      code: 'traced',
      events_n: sum(({ events_n }) => events_n),
      runs_n: traces.length,
      withoutTrace_ns: median(costs.map((cost) => cost.without)),
      withTrace_ns: median(costs.map((cost) => cost.with)),
    },
    ...(lost_n > 0 ? [{ code: 'trace-lost', events_n: lost_n } as const] : []),
  ];
}
