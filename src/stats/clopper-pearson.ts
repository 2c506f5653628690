/**
 * The 95 % interval of a share, from `hits` in `n` independent trials; never too narrow (Clopper and Pearson 1934). It
 * contains the shares at which this many hits or more, and this many or fewer, both have a probability of at least α/2.
 */
import { betaQuantile } from './beta.js';
import { alpha } from './quantile-bounds.js';

export interface Share {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

export function clopperPearson(hits: number, n: number): Share {
  if (!Number.isSafeInteger(hits) || !Number.isSafeInteger(n) || hits < 0 || hits > n || n < 1)
    throw new RangeError(`${hits} of ${n} is not a share of trials`);
  return {
    share: hits / n,
    low: hits === 0 ? 0 : betaQuantile(alpha / 2, hits, n - hits + 1),
    high: hits === n ? 1 : betaQuantile(1 - alpha / 2, hits + 1, n - hits),
  };
}
