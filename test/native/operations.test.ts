/** What an operation declares is what strace sees of it: its system calls, and none besides. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { nativeProgram } from './programs.js';

interface Declared {
  readonly name: string;
  readonly lockClass: string;
  readonly calls: string;
}

const engine = nativeProgram('pauselab-engine');
const { victims, holders } = JSON.parse(execFileSync(engine, ['operations'], { encoding: 'utf8' })) as { victims: Declared[]; holders: Declared[] };
const folder = mkdtempSync(join(tmpdir(), 'pauselab-strace-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

const times = 3;

/** The calls between the two getppid() that `exercise` sets as marks. */
function tracedCalls(operation: string): string[] {
  const log = join(folder, operation);
  execFileSync('strace', ['-f', '-qq', '-o', log, engine, 'exercise', operation, String(times)]);
  const calls = readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => /^\d+\s+(\w+)\(/.exec(line)?.[1] ?? []);
  return calls.slice(calls.indexOf('getppid') + 1, calls.lastIndexOf('getppid'));
}

describe.each([...victims, ...holders])('$name', ({ name, calls }) => {
  test(`makes the system calls that it declares: ${calls === '' ? 'none' : calls}`, () => {
    const declared = calls.split(' ').filter((call) => call !== '');
    expect(tracedCalls(name)).toEqual(Array.from({ length: times }, () => declared).flat());
  });
});

test('the static engine is the same engine, and needs no shared library', () => {
  const built = nativeProgram('pauselab-engine-static');
  expect(execFileSync(built, ['operations'], { encoding: 'utf8' })).toBe(execFileSync(engine, ['operations'], { encoding: 'utf8' }));
  expect(execFileSync('readelf', ['-d', built], { encoding: 'utf8' })).not.toContain('NEEDED');
});

test('the ordinary engine has no operations of the tests', () => {
  expect([...victims, ...holders].filter(({ name }) => name.startsWith('inject'))).toEqual([]);
});
