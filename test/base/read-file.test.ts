/** The one reader: no more than a limit, and of nothing that could wait, grow without end or act when it is opened. */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../src/base/json.js';
import { linesOf, longestLine } from '../../src/base/text/lines.js';
import { eachChunk, readBytes, readEnd, readPart, readText, streamOf } from '../../src/base/files/read-file.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const isRoot = process.getuid?.() === 0;

function fifo(): string {
  const path = scratch.fresh('fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

describe('a regular file', () => {
  test('is read up to the limit, and refused beyond it', () => {
    const path = scratch.write('ten', '0123456789');
    expect(readText(path, { mostBytes: 10 })).toBe('0123456789');
    expect(() => readText(path, { mostBytes: 9 })).toThrow('it has 10 bytes, and the limit is 9');
    expect(readBytes(scratch.write('empty', ''), { mostBytes: 0 })).toHaveLength(0);
  });

  test('that is sparse, of a terabyte, takes no memory', () => {
    const path = scratch.write('sparse', '');
    truncateSync(path, 2 ** 40);
    expect(() => readText(path, { mostBytes: 2 ** 20 })).toThrow('it has 1099511627776 bytes');
    expect(() => streamOf(path, { mostBytes: 2 ** 20 })).toThrow('it has 1099511627776 bytes');
  });

  test('without a size of its own, as in /proc, is read too, and has the same limit', () => {
    expect(readText('/proc/self/status', { mostBytes: 2 ** 20 })).toContain('Name:');
    expect(() => readText('/proc/self/status', { mostBytes: 10 })).toThrow('it has more than 10 bytes');
  });

  test('is read in parts, from its end, by chunks and as a stream', async () => {
    const path = scratch.write('parts', 'a'.repeat(300_000));
    appendFileSync(path, 'end');
    expect(readPart(path, 299_999, 10).toString()).toBe('aend');
    expect(readEnd(path, 4).toString()).toBe('aend');
    const lengths: number[] = [];
    eachChunk(path, {}, ({ length }) => {
      lengths.push(length);
    });
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(300_003);
    let streamed = '';
    for await (const piece of streamOf(path, { mostBytes: 2 ** 20, start: 300_000, end: 300_001 }))
      streamed += String(piece);
    expect(streamed).toBe('en');
  });

  test('behind a link is read; one that is not there has its errno', () => {
    const link = scratch.fresh('link');
    symlinkSync(scratch.write('there', 'text'), link);
    expect(readText(link, { mostBytes: 10 })).toBe('text');
    expect(() => readText(scratch.fresh('nothing'), { mostBytes: 10 })).toThrow('ENOENT');
  });
});

describe('what is none', () => {
  test('a folder, and a pipe among the files of others, which would wait for ever', () => {
    const path = scratch.fresh('folder');
    mkdirSync(path);
    expect(() => readText(path, { mostBytes: 10 })).toThrow('it is a folder, not a regular file');
    expect(() => readText(fifo(), { mostBytes: 10 })).toThrow('it is a pipe, not a regular file');
    expect(() => {
      eachChunk(fifo(), {}, () => undefined);
    }).toThrow('it is a pipe');
  });

  test('a device that never ends', ({ skip }) => {
    skip(!isRoot, 'needs root');
    const path = join(scratch.path, 'zero');
    execFileSync('mknod', [path, 'c', '1', '5']);
    for (const pipes of [true, false])
      expect(() => readText(path, { mostBytes: 10, pipes })).toThrow('it is a device, not a regular file');
  });

  test('a pipe that a user named is read, up to the limit', () => {
    const named = fifo();
    spawn('sh', ['-c', 'printf 0123456789 > "$1"', 'sh', named], { stdio: 'ignore' });
    expect(readText(named, { mostBytes: 10, pipes: true })).toBe('0123456789');
    const endless = fifo();
    spawn('sh', ['-c', 'exec yes > "$1"', 'sh', endless], { stdio: 'ignore' });
    expect(() => readText(endless, { mostBytes: 1000, pipes: true })).toThrow('it has more than 1000 bytes');
  });
});

describe('JSON', () => {
  const nested = (depth: number, [open = '', close = '']: readonly string[]): string =>
    `${open.repeat(depth)}0${close.repeat(depth)}`;

  test.each([
    ['lists', ['[', ']']],
    ['objects', ['{"a":', '}']],
  ])('of %s may be nested 100 deep', (_, brackets) => {
    expect(parseJson(nested(100, brackets))).toEqual(JSON.parse(nested(100, brackets)));
    for (const depth of [101, 20_000, 1_000_000])
      expect(() => parseJson(nested(depth, brackets))).toThrow('it is nested more than 100 deep at position ');
  });

  test('brackets in strings do not count, and neither do siblings', () => {
    const text = JSON.stringify({
      '[[{': `${'['.repeat(500)}"\\"${'{'.repeat(500)}\\`,
      list: Array.from({ length: 500 }, () => [{}]),
    });
    expect(parseJson(text)).toEqual(JSON.parse(text));
    expect(() => parseJson('"cut off \\')).toThrow(SyntaxError);
  });
});

test('lines have a limit', () => {
  expect(linesOf('one\n\ntwo')).toEqual(['one', '', 'two']);
  expect(linesOf('one\n')).toEqual(['one']);
  expect(linesOf(`${'x'.repeat(500_000)}\ny\n`).map(({ length }) => length)).toEqual([longestLine, 1]);
});
