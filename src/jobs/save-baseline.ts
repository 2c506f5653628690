/** A bundle kept as a baseline. */
import { checkBaselineName, saveBaseline } from '../bundle/baselines.js';
import type { BaselineFile } from '../bundle/baseline-schema.js';
import { openBundle } from '../bundle/store.js';
import { isEvidence } from '../bundle/stored.js';
import { kernelSides } from '../verdict/evidence/bundle-side.js';
import { readSide } from '../verdict/evidence/read-side.js';
import { baselineOf } from '../verdict/gate/pairing/baseline-key.js';

export interface BaselineAsked {
  /** Null: a name made of profile, kernel, machine and JDK. */
  readonly name: string | null;
  readonly folder: string;
  readonly replace: boolean;
  readonly note: (text: string) => void;
}

export interface SavedBaseline {
  readonly path: string;
  readonly baseline: BaselineFile;
}

export function keepBaseline(bundlePath: string, { name, folder, replace, note }: BaselineAsked): SavedBaseline {
  if (name !== null) checkBaselineName(name);
  const side = readSide(bundlePath, { threshold_ns: 1 });
  const bundle = openBundle(bundlePath);
  for (const text of bundle.notes) note(text);
  const baseline = baselineOf(side, kernelSides(bundle), {
    name,
    savedAt: new Date().toISOString(),
    measuredAt: bundle.manifest.startedAt,
    runs: bundle.runs.filter(isEvidence).length,
  });
  return { path: saveBaseline({ folder, baseline, bundle, replace }), baseline };
}
