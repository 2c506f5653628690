/**
 * An observation as equal slices of time, a value per slice: what a comparison takes for independent values. A stall
 * belongs to the slice in which it began, so that no stall is in two values. Pure.
 */
import { rootOfStall } from '../../bundle/stall-root.js';
import type { ListedStall } from '../../bundle/stalls-schema.js';
import { neighboursAlike } from '../../stats/autocorrelation.js';
import type { Random } from '../../stats/prng.js';
import type { Metric } from './metrics.js';
import { usualMargin } from './metrics/metric.js';

/** What is divided. */
export interface Watched {
  readonly watched_ns: number;
  readonly threshold_ns: number;
  readonly stalls: readonly ListedStall[];
}

type SliceMetric = Pick<Metric, 'name' | 'title' | 'unit' | 'worse' | 'margin'>;

interface SliceFigure {
  readonly series: string;
  readonly metric: SliceMetric;
  /** Of the stalls that began in a slice. */
  readonly of: (stalls: readonly ListedStall[], slice_ns: number) => number;
}

const minute_ns = 60e9;

const metrics: readonly Omit<SliceFigure, 'series'>[] = [
  {
    metric: {
      name: 'stalled_seconds_per_minute',
      title: 'stalled seconds per minute',
      unit: 'per_minute',
      worse: 'more',
      margin: () => ({ relative: 0.1, absolute: 0.1 }),
    },
    of: (stalls, slice_ns) =>
      (stalls.reduce((sum, { duration_ns }) => sum + duration_ns, 0) / 1e9) * (minute_ns / slice_ns),
  },
  {
    metric: {
      name: 'stalls_per_minute',
      title: 'stalls per minute',
      unit: 'per_minute',
      worse: 'more',
      margin: usualMargin('per_minute'),
    },
    of: (stalls, slice_ns) => stalls.length * (minute_ns / slice_ns),
  },
  {
    metric: {
      name: 'longest_ns',
      title: 'longest stall',
      unit: 'time',
      worse: 'more',
      margin: usualMargin('time', { isTimeOfStalls: true }),
    },
    of: (stalls) => Math.max(0, ...stalls.map(({ duration_ns }) => duration_ns)),
  },
];

const groups: readonly { readonly series: string; readonly has: (stall: ListedStall) => boolean }[] = [
  { series: 'stalls of any reason', has: () => true },
  { series: 'stalls by giving memory back', has: (stall) => rootOfStall(stall)?.givesBack === true },
];

/** Each of all stalls, and of those that giving memory back is the reason for. */
export const sliceFigures: readonly SliceFigure[] = groups.flatMap(({ series, has }) =>
  metrics.map(({ metric, of }) => ({
    series,
    metric,
    of: (stalls: readonly ListedStall[], slice_ns: number) => of(stalls.filter(has), slice_ns),
  })),
);

/** How many slices of this length the observation has. */
export function slicesIn({ watched_ns }: Pick<Watched, 'watched_ns'>, slice_ns: number): number {
  // The clock ends an observation within a moment of where it should.
  return Math.floor(watched_ns / slice_ns + 1e-6);
}

/** The values of each of `sliceFigures`, a value per slice. */
export function sliceValues(watched: Watched, slice_ns: number): number[][] {
  const slices = Array.from({ length: slicesIn(watched, slice_ns) }, (): ListedStall[] => []);
  for (const stall of watched.stalls) slices[Math.floor(Math.max(0, stall.start_ns) / slice_ns)]?.push(stall);
  return sliceFigures.map(({ of }) => slices.map((stalls) => of(stalls, slice_ns)));
}

/** Slices of the shortest observation: as many as keep their neighbours unlike. */
const counts = [24, 12, 6] as const;
export const leastSlices = 6;
const leastSlice_ns = 1e9;
export const leastWatched_ns = leastSlices * leastSlice_ns;

/**
 * Slices are judged by their quarters: few values do not show that neighbours are alike, and quarters whose neighbours
 * are not make slices whose neighbours are even less.
 */
const piecesOfSlice = 4;
/** Above the level of the comparison: to take longer slices without need costs little. */
const alikeBelow_p = 0.1;

export interface Slicing {
  readonly slice_ns: number;
  readonly piece_ns: number;
  /** Of the pieces. */
  readonly autocorrelation: number;
  readonly p: number;
  readonly areAlike: boolean;
}

/** The shortest slices whose neighbours are not alike by themselves; null: an observation is too short for any. */
export function slicingOf(all: readonly Watched[], random: Random): Slicing | null {
  const shortest_ns = Math.min(...all.map(({ watched_ns }) => watched_ns));
  const lengths = counts.map((n) => shortest_ns / n).filter((slice_ns) => slice_ns >= leastSlice_ns);
  let last: Slicing | null = null;
  for (const slice_ns of lengths) {
    const piece_ns = slice_ns / piecesOfSlice;
    const { autocorrelation, p } = neighboursAlike(
      all.map((one) => sliceValues(one, piece_ns)),
      random,
    );
    last = { slice_ns, piece_ns, autocorrelation, p, areAlike: p <= alikeBelow_p };
    if (!last.areAlike) return last;
  }
  return last;
}
