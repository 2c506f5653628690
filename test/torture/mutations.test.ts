/**
 * Whatever the files of bundles, baselines, logs, policies and profiles hold: a result or a sentence. A few inputs for
 * each reader, always the same; `npm run torture -- --only mutations` searches on from other seeds.
 */
import { afterAll, expect, test } from 'vitest';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutation, mutationNames, subjectNames } from './mutations.js';

const root = mkdtempSync(join(tmpdir(), 'pauselab-mutations-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** Each unpacks a package, which takes programs of the system. */
const slow: Readonly<Record<string, number>> = { package: 6 };
const inputs = 60;

function namesFor(subject: string): string[] {
  const wanted = slow[subject] ?? inputs;
  const found: string[] = [];
  for (const name of mutationNames(20_251_126)) {
    if (name.startsWith(`mutations/${subject}/`)) found.push(name);
    if (found.length === wanted) break;
  }
  return found;
}

/** What a program of ours wrote is read as far as it goes. */
const takesAll: readonly string[] = ['jvm-log', 'samples', 'stacks', 'strace'];

const before = readdirSync('/tmp').filter((name) => name === 'x');

test.each(subjectNames)('%s', async (subject) => {
  const outcomes = [];
  for (const name of namesFor(subject)) outcomes.push(await mutation(name, root));
  expect(
    outcomes.flatMap(({ name, problems }) =>
      problems.map((problem) => `${problem} (npm run torture -- --attempt '${name}')`),
    ),
  ).toEqual([]);
  // Some changes are harmless, and some are not: both were tried.
  expect([...new Set(outcomes.map(({ column }) => column))].sort()).toEqual(
    takesAll.includes(subject) ? ['taken'] : ['refused', 'taken'],
  );
  // What some of them name is outside of every folder.
  expect(readdirSync('/tmp').filter((name) => name === 'x')).toEqual(before);
});
