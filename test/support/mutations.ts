/** Inputs for each reader, always the same, and what must come of them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { mutation, mutationNames, subjectNames } from '../torture/mutations.js';

/** Makes a test for each reader; `package`: each unpacks a package, which takes programs of the system. */
export function testMutations(inputs: { readonly each: number; readonly package: number }): void {
  const root = mkdtempSync(join(tmpdir(), 'pauselab-mutations-'));
  afterAll(() => {
    rmSync(root, { recursive: true });
  });

  function namesFor(subject: string): string[] {
    const wanted = subject === 'package' ? inputs.package : inputs.each;
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
}
