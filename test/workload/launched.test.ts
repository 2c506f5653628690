import { describe, expect, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import { launchFile } from '../../src/workload/launch-file.js';
import { launcherFailure, ownFailure, type Launched } from '../../src/workload/launched.js';

const execRefused = '/opt/a b could not be executed (EACCES): it is not executable; name another';

function failureOf(launched: Partial<Launched>): { exitCode: number; message: string } | null {
  const failure = launcherFailure({
    program: '/opt/a b',
    called: 'the agent',
    isPrepared: true,
    printed: [],
    exit: { code: 0, signal: null },
    ...launched,
  });
  return failure === null ? null : { exitCode: failure.exitCode, message: failure.message };
}

describe('a launcher', () => {
  test.each([2, 5, 6])('that could not prepare its program is quoted, with its exit code %i', (code) => {
    const printed = ['nice -5 of the agent was refused (EACCES)', 'later'];
    expect(failureOf({ isPrepared: false, printed, exit: { code, signal: null } })).toEqual({
      exitCode: code,
      message: printed[0],
    });
  });

  test('whose exec was refused is quoted', () => {
    expect(failureOf({ printed: [execRefused], exit: { code: 5, signal: null } })).toEqual({
      exitCode: ExitCode.unfit,
      message: execRefused,
    });
  });

  test('that ended otherwise before its program started is named', () => {
    expect(failureOf({ isPrepared: false, exit: { code: null, signal: 'SIGKILL' } })).toEqual({
      exitCode: ExitCode.workload,
      message: 'the launcher of the agent ended by SIGKILL before the agent was started',
    });
    expect(failureOf({ isPrepared: false, printed: ['ouch'], exit: { code: 1, signal: null } })?.message).toBe(
      'the launcher of the agent ended with exit code 1 before the agent was started, with the message "ouch"',
    );
  });

  test.each([
    ['ends with a code of ours', ['no such host'], 5],
    ['reports another program', ['/usr/bin/x could not be executed (ENOENT)'], 5],
    ['repeats the launcher’s sentence later', ['trying', execRefused], 5],
    ['prints it and goes on', [execRefused], 0],
    ['prints it and ends with a code of its own', [execRefused], 2],
  ])('became the program, which %s', (_, printed, code) => {
    expect(failureOf({ printed, exit: { code, signal: null } })).toBeNull();
  });
});

test('an own failure needs a code of ours and a sentence', () => {
  expect(ownFailure(5, 'no space')).toMatchObject({ exitCode: ExitCode.unfit, message: 'no space' });
  expect([ownFailure(5, undefined), ownFailure(null, 'x'), ownFailure(0, 'x'), ownFailure(3, 'x')]).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

test.each([undefined, 'QEMU', 'the agent'])('a launch file refuses a line break, and names %s', (called) => {
  const files = { pidFile: '/p', stdout: '/o', stderr: '/e' };
  expect(() => launchFile({ program: '/x', called, parentPid: 1, ...files, args: ['a\nb'] })).toThrow(
    `a value for the start of ${called ?? 'java'} contains a line break or a NUL`,
  );
});
