/** The normal distribution and Student's t: convert a number of standard errors to a probability, and back. */
import { betaQuantile } from './beta.js';

/**
 * Φ(x). The Taylor series about 0 (Marsaglia, "Evaluating the normal distribution", J. Stat. Software 2004); Mills'
 * ratio in the tails.
 */
export function normalCdf(x: number): number {
  if (x === 0) return 0.5;
  if (x > 3) return 1 - upperTail(x);
  if (x < -3) return upperTail(-x);
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * density(x);
}

/** 1 − Φ(x) for x > 3, by the continued fraction x + 1/(x + 2/(x + 3/(x + …))) of 1/Mills' ratio (DLMF 7.9.1). */
function upperTail(x: number): number {
  if (x > 40) return 0;
  let fraction = x;
  for (let k = 150; k >= 1; k -= 1) fraction = x + k / fraction;
  return density(x) / fraction;
}

function density(x: number): number {
  return Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** The x with Φ(x) = p, by bisection down to 1e-12. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`${p} is not a probability between 0 and 1`);
  let low = -40;
  let high = 40;
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The t with P(T > t) = tail, tail ≤ 1/2: t² = df (1 − x) / x with I_x(df/2, 1/2) = 2 tail (DLMF 8.17). */
export function studentUpper(tail: number, df: number): number {
  if (!(tail > 0 && tail <= 0.5) || !(df > 0))
    throw new RangeError(`no quantile of Student's t with tail ${tail} and ${df} degrees of freedom`);
  const x = betaQuantile(2 * tail, df / 2, 0.5);
  return Math.sqrt((df * (1 - x)) / x);
}
