import { expect, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import { engineEnded } from '../../src/workload/native/engine-process.js';
import type { Exit, Program } from '../../src/workload/programs.js';

function end(exit: Exit, ...complaints: string[]): { exitCode: ExitCode; message: string } {
  const program: Program = {
    pid: 1,
    exit: () => exit,
    exited: Promise.resolve(exit),
    kill: () => undefined,
    complaints: () => complaints,
    killedWhy: () => '',
  };
  const { exitCode, message } = engineEnded(exit, program, 'inside its window');
  return { exitCode, message };
}

test.each([ExitCode.usage, ExitCode.unfit, ExitCode.workload])(
  'the first of its own sentences and its exit code %i are passed on',
  (code) => {
    expect(end({ code, signal: null }, 'the layout same is not there', 'the second process ended early')).toEqual({
      exitCode: code,
      message: 'the layout same is not there',
    });
  },
);

test('a signal is named, with its last words', () => {
  expect(end({ code: null, signal: 'SIGKILL' })).toEqual({
    exitCode: ExitCode.workload,
    message: 'the engine ended inside its window by SIGKILL; its recordings are kept',
  });
  expect(end({ code: null, signal: 'SIGSEGV' }, 'ouch').message).toContain('by SIGSEGV, with the message "ouch"; its');
});

test('an exit code without a meaning of ours is a failed workload', () => {
  expect(end({ code: 1, signal: null }, 'std::bad_alloc')).toEqual({
    exitCode: ExitCode.workload,
    message:
      'the engine ended inside its window with exit code 1, with the message "std::bad_alloc"; its recordings are kept',
  });
  expect(end({ code: 6, signal: null }).exitCode).toBe(ExitCode.workload);
  expect(end({ code: 5, signal: null })).toEqual({
    exitCode: ExitCode.unfit,
    message:
      'the engine ended inside its window with exit code 5, and had no space to write its message; free some space in /dev/shm, where it writes',
  });
});
