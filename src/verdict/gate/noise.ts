/**
 * What the control series say of the machine. `control.*` operations take no lock that a holder could keep from them,
 * so what stalls them is the machine: a busy CPU, a hypervisor. They are not judged unless a rule names them; a gate
 * reads its own noise off them.
 */
import { seededRandom } from '../../stats/prng.js';
import { equalsP } from '../compare/compare-words.js';
import { draftOf } from '../compare/compare.js';
import { judgeJointly } from '../compare/joint.js';
import { metricsFor } from '../evidence/metrics.js';
import type { SeriesEvidence, Side } from '../evidence/side.js';
import { counted, listed } from '../../words/text.js';

export function isControlSeries(series: string): boolean {
  return series.startsWith('control.');
}

/** Sentences, for the notes of a suite. */
export function noiseNotes(candidate: Side, baseline: Side | null, alpha: number): string[] {
  const stalled = [candidate, ...(baseline === null ? [] : [baseline])].flatMap((side) => {
    const runs = controlsOf(side).flatMap((series) => series.runs);
    const n = runs.filter((run) => run.scope === 'series' && run.figures.stalls.count > 0).length;
    return runs.length === 0 ? [] : [{ label: side.label, n, of: runs.length }];
  });
  if (stalled.every(({ n }) => n === 0)) return [];
  const names = [...new Set(controlsOf(candidate).map(({ series }) => series))];
  const p = baseline === null ? 1 : worseControls(baseline, candidate, alpha);
  return [
    `Noise: ${listed(names)} take${names.length === 1 ? 's' : ''} no lock, and ${names.length === 1 ? 'was' : 'were'} stalled in ${listed(stalled.map(({ label, n, of }) => `${n} of ${counted(of, 'run')} of ${label}`))}: the machine does that.`,
    ...(p <= alpha
      ? [
          `The controls became worse too (${equalsP(p)}), so the machine was busier during ${candidate.label}; a regression found may be the machine's. Measure both sides on a quiet machine, one directly after the other.`,
        ]
      : []),
  ];
}

function controlsOf({ evidence }: Side): SeriesEvidence[] {
  return evidence.filter(({ series, runs }) => isControlSeries(series) && runs.length > 0);
}

/** By the test that judges the gate itself. */
function worseControls(baseline: Side, candidate: Side, alpha: number): number {
  const metrics = metricsFor([]).filter(({ name }) => name !== 'blocked_per_minute');
  const figures = controlsOf(baseline).flatMap((a) => {
    const b = controlsOf(candidate).find(({ arm, series }) => arm === a.arm && series === a.series);
    if (b === undefined) return [];
    return metrics
      .flatMap((metric) => draftOf(baseline, candidate, { arms: { a: a.arm, b: b.arm }, a, b }, metric, []) ?? [])
      .flatMap(({ input }) => (input.refusal === null ? [input] : []));
  });
  return judgeJointly(figures, alpha, 'one', seededRandom(1)).resultOf([...figures.keys()]).p;
}
