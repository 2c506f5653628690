/**
 * What the control series show about the machine. `control.*` operations take no lock that a holder could keep from
 * them, so the machine stalls them: a busy CPU, a hypervisor. They are not judged unless a rule names them.
 */
import type { GateNote } from '../../facts/gate-facts.js';
import { seededRandom } from '../../stats/prng.js';
import { draftOf } from '../compare/compare.js';
import { judgeJointly } from '../compare/joint.js';
import { isControlSeries } from '../evidence/control-series.js';
import { metricsFor } from '../evidence/metrics.js';
import type { SeriesEvidence, Side } from '../evidence/side.js';

export function noiseNotes(candidate: Side, baseline: Side | null, alpha: number): GateNote[] {
  const sides = [candidate, ...(baseline === null ? [] : [baseline])].flatMap((side) => {
    const runs = controlsOf(side).flatMap((series) => series.runs);
    const stalled_n = runs.filter((run) => run.scope === 'series' && run.figures.stalls.count > 0).length;
    return runs.length === 0 ? [] : [{ side: side.label, stalled_n, runs_n: runs.length }];
  });
  if (sides.every(({ stalled_n }) => stalled_n === 0)) return [];
  const series = [...new Set(controlsOf(candidate).map((control) => control.series))];
  const p = baseline === null ? 1 : worseControls(baseline, candidate, alpha);
  return [
    { code: 'machine-noise', series, sides },
    ...(p <= alpha ? [{ code: 'controls-worse', candidate: candidate.label, p } as const] : []),
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
      .flatMap(
        (metric) => draftOf(baseline, candidate, { arms: { a: a.arm, b: b.arm }, a, b }, metric, { margins: [] }) ?? [],
      )
      .flatMap(({ input }) => (input.refusal === null ? [input] : []));
  });
  return judgeJointly(figures, alpha, 'one', seededRandom(1)).resultOf([...figures.keys()]).p;
}
