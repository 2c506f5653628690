import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { machineFailure, errorMeaning, systemFailure } from '../../src/base/system-error.js';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test.each([
  [
    'a file that is not there',
    () => readFileSync('/no/such/file'),
    'open /no/such/file failed (ENOENT): it does not exist; create it, or name another',
  ],
  [
    'a folder in /proc',
    () => {
      mkdirSync('/proc/x');
    },
    'mkdir /proc/x failed (ENOENT): it does not exist; create it, or name another',
  ],
  [
    'a path below a file',
    () => openSync('/dev/null/x', 'r'),
    'open /dev/null/x failed (ENOTDIR): a part of the path is not a folder; correct the path',
  ],
  [
    'two places',
    () => {
      renameSync('/no/a', '/no/b');
    },
    'rename /no/a to /no/b failed (ENOENT): it does not exist; create it, or name another',
  ],
  [
    'a name that is too long',
    () => openSync(`/tmp/${'x'.repeat(300)}`, 'r'),
    /^open \/tmp\/x+ failed \(ENAMETOOLONG\): the name is too long; choose a shorter one$/,
  ],
  [
    'memory',
    () => new ArrayBuffer(Number.MAX_SAFE_INTEGER),
    'allocating a buffer failed (ENOMEM): there is not enough memory; free some memory, or raise the limit (ulimit -v, the memory limit of the container)',
  ],
])('%s: one sentence with what to do, exit code 5', (_, work, says) => {
  expect(systemFailure(thrownBy(work))).toMatchObject({
    exitCode: 5,
    message: typeof says === 'string' ? says : (expect.stringMatching(says) as string),
  });
});

test('a program that could not be started', async () => {
  const error = await new Promise((resolve) => {
    spawn('/no/such/program').once('error', resolve);
  });
  expect(systemFailure(error)?.message).toBe(
    'spawn /no/such/program failed (ENOENT): it does not exist; create it, or name another',
  );
  const refused = Object.assign(new Error('spawn x EAGAIN'), { code: 'EAGAIN', syscall: 'spawn x', path: 'x' });
  expect(systemFailure(refused)?.message).toBe(
    'spawn x failed (EAGAIN): the limit of processes or threads is reached; raise the limit (ulimit -u, the pids limit of the container), or end some processes',
  );
});

test.each(['UNKNOWN', 'Unknown system error -122'])(
  'a refusal that Node calls %s has its name by its number',
  (code) => {
    const error = Object.assign(new Error('UNKNOWN: unknown error, write'), {
      code,
      errno: -constants.errno.EDQUOT,
      syscall: 'write',
    });
    expect(systemFailure(error)).toMatchObject({
      exitCode: 5,
      message: 'write failed (EDQUOT): the disk quota is used up; free some space, or name another place',
    });
  },
);

test('what is a bug stays one', () => {
  for (const error of [
    new TypeError('x is undefined'),
    new Error('no'),
    'text',
    null,
    Object.assign(new Error('bad'), { code: 'EINVAL', syscall: 'read' }),
    Object.assign(new Error('bad'), { code: 'ERR_INVALID_ARG_TYPE', syscall: 'x' }),
  ]) {
    expect(systemFailure(error)).toBeNull();
  }
});

test('every errno of the system has a sentence, known or not', () => {
  for (const code of Object.keys(constants.errno)) {
    expect(errorMeaning(code).what).toMatch(/^[a-z]/);
    expect(errorMeaning(code).remedy).toMatch(/^[a-z]/);
  }
});

test('whose fault it is: a limit of the machine, or a name that may be wrong', () => {
  const at = (code: string): Error => Object.assign(new Error(code), { code, syscall: 'open', path: '/x' });
  for (const code of ['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EAGAIN', 'ESTALE'])
    expect(machineFailure(at(code))).toMatchObject({ exitCode: 5 });
  for (const code of ['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR']) expect(machineFailure(at(code))).toBeNull();
});
