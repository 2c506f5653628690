/** Histogram logs of any tool as a side of a comparison. */
import { basename } from 'node:path';
import { usage } from '../../base/failure.js';
import { formatDuration } from '../../base/text/units.js';
import type { SideNote } from '../../facts/side-facts.js';
import { highestOfIndex, valueOfIndex, type SparseCounts } from '../../record/histogram/counts.js';
import { percentile_ns } from '../../record/histogram/histogram.js';
import { sumHlog, type HlogSum } from '../../record/histogram/hlog-sum.js';
import { unitNames, valueUnits, type ValueUnit } from '../../record/histogram/hlog-unit.js';
import { hasFiniteUpperBound } from '../../stats/quantile-bounds.js';
import { unknownFacts, type RoundRun, type SeriesEvidence, type Side } from './side.js';

/** Of a timed operation: reading a clock twice takes longer. */
const leastTime_ns = 20;

export interface LogOptions {
  readonly threshold_ns: number;
  /** Of the values; it overrides the log. */
  readonly unit?: ValueUnit | undefined;
}

/** Each file is a run: the intervals of a log share a process, and are not independent. */
export function logSide(path: string, files: readonly string[], { threshold_ns, unit: asked }: LogOptions): Side {
  const evidence = new Map<string, SeriesEvidence & { runs: RoundRun[] }>();
  const notes: SideNote[] = [];
  for (const [round, file] of files.entries()) {
    const { tags, truncated, unit } = sumHlog(file);
    const inForce = asked ?? unit.declared ?? unit.deduced ?? 'ns';
    const factor = valueUnits[inForce];
    if (tags.length === 0) throw usage(`${file} holds no histogram; name a histogram log`);
    if (truncated) notes.push({ code: 'log-cut', file });
    if (asked === undefined && tags.some(({ counts }) => counts.n > 0)) notes.push(unitNote(file, unit));
    for (const { tag, length_ns, counts } of tags) {
      const series = tag ?? '(no tag)';
      const entry = evidence.get(series) ?? { arm: '', scope: 'series', series, runs: [] };
      evidence.set(series, entry);
      const p99 = percentile_ns(counts, 99);
      const p99_ns = p99 === null ? null : p99 * factor;
      if (asked === undefined && p99_ns !== null && p99_ns < leastTime_ns)
        throw usage(
          `${file}: as ${unitNames[inForce]}, 99 % of ${series} took ${formatDuration(p99_ns)} or less, which no operation does; set the unit of its values with --unit (${Object.keys(valueUnits).join(', ')})`,
        );
      if (counts.n === 0) notes.push({ code: 'log-series-empty', file, series });
      else entry.runs.push(logEvidence({ round, name: file, window_ns: length_ns, counts, threshold_ns, factor }));
    }
  }
  return {
    label: basename(path.replace(/\/+$/, '')),
    path,
    kind: 'log',
    placed: new Map(),
    arms: [''],
    evidence: [...evidence.values()],
    facts: {
      profile: null,
      profileHash: null,
      label: null,
      kernel: null,
      guest: null,
      image: null,
      preemption: null,
      hz: null,
      ...unknownFacts,
      cpuModel: null,
      cpus: null,
      memoryBytes: null,
      tool: null,
      jdks: [],
    },
    resolved: null,
    programs: null,
    startedAt: null,
    measured_ns: {},
    turns: null,
    incomplete: null,
    regions: [],
    refusedArms: [],
    leftOut: [],
    notes: [...new Map(notes.map((note) => [JSON.stringify(note), note])).values()],
    degraded: [],
  };
}

function unitNote(file: string, { declared, deduced }: HlogSum['unit']): SideNote {
  const unit = unitNames[declared ?? deduced ?? 'ns'];
  const from = declared !== null ? 'line' : deduced !== null ? 'maxima' : 'nothing';
  return { code: 'log-unit', file, unit, from };
}

interface LogRunInput {
  readonly round: number;
  readonly name: string;
  readonly window_ns: number;
  readonly counts: SparseCounts;
  readonly threshold_ns: number;
  /** Nanoseconds per unit of the log's values. */
  readonly factor: number;
}

function logEvidence({ round, name, window_ns, counts, threshold_ns, factor }: LogRunInput): RoundRun {
  let count = 0;
  counts.index.forEach((index, position) => {
    if (((valueOfIndex(index) + highestOfIndex(index)) / 2) * factor >= threshold_ns)
      count += counts.count[position] ?? 0;
  });
  return {
    scope: 'series',
    round,
    name,
    window_ns,
    threshold_ns,
    knowsStates: false,
    nothingGiven: null,
    figures: {
      service: { n: counts.n },
      response: null,
      saturated: false,
      stalls: {
        threshold_ns,
        count,
        blocked_count: 0,
        unseen_count: count,
        longest_ns: count > 0 ? counts.max_ns * factor : 0,
        longest_blocked_ns: 0,
        total_ns: 0,
        stalled_share: 0,
        blocked_share: 0,
        mutex_count: 0,
        longest_mutex_ns: 0,
        mutex_share: 0,
      },
    },
    quantile(time, percent) {
      const value =
        time === 'service' && hasFiniteUpperBound(percent / 100, counts.n) ? percentile_ns(counts, percent) : null;
      return value === null ? null : value * factor;
    },
  };
}
