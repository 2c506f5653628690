import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNodeDir, headersNeed } from './headers.mjs';
import { lockTree } from './lock.mjs';
import { buildNeeds, install, isKnownNeed, missingFrom, testNeeds } from './packages.mjs';
import { SetupFailure, say, sayFailure } from './report.mjs';
import { allSteps, isFresh, make, parts } from './steps.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packagesLog = join(root, '.setup/packages.log');

/**
 * Makes this tree ready: for the tests, or for the named parts, or as far as this machine permits. Resolves to the exit
 * code.
 */
export function setup({ forTests = false, only = [], mayInstall = true }) {
  return inSentences(() => prepare({ forTests, only, mayInstall }));
}

/** Installs packages of the system, named by the need that they serve (src/base/system-packages.mjs). */
export function installNeeds(needs) {
  return inSentences(async () => {
    const unknown = needs.find((need) => !isKnownNeed(need));
    if (unknown !== undefined)
      throw new SetupFailure(2, `--install ${unknown}: src/base/system-packages.mjs has no such need`);
    await install(needs, packagesLog);
  });
}

/** Resolves to the exit code of `work`, and prints its failures. */
export async function inSentences(work) {
  try {
    await work();
    return 0;
  } catch (error) {
    const failure = error instanceof SetupFailure ? error : ofFileSystem(error);
    if (failure === undefined) throw error;
    if (failure.log !== '') process.stderr.write(`${failure.log}\n`);
    sayFailure(failure.message);
    return failure.exitCode;
  }
}

async function prepare({ forTests, only, mayInstall }) {
  const steps = allSteps(root);
  const isWhole = !forTests && only.length === 0;
  const asked = forTests ? Object.keys(parts) : isWhole ? ['main'] : only;
  const required = steps.filter(({ part }) => asked.includes(part));
  const others = steps.filter(({ part }) => part !== 'tests' && !asked.includes(part));
  const needed = () => [
    ...new Set([
      ...(forTests ? [...buildNeeds, ...testNeeds] : []),
      ...required.filter((step) => !isFresh(step)).flatMap(({ needs }) => needs),
    ]),
  ];
  const stale = () => steps.filter((step) => !required.includes(step) && step.stamp.exists() && !isFresh(step));
  const toTry = () => (isWhole ? others.filter((step) => !isFresh(step)) : []);
  if (required.every(isFresh) && missingFrom(needed()).length === 0 && stale().length === 0 && toTry().length === 0)
    return;

  // A running command line asked for a part. Its code must not be replaced while it runs.
  if (!asked.includes('main') && steps.some((step) => step.part === 'main' && !isFresh(step)))
    throw new SetupFailure(5, 'the sources are not those that pauselab was built from: run `npm run setup`');

  const release = await lockTree(root, () => say('waiting for another set-up of this tree to end'));
  try {
    const missing = missingFrom(needed());
    if (
      required.some((step) => step.needs.includes('compiler') && !isFresh(step)) &&
      (await findNodeDir()) === undefined
    )
      missing.push(await headersNeed());
    if (missing.length > 0) await install(missing, packagesLog, { mayInstall });
    // Parts built from other sources would not fit, so they are built again on first use.
    for (const step of stale()) step.stamp.remove();
    await makeInOrder(required);
    for (const part of new Set(toTry().map((step) => step.part)))
      await tryToMake(
        part,
        toTry().filter((step) => step.part === part),
      );
  } finally {
    release();
  }
}

/** In order; a step that leaves CPUs idle, beside the one after it. */
async function makeInOrder(steps) {
  for (let first = 0; first < steps.length;) {
    const together = steps.slice(first, first + (steps[first].fitsBesideNext ? 2 : 1));
    const ends = await Promise.allSettled(together.map(makeUnlessFresh));
    const failure = ends.find(({ status }) => status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    first += together.length;
  }
}

async function makeUnlessFresh(step) {
  if (isFresh(step)) return;
  say(`making the ${step.title} ready`);
  await make(step);
}

/** For a part that not every job needs: a failure is one line. */
async function tryToMake(part, steps) {
  try {
    const missing = missingFrom([...new Set(steps.flatMap(({ needs }) => needs))]);
    if (missing.length > 0) await install(missing, packagesLog, { mayInstall: false });
    for (const step of steps) await makeUnlessFresh(step);
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    say(`${parts[part].without}: ${error.message}`);
  }
}

const refusals = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

function ofFileSystem({ code, path }) {
  const why = refusals[code];
  return why === undefined
    ? undefined
    : new SetupFailure(
        5,
        `${path ?? root} cannot be written, because ${why}: run \`npm run setup\` in a copy of this folder that can be`,
      );
}
