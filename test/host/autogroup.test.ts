import { expect, test } from 'vitest';
import { ExitCode, Failure } from '../../src/base/failure.js';
import { commonAutogroup } from '../../src/host/autogroup.js';

const enabled = '/proc/sys/kernel/sched_autogroup_enabled';

function proc(files: Record<string, string>): (path: string) => string | null {
  return (path) => files[path] ?? null;
}

test('processes of one session share a group, whatever its nice value', () => {
  expect(
    commonAutogroup(
      [7, 8],
      proc({
        [enabled]: '1',
        '/proc/7/autogroup': '/autogroup-12 nice 0',
        '/proc/8/autogroup': '/autogroup-12 nice 0',
      }),
    ),
  ).toBe('/autogroup-12');
});

test('processes that no session was ever made for share the root task group', () => {
  expect(commonAutogroup([7, 8], proc({ [enabled]: '1', '/proc/7/autogroup': '', '/proc/8/autogroup': '' }))).toBe(
    'the root task group',
  );
});

test('without autogroup there is nothing to share', () => {
  expect(
    commonAutogroup(
      [7, 8],
      proc({ [enabled]: '0', '/proc/7/autogroup': '/autogroup-1 nice 0', '/proc/8/autogroup': '/autogroup-2 nice 0' }),
    ),
  ).toBeNull();
  expect(commonAutogroup([7, 8], proc({}))).toBeNull();
});

test('a process that has ended is left out', () => {
  expect(commonAutogroup([7, 8], proc({ [enabled]: '1', '/proc/7/autogroup': '/autogroup-12 nice 0' }))).toBe(
    '/autogroup-12',
  );
});

test.each([
  ['another group', { '/proc/8/autogroup': '/autogroup-13 nice 0' }, 'process 8 in /autogroup-13'],
  ['the root task group', { '/proc/8/autogroup': '' }, 'process 8 in the root task group'],
])('a process in %s is refused', (_, files, part) => {
  const check = (): unknown =>
    commonAutogroup([7, 8], proc({ [enabled]: '1', '/proc/7/autogroup': '/autogroup-12 nice 0', ...files }));
  expect(check).toThrow(Failure);
  expect(check).toThrow(part);
  expect(check).toThrow('start both in one session, or set kernel.sched_autogroup_enabled to 0');
  try {
    check();
  } catch (error) {
    expect((error as Failure).exitCode).toBe(ExitCode.unfit);
  }
});
