/** Questions that all readers of a stored bundle share. */
import type { RunFile } from './bundle-schema.js';

/** False: the run ended before its window, or all that it had recorded was lost. It is in no figure. */
export function hasFigures({ window: { windowStart_ns, windowEnd_ns } }: Pick<RunFile, 'window'>): boolean {
  return windowEnd_ns > windowStart_ns;
}

/** An older version recorded a run whose guest was lost as `partial`, with the reason. */
export function hasFailed({ status, failures }: Pick<RunFile, 'status' | 'failures'>): boolean {
  return status === 'failed' || failures.length > 0;
}

/** Conclusions use complete, undisturbed runs (docs/bundle.md, "Which runs count"). */
export function isEvidence({ status, disturbances }: Pick<RunFile, 'status' | 'disturbances'>): boolean {
  return status === 'complete' && disturbances.length === 0;
}
