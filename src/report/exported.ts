/** A bundle of either kind in another tool's format. */
import { areObservations, openObservation } from '../bundle/read-observation.js';
import { openBundle } from '../bundle/store.js';
import { kernelSides } from '../verdict/evidence/bundle-side.js';
import type { ExportFormat } from './export-formats.js';
import { exportBundle, type Exported } from './exports.js';
import { exportObservation } from './observation-exports.js';

export function exported(format: ExportFormat, path: string): Exported {
  if (areObservations([path], 'export')) return exportObservation(format, openObservation(path));
  const bundle = openBundle(path);
  return exportBundle(format, bundle, kernelSides(bundle));
}
