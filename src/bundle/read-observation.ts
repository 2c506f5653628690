/** A bundle of kind `observation`: what `pauselab observe` wrote. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { usage } from '../base/failure.js';
import { isMissing } from '../base/files/is-missing.js';
import type { ObservationGap, StallCut } from '../facts/observation-facts.js';
import type { Stated } from '../facts/stated.js';
import type { ObservationFile } from './observation-schema.js';
import { readStalls, type NumberedStall, type RunStalls } from './read-stalls.js';
import type { ListedStall } from './stalls-schema.js';
import { isObservation, readBundleFile } from './store.js';

export interface StoredObservation {
  readonly path: string;
  readonly observation: ObservationFile;
  /** The longest first. */
  readonly stalls: readonly NumberedStall[];
  readonly runs: readonly RunStalls[];
  /** What was not seen, and what of the bundle could not be read. */
  readonly missing: readonly Stated[];
}

export function openObservation(path: string): StoredObservation {
  const { stalls, runs, missing } = readStalls(path);
  return { path, observation: readBundleFile('observation', join(path, 'observation.json')), stalls, runs, missing };
}

/** Whether its list has every stall that was seen. */
export function isListWhole({ runs, missing }: Pick<StoredObservation, 'runs' | 'missing'>): boolean {
  const leftOut: ObservationGap['code'] = 'stalls-left-out';
  return isListRead({ runs }) && missing.every(({ code }) => code !== leftOut);
}

export function isListRead({ runs }: Pick<StoredObservation, 'runs'>): boolean {
  return runs.every(({ file }) => file !== null);
}

/**
 * Whether all of these are observations. An observation among experiments is refused: `command` is what would read them.
 */
export function areObservations(paths: readonly string[], command: string): boolean {
  const [observed, other] = [paths.find(isObservation), paths.find((path) => !isObservation(path))];
  if (observed !== undefined && other !== undefined) {
    // Of what cannot be looked at, the system tells why.
    statSync(join(observed, 'observation.json'));
    throw usage(
      isMissing(other)
        ? `${other} does not exist; name the folder of a bundle that \`pauselab observe\` wrote, as ${observed} is`
        : `${observed} is an observation of a process that ran already, and ${other} is not; \`pauselab ${command}\` takes observations together with observations alone`,
    );
  }
  return observed !== undefined;
}

/** Ends of a stall that are not its own. */
export function cutsOf({
  start_ns,
  stillRunning,
  threadEnded,
}: Pick<ListedStall, 'start_ns' | 'stillRunning' | 'threadEnded'>): StallCut[] {
  return [
    // What began earlier was cut to begin with the observation.
    ...(start_ns <= 0 ? (['began-before'] as const) : []),
    ...(threadEnded ? (['thread-ended'] as const) : stillRunning ? (['still-going-on'] as const) : []),
  ];
}
