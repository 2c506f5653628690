/** What readers of a stored bundle ask of it alike. */
import type { RunFile } from './bundle-schema.js';

/** A conclusion is drawn from runs that are complete and undisturbed (docs/bundle.md, "Which runs count"). */
export function isEvidence({ status, disturbances }: Pick<RunFile, 'status' | 'disturbances'>): boolean {
  return status === 'complete' && disturbances.length === 0;
}
