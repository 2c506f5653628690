/**
 * The set-up of this tree (scripts/setup.mjs), started from a command that runs: parts that are built on first use, and
 * packages of the system. What it says on the way goes to `note`; how it fails is a failure like any other.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ExitCode, Failure, unfit } from '../base/failure.js';
import { machineFailure } from '../base/system-error.js';
import type { Need } from '../base/system-packages.mjs';
import { withPipes } from '../base/with-pipes.js';

export type SetupPart = 'jvm' | 'guests' | 'trace';

const root = new URL('../../', import.meta.url);

/** What the set-up writes when a part is built, and removes when it no longer fits (scripts/setup/steps.mjs). */
export const partStamps: Record<SetupPart, readonly string[]> = {
  jvm: ['native/build/.setup-jvm', 'jvm-workloads/build/.setup-stamp'],
  guests: ['native/build/.setup-guests'],
  trace: ['native/build/.setup-trace'],
};

export interface SetupOptions {
  readonly note: (text: string) => void;
  /** Packages that building needs are installed, too. */
  readonly install: boolean;
  /** Tests have trees of their own. */
  readonly tree?: URL;
}

/** Nothing is asked of the tree if it is there: what the sources have become since is for the next set-up. */
export async function ensurePart(part: SetupPart, options: SetupOptions): Promise<void> {
  const { tree = root, install } = options;
  if (partStamps[part].every((stamp) => existsSync(new URL(stamp, tree)))) return;
  await runSetup(['--part', part, ...(install ? [] : ['--no-install'])], options);
}

export async function installPackages(
  needs: readonly Need[],
  options: Pick<SetupOptions, 'note' | 'tree'>,
): Promise<void> {
  await runSetup(
    needs.flatMap((need) => ['--install', need]),
    options,
  );
}

const said = { note: 'pauselab set-up: ', failure: 'pauselab set-up failed: ' };

async function runSetup(
  args: readonly string[],
  { note, tree = root }: Pick<SetupOptions, 'note' | 'tree'>,
): Promise<void> {
  const script = fileURLToPath(new URL('scripts/setup.mjs', tree));
  if (!existsSync(script))
    throw unfit(`${script} is not there, which builds and installs what is missing; use a whole copy of pauselab`);
  // A process group of its own, which ends itself when this pipe does: also compilers and apt, and also if we are
  // killed.
  const child = withPipes(
    spawn(process.execPath, [script, '--with-parent', ...args], { stdio: ['pipe', 'ignore', 'pipe'], detached: true }),
  );
  let failure: string | undefined;
  const lines = createInterface({ input: child.stderr, crlfDelay: Infinity }).on('line', (line) => {
    if (line.startsWith(said.note)) note(line.slice(said.note.length));
    else if (line.startsWith(said.failure)) failure = line.slice(said.failure.length);
  });
  const linesDone = new Promise<void>((done) => {
    lines.once('close', done);
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', (cause) => {
      fail(machineFailure(cause) ?? unfit(`the set-up could not be started (${cause.message})`, { cause }));
    });
    child.once('close', done);
  });
  await linesDone;
  if (code === 0) return;
  throw new Failure(
    code === ExitCode.unfit ? ExitCode.unfit : ExitCode.internal,
    failure ??
      `the set-up ended with ${code === null ? 'a signal' : `exit code ${code}`} and said nothing; run \`npm run setup\` to see why`,
  );
}
