/**
 * Whether neighbouring values of series in time are alike: the autocorrelation at lag 1, by a permutation test (Wald and
 * Wolfowitz, "An exact test for randomness in the non-parametric case based on serial correlation", 1943).
 *
 * If the order in time says nothing, every order of the values is as likely as the observed one. All figures are put in
 * another order together, because they describe the same time, and the largest of their autocorrelations is the
 * statistic, so that many figures spend the error only once. Each part (such as an observation) keeps its values, so
 * that parts with different means are not taken for a trend.
 */
import { shuffle, type Random } from './prng.js';
import { mean } from './sample.js';

export interface Alikeness {
  /** The largest autocorrelation of a figure; 0 where no figure varies. */
  readonly autocorrelation: number;
  /** One-sided: neighbours that are less alike than others do no harm. */
  readonly p: number;
}

const orders = 999;

/** `parts`: of each part its figures, each with its values in the order of time. */
export function neighboursAlike(parts: readonly (readonly (readonly number[])[])[], random: Random): Alikeness {
  const centred = parts.map((figures) => figures.map(withoutMean));
  const varying = Math.max(0, ...centred.map((figures) => figures.length));
  const squares = Array.from({ length: varying }, (_, figure) =>
    centred.reduce((sum, figures) => sum + (figures[figure] ?? []).reduce((all, value) => all + value * value, 0), 0),
  );
  const largest = (order: readonly (readonly number[])[]): number =>
    squares.reduce((most, square, figure) => {
      if (square === 0) return most;
      const products = centred.reduce((sum, figures, part) => sum + neighbours(figures[figure] ?? [], order[part]), 0);
      return Math.max(most, products / square);
    }, -Infinity);
  const inTime = centred.map((figures) => Array.from({ length: figures[0]?.length ?? 0 }, (_, i) => i));
  const observed = largest(inTime);
  if (observed === -Infinity) return { autocorrelation: 0, p: 1 };
  let asAlike = 1; // the observed order is one of them
  for (let i = 0; i < orders; i += 1)
    if (largest(inTime.map((order) => shuffle(order, random))) >= observed - 1e-12) asAlike += 1;
  return { autocorrelation: observed, p: asAlike / (orders + 1) };
}

function withoutMean(values: readonly number[]): number[] {
  const centre = values.length === 0 ? 0 : mean(values);
  return values.map((value) => value - centre);
}

function neighbours(values: readonly number[], order: readonly number[] = []): number {
  let sum = 0;
  for (let i = 1; i < order.length; i += 1) sum += (values[order[i - 1] ?? 0] ?? 0) * (values[order[i] ?? 0] ?? 0);
  return sum;
}
