/** What readers of a stored bundle ask of it alike. */
import type { RunFile } from './schema.js';

/** A conclusion is drawn from runs that are whole and unspoiled (docs/bundle.md, "Which runs count"). */
export function isEvidence({ status, spoiled }: Pick<RunFile, 'status' | 'spoiled'>): boolean {
  return status === 'complete' && spoiled.length === 0;
}
