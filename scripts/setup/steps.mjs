import { join } from 'node:path';
import { mustRun, npm } from './child.mjs';
import { javaStep } from './java.mjs';
import { nativeStep } from './native.mjs';
import { hashOf, stamp } from './stamp.mjs';

/**
 * The parts of pauselab, in the order of building. `main` serves every job, and is all that the main job needs. The
 * command line builds the others on first use (src/host/setup.ts), so a part that a job does not need never stops it.
 */
export const parts = {
  main: { without: 'pauselab cannot run' },
  trace: { without: '`run --trace` and guests will not work' },
  observe: { without: '`observe` will not work' },
  attach: { without: '`observe --jvm` will not work' },
  guests: { without: 'guests will not work' },
  jvm: { without: 'JVM profiles will not work' },
  tests: { without: 'tests will not work' },
};

/**
 * A step is fresh while its stamp has the hash of its present input. All steps except Java's depend on the lock file,
 * because a new compiler or a new header may change their results.
 */
export function allSteps(root) {
  return [
    npmStep(root),
    typescriptStep(root),
    nativeStep(root, {
      part: 'main',
      title: 'native parts',
      targets: ['pauselab', 'pauselab-engine', 'pauselab-sampler', 'pauselab-launcher'],
    }),
    nativeStep(root, { part: 'trace', title: 'tracer', targets: ['pauselab-tracer'] }),
    nativeStep(root, { part: 'observe', title: 'observer', targets: ['pauselab-observer'], needs: ['libbpf'] }),
    nativeStep(root, { part: 'attach', title: 'guardian', targets: ['pauselab-guardian'] }),
    nativeStep(root, {
      part: 'guests',
      title: 'first process of guests',
      targets: ['pauselab-tracer', 'pauselab-guest-init'],
      needs: ['staticLibraries'],
    }),
    javaStep(root),
    nativeStep(root, { part: 'jvm', title: 'library of the JVM workloads', targets: ['pauselab-jvm'], needs: ['jdk'] }),
    nativeStep(root, {
      part: 'tests',
      title: 'native tests',
      targets: [
        'pauselab-engine-static',
        'pauselab-engine-inject',
        'pauselab-board-writer',
        'pauselab-refuse',
        'pauselab-stalling',
        'pauselab-woken-early',
        'pauselab-fail-calls',
        'pauselab-board-tool',
        'pauselab-lock-waits',
        'native-tests',
        'native-tests-asan',
        'native-tests-tsan',
      ],
      needs: ['staticLibraries', 'sanitizers', 'doctest'],
    }),
  ];
}

export function isFresh(step) {
  return step.stamp.says(step.input());
}

/** Reads the input before the work, so that the next start sees a change during it. */
export async function make(step) {
  const input = step.input();
  step.stamp.remove();
  await step.make();
  step.stamp.write(input);
}

export function npmStep(root) {
  // No package has an install script, and a later package must not run its script unnoticed.
  const flags = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'];
  return {
    part: 'main',
    title: 'npm packages',
    needs: [],
    stamp: stamp(join(root, 'node_modules/.setup-stamp')),
    input: () => `${hashOf(root, ['package-lock.json'])} ${process.arch}`,
    make: async () => {
      // Packages in npm's cache need no network. Without this npm asks for news of each package, for minutes if nothing
      // answers.
      const [command, args, options] = npm(['ci', '--prefer-offline', ...flags]);
      await mustRun(command, args, {
        ...options,
        cwd: root,
        logFile: join(root, '.setup/npm.log'),
        exitCode: 5,
        sentence: npmFailure,
      });
    },
  };
}

function npmFailure(output) {
  if (/\bENOSPC\b|\bEDQUOT\b/.test(output))
    return '"npm ci" failed, because the disk is full: free some space and start again';
  if (/spawn npm ENOENT/.test(output)) return 'npm is not on PATH: install it (it comes with Node) and start again';
  if (/\bEACCES\b|\bEROFS\b/.test(output))
    return '"npm ci" failed, because it may not write where the log says: correct that and start again';
  return '"npm ci" failed: check that npm reaches its registry, then start again';
}

function typescriptStep(root) {
  return {
    part: 'main',
    title: 'TypeScript',
    needs: [],
    // It computes in one thread, and the native parts need nothing of it.
    fitsBesideNext: true,
    stamp: stamp(join(root, 'dist/.setup-stamp')),
    input: () => hashOf(root, ['src', 'tsconfig.json', 'package-lock.json']),
    make: () =>
      mustRun(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
        cwd: root,
        logFile: join(root, '.setup/typescript.log'),
        exitCode: 1,
        sentence: 'the TypeScript sources do not compile',
      }),
  };
}
