/** A real-time policy as the kernel takes it and says it back, on a process of our own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { applyPriority } from '../../src/workload/threads/priorities.js';

let child: ChildProcess;
beforeEach(async () => {
  child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
});
afterEach(() => {
  child.kill('SIGKILL');
});

test.each(['fifo 7', 'rr 99'] as const)('%s is set and read back with its priority, or refused by name', (policy) => {
  const { actual, problems } = applyPriority({ name: 'holder', tid: child.pid ?? 0, nice: 0, policy, cpus: [0] });
  if (problems.length === 0) expect(actual).toEqual({ nice: 0, policy, cpus: [0] });
  else
    expect(problems).toEqual([
      expect.stringMatching(
        new RegExp(`^policy ${policy} of thread holder was refused \\(EPERM\\); a real-time policy needs root`),
      ),
    ]);
});

test('another priority than the one that was asked for is a problem', () => {
  const scheduling = {
    setNice: () => undefined,
    setPolicy: () => undefined,
    setSlice: () => undefined,
    threadSlice: () => 0,
    setAffinity: () => undefined,
    threadScheduling: () => ({ nice: 0, policy: 1, cpus: [0] }),
    rtPriority: () => 3,
  };
  expect(applyPriority({ name: 'hog-0', tid: 1, nice: 0, policy: 'fifo 4', cpus: [0] }, scheduling).problems).toEqual([
    expect.objectContaining({
      code: 'scheduling-not-in-force',
      sentence: expect.stringContaining(
        'was to have nice 0, policy fifo 4, CPUs 0 and has nice 0, policy fifo 3, CPUs 0',
      ) as string,
    }),
  ]);
});
