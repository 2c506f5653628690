/** Histogram logs of any tool as a side of a comparison. */
import { basename } from 'node:path';
import { usage } from '../base/failure.js';
import { highestOfIndex, valueOfIndex, type SparseCounts } from '../record/counts.js';
import { percentile_ns } from '../record/histogram.js';
import { sumHlog } from '../record/hlog-sum.js';
import { hasFiniteUpperBound } from '../stats/quantile-bounds.js';
import type { RoundRun, SeriesEvidence, Side } from './side.js';

/** Of each file one run: the intervals of a log share one process, and are not independent. */
export function logSide(path: string, files: readonly string[], threshold_ns: number): Side {
  const evidence = new Map<string, SeriesEvidence & { runs: RoundRun[] }>();
  const notes: string[] = [];
  for (const [round, file] of files.entries()) {
    const { tags, truncated } = sumHlog(file);
    if (tags.length === 0) throw usage(`${file} holds no histogram; name a histogram log`);
    if (truncated) notes.push(`the last line of ${file} was cut off and is left out.`);
    for (const { tag, length_ns, counts } of tags) {
      const series = tag ?? '(no tag)';
      const entry = evidence.get(series) ?? { arm: '', scope: 'series', series, runs: [] };
      evidence.set(series, entry);
      if (counts.n === 0) notes.push(`${series} has no sample in ${file}; this run of it is left out.`);
      else entry.runs.push(logEvidence(round, length_ns, counts, threshold_ns));
    }
  }
  return {
    label: basename(path.replace(/\/+$/, '')),
    path,
    kind: 'log',
    arms: [''],
    evidence: [...evidence.values()],
    facts: { profile: null, profileHash: null, kernel: null, preemption: null, hz: null, cpuModel: null, cpus: null, memoryBytes: null, tool: null, jdks: [] },
    resolved: null,
    programs: null,
    startedAt: null,
    measured_ns: {},
    turns: null,
    incomplete: null,
    regions: [],
    leftOut: [],
    notes,
    degraded: [],
  };
}

function logEvidence(round: number, window_ns: number, counts: SparseCounts, threshold_ns: number): RoundRun {
  let count = 0;
  counts.index.forEach((index, position) => {
    if ((valueOfIndex(index) + highestOfIndex(index)) / 2 >= threshold_ns) count += counts.count[position] ?? 0;
  });
  return {
    scope: 'series',
    round,
    window_ns,
    threshold_ns,
    knowsStates: false,
    figures: {
      service: { n: counts.n },
      response: null,
      saturated: false,
      stalls: { threshold_ns, count, blocked_count: 0, unseen_count: count, longest_ns: count > 0 ? counts.max_ns : 0, longest_blocked_ns: 0, total_ns: 0, stalled_share: 0, blocked_share: 0, mutex_count: 0, longest_mutex_ns: 0, mutex_share: 0 },
    },
    quantile: (time, percent) => (time === 'service' && hasFiniteUpperBound(percent / 100, counts.n) ? percentile_ns(counts, percent) : null),
  };
}
