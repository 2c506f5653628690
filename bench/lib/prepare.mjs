import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNodeDir, headersNeed } from '../../scripts/setup/headers.mjs';
import { lockTree } from '../../scripts/setup/lock.mjs';
import { nodeGypOf } from '../../scripts/setup/native.mjs';
import { buildNeeds, install, missingFrom } from '../../scripts/setup/packages.mjs';
import { say } from '../../scripts/setup/report.mjs';
import { inSentences, setup } from '../../scripts/setup/setup.mjs';
import { hashOf, stamp } from '../../scripts/setup/stamp.mjs';
import { isFresh, make, npmStep } from '../../scripts/setup/steps.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bench = join(root, 'bench');
/** The reference library of histograms, and a JDK for it. */
const needs = ['taskset', 'java', 'jdk', 'hdrHistogram'];

/** Makes pauselab ready as `npm start` does, then what only the benchmarks need. Resolves to the exit code. */
export async function prepare() {
  const code = await setup({ only: ['main', 'trace', 'guests', 'jvm'] });
  return code === 0 ? inSentences(prepareBench) : code;
}

async function prepareBench() {
  // bench/ has a separate lock file, so the project's npm step works for it unchanged.
  const steps = [npmStep(bench), nativeStep()];
  const needed = () => [...needs, ...(isFresh(steps[1]) ? [] : buildNeeds)];
  if (steps.every(isFresh) && missingFrom(needed()).length === 0) return;

  const release = await lockTree(bench, () => say('waiting for another set-up of the benchmarks to end'));
  try {
    const missing = missingFrom(needed());
    if (!isFresh(steps[1]) && (await findNodeDir()) === undefined) missing.push(await headersNeed());
    if (missing.length > 0) await install(missing, join(bench, '.setup/packages.log'));
    for (const step of steps) {
      if (isFresh(step)) continue;
      say(`making the ${step.title} of the benchmarks ready`);
      await make(step);
    }
  } finally {
    release();
  }
}

function nativeStep() {
  const build = join(bench, 'build');
  const sources = ['bench/binding.gyp', 'bench/native', 'bench/package-lock.json', 'native/board', 'package-lock.json'];
  return {
    title: 'native parts',
    stamp: stamp(join(build, '.setup-stamp')),
    input: () => `${hashOf(root, sources)} ${process.version} ${process.arch}`,
    make: async () => {
      rmSync(build, { recursive: true, force: true });
      const nodeGyp = await nodeGypOf(root, {
        cwd: bench,
        logFile: join(bench, '.setup/native.log'),
        sentence: 'the native parts of the benchmarks cannot be built',
      });
      await nodeGyp(['rebuild', '--jobs', 'max']);
    },
  };
}
