import { expect, test } from 'vitest';
import { ExitCode, Failure } from '../../src/base/failure.js';
import { cpuTopology, parseCpuList, resolveCpus, type CpuTopology } from '../../src/host/cpus.js';

test.each([
  ['0-3,8', [0, 1, 2, 3, 8]],
  ['0', [0]],
  ['5-5', [5]],
  ['0,2,4-6\n', [0, 2, 4, 5, 6]],
  ['', []],
])('the list %j', (text, cpus) => {
  expect(parseCpuList(text)).toEqual(cpus);
});

/** Cores of two hardware threads each: 0 and `cores`, 1 and `cores` + 1, … as Linux numbers them. */
function twoThreadsACore(allowed: readonly number[], cores: number): CpuTopology {
  return { allowed, siblings: (cpu) => [cpu % cores, (cpu % cores) + cores] };
}
const oneThreadACore = (...allowed: number[]): CpuTopology => ({ allowed, siblings: (cpu) => [cpu] });

test('first is the first CPU that may be used, whatever taskset left', () => {
  expect(resolveCpus({ kind: 'first' }, oneThreadACore(0, 1))).toEqual([0]);
  expect(resolveCpus({ kind: 'first' }, oneThreadACore(3, 5, 7))).toEqual([3]);
});

test('second is the next CPU on another core', () => {
  expect(resolveCpus({ kind: 'second' }, oneThreadACore(0, 1, 2))).toEqual([1]);
  expect(resolveCpus({ kind: 'second' }, oneThreadACore(3, 5))).toEqual([5]);
  // Neighbours in number that share a core: 0 and 1, 2 and 3.
  const neighbours: CpuTopology = { allowed: [0, 1, 2, 3], siblings: (cpu) => [cpu - (cpu % 2), cpu - (cpu % 2) + 1] };
  expect(resolveCpus({ kind: 'second' }, neighbours)).toEqual([2]);
  expect(resolveCpus({ kind: 'second' }, twoThreadsACore([0, 2, 3], 2))).toEqual([3]);
});

test('second is on the same core only where there is no other', () => {
  expect(resolveCpus({ kind: 'second' }, twoThreadsACore([0, 1], 1))).toEqual([1]);
  expect(resolveCpus({ kind: 'second' }, twoThreadsACore([1, 3], 2))).toEqual([3]);
});

function failureOf(resolve: () => unknown): Failure {
  try {
    resolve();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('one CPU is not enough for two', () => {
  const { exitCode, message } = failureOf(() => resolveCpus({ kind: 'second' }, oneThreadACore(4)));
  expect(exitCode).toBe(ExitCode.unfit);
  expect(message).toBe(
    'two CPUs are needed, one for holder and hogs and one for victims, but only CPU 4 may be used; run on a machine with two CPUs, or widen taskset or the cpuset',
  );
});

test('no CPU at all is the machine’s fault, a CPU that is not there the profile’s', () => {
  expect(failureOf(() => resolveCpus({ kind: 'first' }, oneThreadACore())).exitCode).toBe(ExitCode.unfit);
  const { exitCode, message } = failureOf(() => resolveCpus({ kind: 'list', cpus: [0, 4, 7] }, oneThreadACore(0, 1)));
  expect(exitCode).toBe(ExitCode.usage);
  expect(message).toBe('CPUs 4, 7 do not exist or may not be used here; allowed are 0, 1');
  expect(failureOf(() => resolveCpus({ kind: 'list', cpus: [4] }, oneThreadACore(0, 1))).message).toBe(
    'CPU 4 does not exist or may not be used here; allowed are 0, 1',
  );
  expect(resolveCpus({ kind: 'list', cpus: [1] }, oneThreadACore(0, 1))).toEqual([1]);
});

test('this machine has a first CPU, which is its own sibling', () => {
  const topology = cpuTopology();
  const [first = -1] = topology.allowed;
  expect(first).toBeGreaterThanOrEqual(0);
  expect(topology.siblings(first)).toContain(first);
});
