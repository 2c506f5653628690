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
import { sum } from './sample.js';

interface Alikeness {
  /** The largest of a figure, 0 by chance on average; 0 where no figure varies. */
  readonly autocorrelation: number;
  /** One-sided: neighbours that are less alike than others do no harm. */
  readonly p: number;
}

const shuffles = 999;

/** `parts`: of each part its figures, each with its values in the order of time. */
export function neighboursAlike(parts: readonly (readonly (readonly number[])[])[], random: Random): Alikeness {
  const figures = Math.max(0, ...parts.map((part) => part.length));
  const scales = Array.from({ length: figures }, (_, figure) => scaleOf(parts.map((part) => part[figure] ?? [])));
  const largest = (orders: readonly (readonly number[])[]): number =>
    scales.reduce((most, { expected, squares }, figure) => {
      if (squares === 0) return most;
      const products = parts.reduce((sum, part, i) => sum + neighbours(part[figure] ?? [], orders[i]), 0);
      return Math.max(most, (products - expected) / squares);
    }, -Infinity);
  const inTime = parts.map((part) => Array.from({ length: part[0]?.length ?? 0 }, (_, i) => i));
  const observed = largest(inTime);
  if (observed === -Infinity) return { autocorrelation: 0, p: 1 };
  let asAlike = 1; // the observed order is one of them
  for (let i = 0; i < shuffles; i += 1)
    if (largest(inTime.map((order) => shuffle(order, random))) >= observed - 1e-9) asAlike += 1;
  return { autocorrelation: observed, p: asAlike / (shuffles + 1) };
}

/** `expected`: of the products of neighbours, over all orders within each part. */
function scaleOf(series: readonly (readonly number[])[]): { readonly expected: number; readonly squares: number } {
  return series.reduce(
    (all, values) => {
      if (values.length === 0 || values.every((value) => value === values[0]))
        return { ...all, expected: all.expected + (values.length - 1) * (values[0] ?? 0) ** 2 };
      const [total, squared] = [sum(values), sum(values.map((value) => value * value))];
      return {
        expected: all.expected + (total * total - squared) / values.length,
        squares: all.squares + squared - (total * total) / values.length,
      };
    },
    { expected: 0, squares: 0 },
  );
}

function neighbours(values: readonly number[], order: readonly number[] = []): number {
  let products = 0;
  for (let i = 1; i < order.length; i += 1) products += (values[order[i - 1] ?? 0] ?? 0) * (values[order[i] ?? 0] ?? 0);
  return products;
}
