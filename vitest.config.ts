import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * `unit` runs first and in parallel. `machine` has the tests that load the machine or measure it, a short test of each
 * path. They run one file at a time, with no other part of pauselab beside them. `long` has the thorough tests, runs in
 * the same way, and is not part of `npm test`: it takes about an hour, most of that in emulated guests. CONTRIBUTING.md
 * has a table of which part to run after which change. CI runs all of it each week.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/machine/**', 'test/long/**'],
          // vitest leaves a CPU for itself, which is half of two CPUs; its own work needs little.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Far above what any test needs, so that load on the machine is no failure.
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'machine',
          include: ['test/machine/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
