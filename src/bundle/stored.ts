/** Questions that all readers of a stored bundle share. */
import type { FailureCode } from '../base/failure.js';
import type { RunFile } from './bundle-schema.js';

const placeGone: readonly string[] = ['guest-lost', 'guest-kernel-crashed'] satisfies FailureCode[];

/** False: the run ended before its window, or all that it had recorded was lost. It is in no figure. */
export function hasFigures({ window: { windowStart_ns, windowEnd_ns } }: Pick<RunFile, 'window'>): boolean {
  return windowEnd_ns > windowStart_ns;
}

/**
 * An older version recorded a run whose guest was lost as `partial`, with the reason. A guest that does not answer an
 * interruption is no failure: the run was cut short.
 */
export function hasFailed({
  status,
  failures,
  interrupted,
}: Pick<RunFile, 'status' | 'failures' | 'interrupted'>): boolean {
  return status === 'failed' || (failures.length > 0 && interrupted !== true);
}

/** The run has no figures, and nothing can run in its guest any more. */
export function lostItsPlace({ failures }: Pick<RunFile, 'failures'>): boolean {
  return failures.some(isPlaceGone);
}

/** Nothing can run in the guest any more. */
export function isPlaceGone({ code }: { readonly code: string }): boolean {
  return placeGone.includes(code);
}

/** Conclusions use complete, undisturbed runs (docs/bundle.md, "Which runs count"). */
export function isEvidence({ status, disturbances }: Pick<RunFile, 'status' | 'disturbances'>): boolean {
  return status === 'complete' && disturbances.length === 0;
}
