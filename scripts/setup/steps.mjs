import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from './child.mjs';
import { findNodeDir } from './headers.mjs';
import { SetupFailure } from './report.mjs';
import { hashOf, stamp } from './stamp.mjs';

const oldestGcc = 10;

/**
 * The steps in their order. Each is fresh while its stamp says the inputs it would be made from
 * now. All depend on the lock file: a new compiler or a new header may change what they make.
 */
export function allSteps(root) {
  return { npm: npmStep(root), typescript: typescriptStep(root), native: nativeStep(root) };
}

export function isFresh(step) {
  return step.stamp.says(step.inputs());
}

/** The inputs are read before the work: what changes meanwhile is seen by the next start. */
export async function make(step) {
  const inputs = step.inputs();
  step.stamp.remove();
  await step.make();
  step.stamp.write(inputs);
}

function npmStep(root) {
  // Under `npm start` this is the npm that was called.
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  // No package here has an install script, and none that comes later is to get one unseen.
  const flags = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'];
  const [command, ...args] = [...npm, 'ci', ...flags];
  return {
    title: 'npm packages',
    stamp: stamp(join(root, 'node_modules/.setup-stamp')),
    inputs: () => hashOf(root, ['package-lock.json']) + process.arch,
    make: () =>
      mustRun(command, args, {
        cwd: root,
        logFile: join(root, '.setup/npm.log'),
        exitCode: 5,
        sentence: '"npm ci" failed: check that npm reaches its registry, then start again.',
      }),
  };
}

function typescriptStep(root) {
  return {
    title: 'TypeScript',
    stamp: stamp(join(root, 'dist/.setup-stamp')),
    inputs: () => hashOf(root, ['src', 'tsconfig.json', 'package-lock.json']),
    make: () =>
      mustRun(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
        cwd: root,
        logFile: join(root, '.setup/typescript.log'),
        exitCode: 1,
        sentence: 'The TypeScript sources do not compile: correct what the lines above name.',
      }),
  };
}

function nativeStep(root) {
  const build = join(root, 'native/build');
  const builtFor = stamp(join(build, '.setup-node'));
  return {
    title: 'native parts',
    stamp: stamp(join(build, '.setup-stamp')),
    inputs: () => {
      const sources = hashOf(root, ['native', 'package-lock.json'], ['native/build']);
      return `${sources} ${process.version} ${process.arch}`;
    },
    make: async () => {
      await checkCompiler();
      // make knows the sources it has compiled, but not the Node whose headers they included.
      if (!builtFor.says(process.version)) rmSync(build, { recursive: true, force: true });
      const nodeDir = await findNodeDir();
      const nodeGyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js');
      await mustRun(
        process.execPath,
        [nodeGyp, '-C', 'native', 'configure', 'build', '--jobs', 'max', '--nodedir', nodeDir],
        {
          cwd: root,
          // node-gyp takes npm's settings from the environment over its own arguments.
          env: { npm_config_nodedir: nodeDir, npm_config_loglevel: 'warn' },
          logFile: join(root, '.setup/native.log'),
          exitCode: 1,
          sentence: 'The native parts do not build: correct what the lines above name.',
        },
      );
      builtFor.write(process.version);
    },
  };
}

async function checkCompiler() {
  const { output } = await run('g++', ['-dumpversion']);
  if (!(Number.parseInt(output, 10) >= oldestGcc)) {
    throw new SetupFailure(
      5,
      `C++20 needs g++ ${oldestGcc} or newer and this machine has ${output.trim()}: ` +
        'install a newer g++, or upgrade the distribution.',
    );
  }
}
