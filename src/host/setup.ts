/**
 * Runs this tree's set-up (scripts/setup.mjs) from a running command: parts that are built on first use, and system
 * packages. Its progress goes to `note`; its failure becomes a Failure.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ExitCode, Failure, unfit } from '../base/failure.js';
import { packagePath } from '../base/package-path.js';
import { machineFailure } from '../base/system-error.js';
import type { Need } from '../base/system-packages.mjs';
import { withPipes } from '../base/with-pipes.js';

export type SetupPart = 'jvm' | 'guests' | 'trace' | 'observe' | 'attach';

const root = pathToFileURL(packagePath(''));

/** Files that the set-up writes when a part is built, and removes when it is outdated (scripts/setup/steps.mjs). */
export const partStamps: Record<SetupPart, readonly string[]> = {
  jvm: ['native/build/.setup-jvm', 'jvm-workloads/build/.setup-stamp'],
  guests: ['native/build/.setup-guests'],
  trace: ['native/build/.setup-trace'],
  observe: ['native/build/.setup-observe'],
  attach: ['native/build/.setup-attach'],
};

export interface SetupOptions {
  readonly note: (text: string) => void;
  /** Also install packages that building needs. */
  readonly install: boolean;
  /** Tests use other trees. */
  readonly tree?: URL;
}

/** If the part exists, the tree is not examined: changed sources are for the next set-up. */
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

const prefixes = { note: 'pauselab set-up: ', failure: 'pauselab set-up failed: ' };

async function runSetup(
  args: readonly string[],
  { note, tree = root }: Pick<SetupOptions, 'note' | 'tree'>,
): Promise<void> {
  const script = fileURLToPath(new URL('scripts/setup.mjs', tree));
  if (!existsSync(script))
    throw unfit(`${script}, which builds and installs missing parts, does not exist; use a complete copy of pauselab`);
  // In a separate process group, which ends itself when this pipe is closed: this also ends compilers and apt, even if
  // we are killed.
  const child = withPipes(
    spawn(process.execPath, [script, '--with-parent', ...args], { stdio: ['pipe', 'ignore', 'pipe'], detached: true }),
  );
  let failure: string | undefined;
  const lines = createInterface({ input: child.stderr, crlfDelay: Infinity }).on('line', (line) => {
    if (line.startsWith(prefixes.note)) note(line.slice(prefixes.note.length));
    else if (line.startsWith(prefixes.failure)) failure = line.slice(prefixes.failure.length);
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
      `the set-up ended with ${code === null ? 'a signal' : `exit code ${code}`} and printed no message; ` +
        'run `npm run setup` to see why',
  );
}
