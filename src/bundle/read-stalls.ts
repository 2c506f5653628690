/** The stalls of a bundle, run by run. Missing parts are reported, and the rest is read. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { MissingInBundle } from '../facts/stall-facts.js';
import { sentencesOf, type Stated } from '../facts/stated.js';
import { statedMissing } from '../words/stall-words.js';
import { ExitCode, Failure, usage } from '../base/failure.js';
import { isMissing } from '../base/files/is-missing.js';
import { beginsAfter, isCounted } from '../record/stalls.js';
import type { RunFile } from './bundle-schema.js';
import type { ListedStall, StallsFile } from './stalls-schema.js';
import {
  budgetOf,
  isObservation,
  observedRun,
  readBundleFile,
  runFolders,
  whyNoBundle,
  type StoredBundle,
} from './store.js';

export interface RunStalls {
  readonly name: string;
  readonly run: RunFile | null;
  readonly file: StallsFile | null;
}

export interface NumberedStall {
  /** Counts from 1, the longest stall first. */
  readonly number: number;
  readonly run: string;
  readonly arm: string;
  /** Null if all runs were in the same place. */
  readonly kernel: string | null;
  /** Whether the counts of its run include it. */
  readonly counted: boolean;
  /** It began after the window; if it counts, it was due inside. */
  readonly isAfterWindow: boolean;
  readonly stall: ListedStall;
}

export interface BundleStalls {
  readonly runs: readonly RunStalls[];
  /** Of all runs that were read. */
  readonly stalls: readonly NumberedStall[];
  readonly missing: readonly Stated<MissingInBundle>[];
}

/** Of a bundle of any kind, or of one run. */
export interface ReadStalls extends Omit<BundleStalls, 'missing'> {
  readonly isObservation: boolean;
  /** Of an observation; null: of an experiment. */
  readonly answer: Stated | null;
  readonly missing: readonly Stated[];
}

/** `only`: the name of one run. */
export function readStalls(bundle: string, only?: string): ReadStalls {
  const folder = join(bundle, 'runs');
  if (isMissing(folder) || !statSync(folder).isDirectory())
    throw usage(
      `${bundle} is no bundle: ${whyNoBundle(bundle, 'folder runs')}; name a folder that \`pauselab run\` or \`pauselab observe\` wrote`,
    );
  if (isObservation(bundle)) return stallsOfObservation(bundle, only);
  const { names, notes } = runFolders(bundle);
  if (names.length === 0)
    throw usage(
      `${bundle} has no finished run or observation, so its stalls are not known: pauselab ended before it wrote one; name another folder`,
    );
  if (only !== undefined && !names.includes(only))
    throw usage(`--run ${only}: the bundle has no such run; it has ${names.join(', ')}`);
  const missing = only === undefined ? notes.map(unreadable) : [];
  const found = collected(
    bundle,
    names
      .filter((name) => only === undefined || name === only)
      .map((name) => ({ name, run: orMissing(missing, () => readBundleFile('run', join(folder, name, 'run.json'))) })),
    missing,
  );
  return { ...found, isObservation: false, answer: null };
}

/** An observation: what it could not see is missing in each of its stalls. */
function stallsOfObservation(bundle: string, only: string | undefined): ReadStalls {
  if (only !== undefined && only !== observedRun)
    throw usage(`--run ${only}: an observation has one run, ${observedRun}; leave --run out`);
  const { answer, missing } = readBundleFile('observation', join(bundle, 'observation.json'));
  const found = collected(bundle, [{ name: observedRun, run: null }], []);
  return { ...found, isObservation: true, answer, missing: [...missing, ...found.missing] };
}

/** For a bundle whose runs have been read. */
export function stallsOf({ path, runs, notes }: StoredBundle): BundleStalls {
  return collected(
    path,
    runs.map((run) => ({ name: run.name, run })),
    notes.map(unreadable),
  );
}

const unreadable = (reason: string): Stated<MissingInBundle> => statedMissing({ code: 'unreadable', reason });

/** The result of `read`; null, with the reason in `missing`, if it refuses a file of the bundle. */
export function orMissing<T>(missing: Stated<MissingInBundle>[], read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    // A failure of the machine is no missing file: a result without that file would be incomplete.
    if (!(error instanceof Failure) || error.exitCode === ExitCode.unfit) throw error;
    missing.push(unreadable(error.message));
    return null;
  }
}

/** All lists of a bundle are in memory together, as objects of several times their size. */
const mostBytesOfStalls = 128 * 2 ** 20;

function collected(
  bundle: string,
  named: readonly Pick<RunStalls, 'name' | 'run'>[],
  missing: Stated<MissingInBundle>[],
): BundleStalls {
  const say = (fact: MissingInBundle): void => {
    missing.push(statedMissing(fact));
  };
  const budget = budgetOf(mostBytesOfStalls);
  const runs = named.map((one) => {
    const path = join(bundle, 'runs', one.name, 'stalls.json');
    if (!isMissing(path)) return { ...one, file: orMissing(missing, () => readBundleFile('stalls', path, budget)) };
    say({ code: 'no-stalls-file', run: one.name });
    return { ...one, file: null };
  });
  for (const { name, run, file } of runs) {
    if (run !== null && run.status !== 'complete') say({ code: 'run-not-whole', run: name, status: run.status });
    if (run !== null && run.disturbances.length > 0)
      say({
        code: 'run-disturbed',
        run: name,
        disturbances: run.disturbances.map(({ code }) => code),
        why: sentencesOf(run.disturbances),
      });
    if (file?.stalls.some(({ chain }) => chain === null) === true) say({ code: 'no-attribution', run: name });
    const lostEvents_n = file?.trace?.lost_n ?? 0;
    if (lostEvents_n > 0) say({ code: 'trace-lost', run: name, events_n: lostEvents_n });
    const lost_n = run?.series.reduce((sum, { lost_records }) => sum + lost_records, 0) ?? 0;
    if (lost_n > 0) say({ code: 'records-lost', run: name, records_n: lost_n });
  }
  if (runs.length === 0) say({ code: 'no-run' });
  const several = new Set(runs.flatMap(({ run }) => run?.kernel ?? [])).size > 1;
  const all = runs.flatMap(({ name, run, file }) =>
    (file?.stalls ?? []).map((stall) => ({
      run: name,
      arm: run?.arm ?? name,
      kernel: several ? (run?.kernel ?? null) : null,
      counted: run === null ? stall.recorded : isCounted(stall, run.window),
      isAfterWindow: run !== null && beginsAfter(stall, run.window),
      stall,
    })),
  );
  const stalls = all
    .sort((a, b) => b.stall.duration_ns - a.stall.duration_ns)
    .map((one, i) => ({ number: i + 1, ...one }));
  return { runs, stalls, missing };
}
