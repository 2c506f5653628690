/** The direction that is worse. decide.ts calls regressed what became more, whatever the figure is. */
import type { Metric } from '../evidence/metrics.js';
import type { Verdict } from './decide.js';

export function inWords(verdict: Verdict, worse: Metric['worse']): Verdict {
  if (worse === 'more') return verdict;
  return verdict === 'regressed' ? 'improved' : verdict === 'improved' ? 'regressed' : verdict;
}
