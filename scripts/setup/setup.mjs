import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNodeDir, headersPackage } from './headers.mjs';
import { lockTree } from './lock.mjs';
import { buildPackages, install, missingFrom, testPackages } from './packages.mjs';
import { SetupFailure, say } from './report.mjs';
import { allSteps, isFresh, make } from './steps.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Resolves to the exit code. */
export async function setup({ forTests }) {
  try {
    await prepare(forTests);
    return 0;
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    if (error.log !== '') process.stderr.write(`${error.log}\n`);
    say(error.message);
    return error.exitCode;
  }
}

async function prepare(forTests) {
  const steps = allSteps(root, forTests);
  const isBuilt = () => Object.values(steps).every(isFresh);
  // What is built needs no compiler; the tests compile variants of their own.
  const needed = () => [
    ...(forTests || !isFresh(steps.native) ? buildPackages : []),
    ...(forTests ? testPackages : []),
  ];
  if (isBuilt() && missingFrom(needed()).length === 0) return;

  const release = await lockTree(root, () => say('waiting for another set-up of this tree to end'));
  try {
    const missing = missingFrom(needed());
    if (!isFresh(steps.native) && (await findNodeDir()) === undefined) {
      missing.push(await headersPackage());
    }
    if (missing.length > 0) await install(missing, join(root, '.setup/packages.log'));
    for (const step of Object.values(steps)) {
      if (isFresh(step)) continue;
      say(`making the ${step.title} ready`);
      await make(step);
    }
  } finally {
    release();
  }
}
