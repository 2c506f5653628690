/** Which processes are observed, by what a user names. */
import { describe, expect, test } from 'vitest';
import { targetsOf, type AskedTargets } from '../../src/jobs/observe-targets.js';
import { readIfThere } from '../../src/host/files.js';
import { pidsNamed } from '../../src/observe/target.js';
import { isKernelThread } from '../../src/workload/process-identity.js';

const nothing: AskedTargets = { pids: [], names: [], mainClasses: [], cgroups: [] };
// In a container none is seen. Workers are left out, because their names change.
const kernelThreadName = isKernelThread(2) && readIfThere('/proc/2/comm') === 'kthreadd\n' ? 'kthreadd' : null;

describe('a name', () => {
  test('that only threads of the kernel have is refused by that name', ({ skip }) => {
    skip(kernelThreadName === null, 'no thread of the kernel is seen in this PID namespace');
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

  test('that is empty fits no process', () => {
    expect(pidsNamed('')).toEqual([]);
  });
});
