/** Questions that all readers of a stored bundle share. */
import type { RunFile } from './bundle-schema.js';

/** Conclusions use complete, undisturbed runs (docs/bundle.md, "Which runs count"). */
export function isEvidence({ status, disturbances }: Pick<RunFile, 'status' | 'disturbances'>): boolean {
  return status === 'complete' && disturbances.length === 0;
}
