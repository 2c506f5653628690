/**
 * How far a figure of a division is beyond its margin, in standard errors of the difference of means over rounds:
 *
 *   (mean b − mean a − margin) / (standard error + margin / 2), and 0 if the difference is inside the margin
 *
 * The score is studentised, so that figures of any unit and spread are comparable: a figure in which every other run is
 * an outlier has a large standard error too, and no division of it scores high. Each side has its own variance (Welch),
 * so that a difference in spread alone does not count as a difference in means (Janssen 1997; Chung and Romano, Annals
 * of Statistics 2013).
 *
 * A standard error of 0, as for 0, 0, 0 against 1, 1, 1, would make the smallest difference infinite. So half the
 * margin is added (the "fudge factor" of Tusher, Tibshirani and Chu, PNAS 2001): a figure barely beyond its margin
 * never scores high.
 */
import type { Marks, Shape } from './divisions.js';

/** A difference inside either bound does not matter. */
export interface Margin {
  /** Relative to the reference mean: 0.1 is 10 %. */
  readonly relative: number;
  /** In the figure's unit. */
  readonly absolute: number;
}

/** A value per round, in the order of the shape's rounds; null if the round has none. */
export interface RoundValues {
  readonly a: readonly (number | null)[];
  readonly b: readonly (number | null)[];
  readonly margin: Margin;
}

/** For a division; only `difference` may be negative. */
export interface Scores {
  /** How far b is above a beyond the margin. */
  readonly worse: Float64Array;
  /** How far a is above b beyond the margin. */
  readonly better: Float64Array;
  /** The difference without the margin, b above a. */
  readonly difference: Float64Array;
}

/** Writes the scores of its figures, starting at `at`. */
export type Scorer = (marks: Marks, scores: Scores, at: number) => void;

export function scorerOf(shape: Shape, figures: readonly RoundValues[]): Scorer {
  return shape.kind === 'apart' ? scorerApart(shape, figures) : scorerInTurns(shape, figures);
}

/** Differences and standard errors below these, in standard deviations of all values, are rounding errors. */
const noDifference = 1e-12;
const noVariance = 1e-14;
const leastError = 1e-9;

/** Figures by column, in units of their standard deviation, so that sums of squares keep their precision. */
interface Columns {
  readonly n: number;
  /** By round, so that a division adds whole rows: a's rounds, then b's. 0 if there is no value. */
  readonly values: Float64Array;
  readonly known: Uint8Array;
  readonly center: Float64Array;
  readonly relative: Float64Array;
  readonly absolute: Float64Array;
  /** The place of each column in the scores. A figure whose values are all equal has no column: its scores are 0. */
  readonly place: Int32Array;
}

function columnsOf(figures: readonly RoundValues[]): Columns {
  const live = figures.flatMap(({ a, b, margin }, place) => {
    const values = [...a, ...b];
    const known = values.filter((value) => value !== null);
    const [first = 0] = known;
    if (known.every((value) => value === first)) return [];
    const mean = first + known.reduce((sum, value) => sum + (value - first), 0) / known.length;
    const sd = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length);
    return [
      {
        place,
        values: values.map((value) => (value === null ? null : (value - mean) / sd)),
        center: mean / sd,
        relative: margin.relative,
        absolute: margin.absolute / sd,
      },
    ];
  });
  const n = live.length;
  const rounds = live[0]?.values.length ?? 0;
  const [values, known] = [new Float64Array(rounds * n), new Uint8Array(rounds * n)];
  live.forEach((column, k) => {
    column.values.forEach((value, round) => {
      values[round * n + k] = value ?? 0;
      known[round * n + k] = value === null ? 0 : 1;
    });
  });
  const of = (name: 'center' | 'relative' | 'absolute'): Float64Array =>
    Float64Array.from(live, (column) => column[name]);
  return {
    n,
    values,
    known,
    center: of('center'),
    relative: of('relative'),
    absolute: of('absolute'),
    place: Int32Array.from(live, ({ place }) => place),
  };
}

/**
 * Writes the scores of column k, from the means of its sides relative to the common mean, and the variance of the
 * difference.
 */
function write(
  { center, relative, absolute, place }: Columns,
  k: number,
  meanA: number,
  meanB: number,
  variance: number,
  scores: Scores,
  at: number,
): void {
  const error = (variance < noVariance ? 0 : Math.sqrt(variance)) + leastError;
  const gap = Math.abs(meanB - meanA) < noDifference ? 0 : meanB - meanA;
  const allowed = Math.max(absolute[k] ?? 0, (relative[k] ?? 0) * Math.abs((center[k] ?? 0) + meanA));
  const allowedBack = Math.max(absolute[k] ?? 0, (relative[k] ?? 0) * Math.abs((center[k] ?? 0) + meanB));
  const to = at + (place[k] ?? 0);
  scores.worse[to] = gap > allowed ? (gap - allowed) / (error + allowed / 2) : 0;
  scores.better[to] = -gap > allowedBack ? (-gap - allowedBack) / (error + allowedBack / 2) : 0;
  scores.difference[to] = gap / (error + (gap > 0 ? allowed : allowedBack) / 2);
}

