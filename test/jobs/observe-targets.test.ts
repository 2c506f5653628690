/** Which processes are observed, by what a user names. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { targetsOf, type AskedTargets } from '../../src/jobs/observe-targets.js';
import { everyPid, isKernelThread, pidsNamed } from '../../src/observe/target.js';

const nothing: AskedTargets = { pids: [], names: [], mainClasses: [], cgroups: [] };
// In a container none is seen. Workers are left out, because their names change.
const kernelThreadName =
  everyPid()
    .filter(isKernelThread)
    .map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd())
    .find((name) => name === 'kthreadd') ?? null;

describe('a name', () => {
  test.skipIf(kernelThreadName === null)('that only threads of the kernel have is refused by that name', () => {
    const name = kernelThreadName ?? '';
    expect(() => targetsOf({ ...nothing, names: [name] })).toThrow(
      `--name ${name}: only threads of the kernel have this name, which have no memory of their own; name a process`,
    );
  });

  test('that no process has is refused', () => {
    expect(() => targetsOf({ ...nothing, names: ['no such process'] })).toThrow(
      '--name no such process: no process has this name; `ps -e` lists those that run',
    );
  });

  test('of no letters is no process’s', () => {
    expect(pidsNamed('')).toEqual([]);
  });
});
