/** Bundles as one page of HTML. */
import { Failure } from '../../base/failure.js';
import { compareSides } from '../../verdict/compare.js';
import type { Comparison } from '../../verdict/compared.js';
import { bundleSide } from '../../verdict/bundle-side.js';
import { defaultPolicy } from '../../verdict/decide.js';
import { metricsFor } from '../../verdict/metrics.js';
import { reportDocument } from './document.js';
import { gather, type ReportData } from './gather.js';

/** The first is the reference of the comparison. */
export function report(paths: readonly string[]): string {
  const data = gather(paths);
  return reportDocument(data, paths.length > 1 ? compared(data) : null);
}

/** A report is made also of what cannot be compared. */
function compared({ bundles }: ReportData): Comparison | string {
  try {
    return compareSides(bundles.map(({ label, stored }) => ({ ...bundleSide(stored), label })), { metrics: metricsFor([99]), margins: [], arms: [], policy: defaultPolicy });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.message;
  }
}
