/**
 * An observation as equal slices of time, a value per slice: what a comparison takes for independent values. A stall
 * belongs to the slice in which it began, so that no stall is in two values. Pure.
 */
import { largestOf } from '../../base/largest.js';
import { rootOfStall } from '../../bundle/stall-root.js';
import type { ListedStall } from '../../bundle/stalls-schema.js';
import type { Collector } from '../../catalogue/collectors.js';
import { isPause } from '../../catalogue/gives-back.js';
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

/** What decides whether a stall may belong to a series. */
export interface JudgedStalls extends Pick<Watched, 'stalls'> {
  /** Of the JVMs; null: not known, or several. */
  readonly collector: Collector | null;
}

type SliceMetric = Pick<Metric, 'name' | 'title' | 'unit' | 'worse' | 'margin'>;

interface SliceFigure {
  readonly series: string;
  /** Stalls of which it is not known whether they belong to the series; empty: it is always known. */
  readonly openIn: (judged: JudgedStalls) => readonly ListedStall[];
  readonly metric: SliceMetric;
  /** Stalls that belong to the series. */
  readonly within: (stalls: readonly ListedStall[]) => readonly ListedStall[];
  /** Of the stalls that began in a slice. */
  readonly of: (stalls: readonly ListedStall[], slice_ns: number) => number;
}

const minute_ns = 60e9;

const metrics: readonly Pick<SliceFigure, 'metric' | 'of'>[] = [
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
    of: (stalls) =>
      largestOf(
        stalls.map(({ duration_ns }) => duration_ns),
        0,
      ),
  },
];

interface Group {
  readonly series: string;
  readonly has: (stall: ListedStall) => boolean;
  readonly isOpen: (stall: ListedStall, collector: Collector | null) => boolean;
}

const groups: readonly Group[] = [
  { series: 'stalls of any reason', has: () => true, isOpen: () => false },
  { series: 'stalls by giving memory back', has: givesBack, isOpen: mayGiveBack },
];

function givesBack(stall: ListedStall): boolean {
  return rootOfStall(stall)?.givesBack === 'yes';
}

function mayGiveBack(stall: ListedStall, collector: Collector | null): boolean {
  const root = rootOfStall(stall, collector);
  // Many JVMs pause all the time, and few give heap back meanwhile. The series of all stalls has the pauses.
  return root === null || (!isPause(root.cause) && root.givesBack === 'open');
}

/** So little stalled time of which it is not known whether it belongs to a series changes no conclusion. */
const littleOpen = 0.05;

export interface OpenStalls {
  readonly open_n: number;
  readonly open_ns: number;
  /** That belong to the series for certain. */
  readonly known_ns: number;
}

/** Null: the figure is known. */
export function openStallsOf(
  { openIn, within }: Pick<SliceFigure, 'openIn' | 'within'>,
  { stalls, collector }: JudgedStalls,
): OpenStalls | null {
  const time = (of: readonly ListedStall[]): number => of.reduce((sum, { duration_ns }) => sum + duration_ns, 0);
  const open = openIn({ stalls, collector });
  const [open_ns, known_ns] = [time(open), time(within(stalls))];
  return open_ns > littleOpen * (open_ns + known_ns) ? { open_n: open.length, open_ns, known_ns } : null;
}

/** Each of all stalls, and of those that giving memory back is the reason for. */
export const sliceFigures: readonly SliceFigure[] = groups.flatMap(({ series, has, isOpen }) =>
  metrics.map(({ metric, of }) => ({
    series,
    metric,
    openIn: ({ stalls, collector }) => stalls.filter((stall) => isOpen(stall, collector)),
    within: (stalls: readonly ListedStall[]) => stalls.filter(has),
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
