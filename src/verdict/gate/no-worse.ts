/**
 * A gate asks one thing: is it worse? A metric that is certainly not worse by more than the margin passes, though it may be
 * better by any amount, which is why this is more than decide.ts' *equivalent*. Both intervals (of the mean and of the
 * typical run) must end inside the margin, and there must be so many runs that a median is bounded at all.
 */
import { leastRunsForEquivalence, type Decision, type Margin } from '../decide.js';

export function isNoWorse({ runs, mean, difference, ratio, shift }: Decision, margin: Margin): boolean {
  if (Math.min(runs.a, runs.b) < leastRunsForEquivalence || difference === null || shift === null || mean.a === null) return false;
  if (difference.high === null || shift.high === null) return false;
  const meanInside = difference.high <= margin.absolute || (ratio !== null && ratio.high !== null && ratio.high <= 1 + margin.relative);
  return meanInside && shift.high <= Math.max(margin.absolute, margin.relative * Math.abs(mean.a));
}
