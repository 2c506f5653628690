import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cpioArchive, type CpioEntry } from '../../src/kernel/guest/cpio.js';

const archive = (entries: readonly CpioEntry[]): Buffer => Buffer.concat([...cpioArchive(entries)]);
const file = (path: string, text: string, executable = false): CpioEntry => ({
  kind: 'file',
  path,
  executable,
  content: Buffer.from(text),
});

/** An independent reading of the format: 110 bytes of header, name and content each padded to 4. */
function readBack(bytes: Buffer): { name: string; mode: number; text: string; device: string; inode: number }[] {
  const found = [];
  for (let at = 0; ;) {
    expect(bytes.toString('latin1', at, at + 6)).toBe('070701');
    const field = (i: number): number => parseInt(bytes.toString('latin1', at + 6 + 8 * i, at + 14 + 8 * i), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const name = bytes.toString('utf8', at + 110, at + 110 + nameSize - 1);
    const content = Math.ceil((at + 110 + nameSize) / 4) * 4;
    if (name === 'TRAILER!!!') return found;
    found.push({
      name,
      mode,
      text: bytes.toString('utf8', content, content + size),
      device: `${field(9)}:${field(10)}`,
      inode: field(0),
    });
    at = Math.ceil((content + size) / 4) * 4;
  }
}

test('files, links, folders and devices come back as they were given, folders above them first', () => {
  const all = readBack(
    archive([
      { kind: 'character-device', path: '/dev/console', major: 5, minor: 1 },
      file('/a/b/run', '#!', true),
      file('/a/b/data', 'hello'),
      { kind: 'link', path: '/a/link', target: 'b/data' },
      { kind: 'folder', path: '/a' },
      { kind: 'folder', path: '/proc' },
    ]),
  );
  expect(all.map(({ name, mode, text }) => [name, mode.toString(8), text])).toEqual([
    ['dev', '40755', ''],
    ['dev/console', '20600', ''],
    ['a', '40755', ''],
    ['a/b', '40755', ''],
    ['a/b/run', '100755', '#!'],
    ['a/b/data', '100644', 'hello'],
    ['a/link', '120777', 'b/data'],
    ['proc', '40755', ''],
  ]);
  expect(all[1]?.device).toBe('5:1');
  expect(new Set(all.map(({ inode }) => inode)).size, 'one inode each: no hard links').toBe(all.length);
});

test('contents and names of every length keep their places', () => {
  const name = fc.stringMatching(/^[a-zé]{1,9}$/);
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, fc.string()), { selector: ([one]) => one, maxLength: 8 }), (pairs) => {
      const all = readBack(archive(pairs.map(([one, text]) => file(`/${one}`, text))));
      expect(all.map((one) => [one.name, one.text])).toEqual(
        pairs.map(([one, text]) => [one, Buffer.from(text).toString('utf8')]),
      );
    }),
  );
});

test('the same entries give the same bytes', () => {
  const digest = (): string =>
    createHash('sha256')
      .update(archive([file('/x', 'y'), { kind: 'folder', path: '/z' }]))
      .digest('hex');
  expect(digest()).toBe(digest());
});

test('busybox, where it is here, reads it too', ({ skip }) => {
  try {
    execFileSync('busybox', ['true']);
  } catch {
    skip('no busybox is here');
  }
  expect(execFileSync('busybox', ['cpio', '-t'], { input: archive([file('/a/b', 'text')]), encoding: 'utf8' })).toBe(
    'a\na/b\n',
  );
});
