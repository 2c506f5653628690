import { expect, test } from 'vitest';
import { ExitCode, Failure, unfit, usage, workloadFailed } from '../../src/base/failure.js';

test('each helper makes a failure with the exit code of its kind', () => {
  expect(usage('no such profile').exitCode).toBe(2);
  expect(unfit('no java').exitCode).toBe(5);
  expect(workloadFailed('the engine hung').exitCode).toBe(6);
});

test('a failure keeps its sentence and what caused it', () => {
  const cause = new Error('ENOSPC');
  const failure = usage('the output folder is full', { cause });
  expect(failure).toBeInstanceOf(Failure);
  expect(failure.message).toBe('the output folder is full');
  expect(failure.cause).toBe(cause);
});

test('exit codes are distinct', () => {
  const codes = Object.values(ExitCode);
  expect(new Set(codes).size).toBe(codes.length);
});
