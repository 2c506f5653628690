import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { ExitCode, Failure, usage, unfit, workloadFailed } from '../../src/base/failure.js';
import { FailedStart, orEndOf, withFiles } from '../../src/workload/prepared.js';

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

describe('a start that failed', () => {
  const files = (): Record<string, string> => ({ log: 'text' });
  const ended = (code: number | null) => ({
    exit: () => ({ code, signal: code === null ? ('SIGKILL' as const) : null }),
  });
  const running = { exit: () => null };

  test.each([usage('no such flag'), unfit('a newer JDK is needed'), workloadFailed('it crashed')])(
    '%s of a program that ended is that of its arm, with its code and its files',
    (error) => {
      const failed = withFiles(error, files, [running, ended(1)]);
      expect(failed).toBeInstanceOf(FailedStart);
      expect(failed).toMatchObject({ code: error.code, message: error.message, files: { log: 'text' } });
    },
  );

  test.each([usage('no such CPU'), unfit('nice -5 was refused (EPERM)'), new Failure('interrupted', 'interrupted')])(
    '%s while all programs run is not',
    (error) => {
      expect(withFiles(error, files, [running])).toBe(error);
      expect(withFiles(error, files, [ended(0)])).toBe(error);
    },
  );

  test('an interruption that ended a program too is an interruption', () => {
    const error = new Failure('interrupted', 'interrupted before java was started');
    expect(withFiles(error, files, [ended(null)])).toBe(error);
  });
});
