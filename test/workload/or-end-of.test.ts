import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ExitCode, usage, unfit, workloadFailed } from '../../src/base/failure.js';
import { orEndOf } from '../../src/workload/prepared.js';

async function endedProcess(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

test('what was refused to a process that has ended is the failure of the workload', async () => {
  const refusal = unfit('nice 0 of thread holder was refused (ESRCH)');
  const gone = await endedProcess();
  expect(orEndOf([process.pid, gone], refusal)).toMatchObject({
    exitCode: ExitCode.workload,
    message: expect.stringContaining(`thread ${gone}`) as unknown,
    cause: refusal,
  });
});

test('what was refused while all are there stays what it is', () => {
  const refusal = unfit('nice -5 of thread holder was refused (EPERM)');
  expect(orEndOf([process.pid, 0], refusal)).toBe(refusal);
});

test.each([usage('bad input'), workloadFailed('it crashed'), new Error('of ours')])(
  '%s has nothing to do with a process that has ended',
  async (error) => {
    expect(orEndOf([await endedProcess()], error)).toBe(error);
  },
);
