/** Attributes every stall of a run, and computes the figures that depend on the causes. Pure. */
import { largestOf } from '../../base/largest.js';
import { attribute, type AttributedStall } from '../../attribution/attribute.js';
import type { RunEvidence } from '../../attribution/evidence.js';
import type { RunFile } from '../../bundle/bundle-schema.js';
import { isCounted, unionInside } from '../../record/stalls.js';
import type { RelativeWindow } from '../../record/board/board.js';
import type { RunAnalysis, SeriesRun } from './analyse.js';
import { blockedIn } from './hold-ends.js';

export interface AttributedRun {
  /** The analysis, with the figures of stalls on the allocator's mutex. */
  readonly analysis: RunAnalysis;
  readonly stalls: readonly AttributedStall[];
  readonly blocked: NonNullable<RunFile['blocked']>;
}

export function attributeRun(analysis: RunAnalysis, evidence: RunEvidence, window: RelativeWindow): AttributedRun {
  const parts = analysis.series.map((series) => {
    const victim = evidence.victims.find(({ thread }) => thread.name === series.name);
    if (victim === undefined) throw new Error(`the series ${series.name} has no thread`);
    const stalls = series.stalls.map((stall) => attribute(stall, victim, evidence));
    return { series: withMutex(series, stalls, window), stalls };
  });
  const stalls = parts.flatMap((part) => part.stalls);
  const counted = stalls.filter((stall) => isCounted(stall, window));
  return {
    analysis: { ...analysis, series: parts.map(({ series }) => series) },
    stalls,
    blocked: blockedIn(
      counted,
      analysis.series.map(({ figures }) => figures),
      { evidence, holderCalls: analysis.holderCalls, window },
    ),
  };
}

/** Counts stalls on the mutex of grade `likely` or better in which the victim was asleep for most of the time. */
function withMutex(series: SeriesRun, stalls: readonly AttributedStall[], window: RelativeWindow): SeriesRun {
  const { windowStart_ns, windowEnd_ns } = window;
  const own = stalls.filter(
    ({ cause, dominant }) => dominant === 'S' && cause.cause === 'allocator-mutex' && cause.grade !== 'possible',
  );
  const counted = own.filter((stall) => isCounted(stall, window));
  const window_ns = windowEnd_ns - windowStart_ns;
  const mutex = {
    mutex_count: counted.length,
    longest_mutex_ns: largestOf(
      counted.map(({ duration_ns }) => duration_ns),
      0,
    ),
    mutex_share: window_ns > 0 ? unionInside(own, windowStart_ns, windowEnd_ns) / window_ns : 0,
  };
  return { ...series, figures: { ...series.figures, stalls: { ...series.figures.stalls, ...mutex } } };
}
