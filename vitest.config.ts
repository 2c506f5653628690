import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { needsOwnProcess, testFiles } from './scripts/test/isolation.mjs';

const unitTests = testFiles(['test/command', 'test/machine', 'test/long']);
const isolated = unitTests.filter((file) => needsOwnProcess(file));

const unit = {
  globalSetup: ['test/support/empty-cache.ts'],
  // vitest leaves a CPU for itself, which is half of two CPUs; its own work needs little.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // Far above what any test needs, so that load on the machine is no failure.
  testTimeout: 30_000,
  hookTimeout: 30_000,
  sequence: { groupOrder: 0 },
};

/**
 * `shared` and `unit` are the unit tests. They run first and in parallel. Files of `shared` share their workers, which
 * about halves their CPU time, because each module loads once per worker. A file is in `unit` if it changes its process,
 * as scripts/test/isolation.mjs finds it. `command` has tests that start the command and wait, and judge no time that
 * other load changes: they run in parallel, too. `machine` has the tests that measure the machine, a short test of each
 * path. They run one file at a time, with no other part of pauselab beside them. `long` has the thorough tests, runs in
 * the same way, and is not part of `npm test`: it takes about an hour, most of that in emulated guests. CONTRIBUTING.md
 * has a table of which part to run after which change. CI runs all of it each week.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: { ...unit, name: 'unit', include: isolated },
      },
      {
        test: {
          ...unit,
          name: 'shared',
          include: unitTests.filter((file) => !isolated.includes(file)),
          isolate: false,
        },
      },
      {
        test: {
          name: 'command',
          include: ['test/command/**/*.test.ts'],
          // They wait more than they compute.
          maxWorkers: Math.max(3, availableParallelism()),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'machine',
          include: ['test/machine/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