function scorerApart({ a, b }: Extract<Shape, { kind: 'apart' }>, figures: readonly RoundValues[]): Scorer {
  const columns = columnsOf(figures);
  const { n, values, known } = columns;
  const isWhole = known.every((present) => present === 1);
  const make = (): Float64Array => new Float64Array(n);
  const [sum, squares, count, sumB, squaresB, countB] = [make(), make(), make(), make(), make(), make()];
  const addRound = (round: number, sums: Float64Array, ofSquares: Float64Array, counts: Float64Array): void => {
    for (let k = 0, i = round * n; k < n; k += 1, i += 1) {
      const value = values[i] ?? 0;
      sums[k] = (sums[k] ?? 0) + value;
      ofSquares[k] = (ofSquares[k] ?? 0) + value * value;
      counts[k] = (counts[k] ?? 0) + (known[i] ?? 0);
    }
  };
  for (let round = 0; round < a + b; round += 1) addRound(round, sum, squares, count);
  return (marks, scores, at) => {
    sumB.fill(0);
    squaresB.fill(0);
    countB.fill(0);
    for (let round = 0; round < a + b; round += 1) if (marks[round] === 1) addRound(round, sumB, squaresB, countB);
    for (let k = 0; k < n; k += 1) {
      const nB = countB[k] ?? 0;
      const nA = (count[k] ?? 0) - nB;
      if (!isWhole && (nA === 0 || nB === 0)) {
        write(columns, k, 0, 0, 0, scores, at);
        continue;
      }
      const meanB = (sumB[k] ?? 0) / nB;
      const meanA = ((sum[k] ?? 0) - (sumB[k] ?? 0)) / nA;
      const squareB = (squaresB[k] ?? 0) - nB * meanB * meanB;
      const squareA = (squares[k] ?? 0) - (squaresB[k] ?? 0) - nA * meanA * meanA;
      // A single round has no variance; the other side's is used.
      const variance = (nA > 1 ? squareA / ((nA - 1) * nA) : 0) + (nB > 1 ? squareB / ((nB - 1) * nB) : 0);
      write(columns, k, meanA, meanB, variance, scores, at);
    }
  };
}

/** Rounds in which a side is missing say nothing about the difference within a round, and are left out. */
function scorerInTurns({ rounds }: Extract<Shape, { kind: 'in turns' }>, figures: readonly RoundValues[]): Scorer {
  const columns = columnsOf(
    figures.map(({ a, b, margin }) => {
      const isWhole = (round: number): boolean => (a[round] ?? null) !== null && (b[round] ?? null) !== null;
      return {
        a: a.map((value, round) => (isWhole(round) ? value : null)),
        b: b.map((value, round) => (isWhole(round) ? value : null)),
        margin,
      };
    }),
  );
  const { n, values, known } = columns;
  const [gaps, squares, count, sum] = [
    new Float64Array(rounds * n),
    new Float64Array(n),
    new Float64Array(n),
    new Float64Array(n),
  ];
  for (let i = 0; i < rounds * n; i += 1) {
    const gap = (values[rounds * n + i] ?? 0) - (values[i] ?? 0);
    gaps[i] = gap;
    squares[i % n] = (squares[i % n] ?? 0) + gap * gap;
    count[i % n] = (count[i % n] ?? 0) + (known[i] ?? 0);
  }
  return (marks, scores, at) => {
    sum.fill(0);
    for (let round = 0; round < rounds; round += 1) {
      const sign = marks[round] === 1 ? -1 : 1;
      for (let k = 0, i = round * n; k < n; k += 1, i += 1) sum[k] = (sum[k] ?? 0) + sign * (gaps[i] ?? 0);
    }
    for (let k = 0; k < n; k += 1) {
      const pairs = count[k] ?? 0;
      const gap = (sum[k] ?? 0) / pairs;
      const variance = pairs > 1 ? ((squares[k] ?? 0) - pairs * gap * gap) / ((pairs - 1) * pairs) : 0;
      // The mean of all values is 0, so each side is half the gap away from it.
      write(columns, k, -gap / 2, gap / 2, variance, scores, at);
    }
  };
}
