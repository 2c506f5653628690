/** Maps of JIT compilers in /tmp, where anybody may write. */
import { execFileSync } from 'node:child_process';
import { chownSync, lchownSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { jitMapOf } from '../../src/observe/stacks/jit-map.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const path = `/tmp/perf-${process.pid}.map`;

afterEach(() => {
  rmSync(path, { force: true, recursive: true });
});

function written(text: string | Buffer) {
  writeFileSync(path, text);
  const { functionAt, refused } = jitMapOf(process.pid);
  return { at: functionAt(0x1010n), refused };
}

test('a process without a map has no names, and nothing was refused', () => {
  const { functionAt, refused } = jitMapOf(process.pid);
  expect([functionAt(0x1010n), refused]).toEqual([null, null]);
});

test.each([
  ['without a line break at its end', '1000 20 f', 'f'],
  ['with line breaks of DOS', '1000 20 f\r\n2000 20 g\r\n', 'f'],
  ['out of order', '2000 20 g\n1000 20 f\n500 9 e\n', 'f'],
  ['of which a later line replaces an earlier one', '1000 20 old\n1000 20 f\n', 'f'],
  ['with addresses that are no program’s', 'ffffffffffffffff ffffffffffffffff x\n1000 20 f\n', 'f'],
  ['with other lines', 'what\n\n1000 20\n1000 20 f\nffffffffffffffffffff 1 x\n', 'f'],
  ['with control characters', '1000 20 a\u001b[31m\u202e\n', 'a\u001b[31m\u202e'],
  ['of bytes', Buffer.alloc(1 << 20, 0xff), null],
  ['of line breaks', '\n'.repeat(1 << 22), null],
])('a map %s', (_, text, name) => {
  expect(written(text)).toEqual({ at: name, refused: null });
});

test('a map with too many bytes or functions is refused', () => {
  expect(written(`1000 20 f\n${'1 1 f\n'.repeat(2 ** 20)}`)).toEqual({ at: null, refused: 'large' });
  truncateSync(path, 10 * 2 ** 30);
  expect(jitMapOf(process.pid).refused).toBe('large');
});

test('what is no file is refused, and does not block', () => {
  execFileSync('mkfifo', [path]);
  expect(jitMapOf(process.pid).refused).toBe('no-file');
  rmSync(path);
  mkdirSync(path);
  expect(jitMapOf(process.pid).refused).toBe('no-file');
  rmSync(path, { recursive: true });
  symlinkSync('/nonexistent', path);
  expect(jitMapOf(process.pid).refused).toBe('unreadable');
});

test('a map, or a link to one, of another user is refused', ({ skip }) => {
  skip(process.getuid?.() !== 0, 'needs root');
  const other = scratch.fresh('map');
  writeFileSync(other, '1000 20 f\n');
  symlinkSync(other, path);
  expect(jitMapOf(process.pid).functionAt(0x1010n)).toBe('f');
  lchownSync(path, 12_345, 12_345);
  expect(jitMapOf(process.pid).refused).toBe('owner');
  rmSync(path);
  writeFileSync(path, '1000 20 f\n');
  chownSync(path, 12_345, 12_345);
  expect(jitMapOf(process.pid).refused).toBe('owner');
});
