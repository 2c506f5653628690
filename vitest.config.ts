import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * `unit` runs first and in parallel. `machine` holds what loads the machine or measures it, a short test of each path: one
 * file at a time, with nothing else of ours running beside it. `long` does too, has the thorough tests, and is no part of
 * `npm test`: all of it takes about an hour, most of that in guests that are emulated. CONTRIBUTING.md has a table of
 * which part to run after which change; CI runs all of it each week.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/machine/**', 'test/long/**'],
          // vitest leaves a CPU to itself, which of two is half: its own work is little.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Far above what any of them needs: a machine under load is no failure.
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
