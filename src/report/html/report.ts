/** Bundles as a single HTML page. */
import { Failure } from '../../base/failure.js';
import { areAtlases } from '../../bundle/lock-atlas.js';
import { areObservations } from '../../bundle/read-observation.js';
import { compareSides } from '../../verdict/compare/compare.js';
import type { Comparison } from '../../verdict/compare/compared.js';
import { bundleSide, kernelSides } from '../../verdict/evidence/bundle-side.js';
import { defaultPolicy } from '../../verdict/compare/decide.js';
import { metricsFor } from '../../verdict/evidence/metrics.js';
import type { Side } from '../../verdict/evidence/side.js';
import { lockAtlasReport } from './lock-atlas-report.js';
import { observationReport } from './observation-report.js';
import { reportDocument } from './document.js';
import { gather, type ReportData } from './gather.js';

/**
 * The first bundle is the reference of the comparison; kernels of a single bundle are compared with its first kernel.
 */
export function report(paths: readonly string[]): string {
  if (areAtlases(paths, 'report')) return lockAtlasReport(paths);
  if (areObservations(paths, 'report')) return observationReport(paths);
  const data = gather(paths);
  return reportDocument(data, compared(data));
}

function sidesOf({ bundles }: ReportData): Side[] {
  const [only, ...others] = bundles;
  if (only !== undefined && others.length === 0) return kernelSides(only.stored);
  return bundles.map(({ label, stored }) => ({ ...bundleSide(stored), label }));
}

/** A report is possible even if its bundles are not comparable; null if there is only one side. */
function compared(data: ReportData): Comparison | string | null {
  try {
    const sides = sidesOf(data);
    if (sides.length < 2) return null;
    return compareSides(sides, { metrics: metricsFor([99]), margins: [], arms: [], policy: defaultPolicy });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.message;
  }
}
