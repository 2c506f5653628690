/** What an operation declares is what strace sees of it: its system calls, and none besides. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { callOfHolder, operationNamed, type HolderOperation } from '../../src/catalogue/operations.js';
import { nativeProgram } from './programs.js';

interface Declared {
  readonly name: string;
  readonly calls: string;
}

const engine = nativeProgram('pauselab-engine');
const { victims, holders } = JSON.parse(execFileSync(engine, ['operations'], { encoding: 'utf8' })) as {
  victims: Declared[];
  holders: Declared[];
};
const folder = mkdtempSync(join(tmpdir(), 'pauselab-strace-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const times = 3;

/**
 * The calls between the two getppid() that `exercise` sets as marks: its own, and those of the threads that it starts.
 */
function tracedCalls(operation: string): { own: string[]; started: string[][] } {
  const log = join(folder, operation);
  execFileSync('strace', ['-f', '-qq', '-o', log, engine, 'exercise', operation, String(times)]);
  const calls = readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, tid, name] = /^(\d+)\s+(\w+)\(/.exec(line) ?? [];
      return tid === undefined || name === undefined ? [] : [{ tid, name }];
    });
  const marks = calls.flatMap(({ name }, i) => (name === 'getppid' ? [i] : []));
  expect(marks).toHaveLength(2);
  const main = calls[marks[0] ?? 0]?.tid;
  const byThread = new Map<string, string[]>();
  // A started thread may outlive the mark: its calls count to their end.
  for (const { tid, name } of calls
    .slice((marks[0] ?? 0) + 1)
    .filter(({ tid }, i) => tid !== main || i < (marks[1] ?? 0) - (marks[0] ?? 0) - 1))
    byThread.set(tid, [...(byThread.get(tid) ?? []), name]);
  const own = byThread.get(main ?? '') ?? [];
  byThread.delete(main ?? '');
  return { own, started: [...byThread.values()] };
}

/** `a b? c+ ( d e )100` as a pattern over calls that are each followed by a space. */
function patternOf(calls: string, count: number): RegExp {
  const words = calls.split(' ').filter((call) => call !== '');
  const one = words
    .map((call) =>
      call
        .replace(/^(\w+)([?+*]?)$/, '(?:$1 )$2')
        .replace(/^\($/, '(?:')
        .replace(/^\)(\d+)$/, '){$1}'),
    )
    .join('');
  return new RegExp(`^(?:${one}){${count}}$`);
}

const joined = (calls: readonly string[]): string => calls.map((call) => `${call} `).join('');

describe.each([...victims, ...holders])('$name', ({ name, calls }) => {
  test(`makes the system calls that it declares: ${calls === '' ? 'none' : calls}`, () => {
    const [declared = '', declaredOfThread] = calls.split(' | ');
    const { own, started } = tracedCalls(name);
    expect(joined(own)).toMatch(patternOf(declared, times));
    const startedInOne = declaredOfThread === undefined ? 0 : Number(/\)(\d+)/.exec(declared)?.[1] ?? 1);
    expect(started).toHaveLength(startedInOne * times);
    for (const thread of started) expect(joined(thread)).toMatch(patternOf(declaredOfThread ?? '', 1));
  });
});

interface CallRange {
  readonly start: number;
  readonly end: number;
}

function rangesOfCall(operation: string): CallRange[] {
  const log = join(folder, `ranges-${operation}`);
  const printed = ['-v', '-s', '256', '-e', 'trace=process_madvise', '-o', log];
  execFileSync('strace', ['-qq', ...printed, engine, 'exercise', operation, '1']);
  return [
    ...(readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '').matchAll(/iov_base=(0x[0-9a-f]+), iov_len=(\d+)/g),
  ].map(([, base, length]) => ({ start: Number(base), end: Number(base) + Number(length) }));
}

test.each([
  { operation: 'process_madvise', count: 15, crossing: [7] },
  { operation: 'process_madvise_batch_inside', count: 128, crossing: [] },
  { operation: 'process_madvise_batch_first', count: 128, crossing: [0] },
  { operation: 'process_madvise_batch_last', count: 128, crossing: [127] },
])(
  '$operation gives $count ranges to a call, and those that cross in a region of two VMAs are $crossing',
  ({ operation, count, crossing }) => {
    const ranges = rangesOfCall(operation);
    expect(ranges).toHaveLength(count);
    const sorted = ranges.toSorted((a, b) => a.start - b.start);
    const middle = ((sorted[0]?.start ?? 0) + (sorted.at(-1)?.end ?? 0)) / 2;
    expect(ranges.flatMap(({ start, end }, i) => (start < middle && middle < end ? [i] : []))).toEqual(crossing);
    // Together they are the whole region.
    expect(sorted.slice(1).map(({ start }) => start)).toEqual(sorted.slice(0, -1).map(({ end }) => end));
  },
);

test('the static engine is the same engine, and needs no shared library', () => {
  const built = nativeProgram('pauselab-engine-static');
  expect(execFileSync(built, ['operations'], { encoding: 'utf8' })).toBe(
    execFileSync(engine, ['operations'], { encoding: 'utf8' }),
  );
  expect(execFileSync('readelf', ['-d', built], { encoding: 'utf8' })).not.toContain('NEEDED');
});

test('the ordinary engine has no operations of the tests', () => {
  expect([...victims, ...holders].filter(({ name }) => name.startsWith('inject'))).toEqual([]);
});

/** System calls with what decides their lock: an advice, a file's name. */
function signatures(operation: string): string[] {
  const log = join(folder, `signatures-${operation}`);
  execFileSync('strace', ['-f', '-y', '-qq', '-X', 'raw', '-o', log, engine, 'exercise', operation, String(times)]);
  const lines = readFileSync(log, 'utf8').split('\n');
  const marks = lines.flatMap((line, i) => (/^\d+\s+getppid\(/.test(line) ? [i] : []));
  return lines.slice((marks[0] ?? 0) + 1, marks[1]).map((line) => {
    const [, name = '', rest = ''] = /^\d+\s+(\w+)\((.*)/.exec(line) ?? [];
    const advice = /, (0x[0-9a-f]+|\d+)(?:, 0)?\)/.exec(rest)?.[1];
    const file = /^\d+<\/proc\/\d+\/(\w+)>/.exec(rest)?.[1];
    return [name, ...(name.endsWith('madvise') ? [advice ?? '?'] : []), ...(file === undefined ? [] : [file])].join(
      ' ',
    );
  });
}

test.each(Object.entries(callOfHolder) as [HolderOperation, string][])(
  'the holder %s makes the call that its lock is found by: %s',
  (holder, victim) => {
    const calls = signatures(holder);
    // Many threads map, protect and write before the call that is timed.
    const own = operationNamed(holder).threads === undefined ? calls.slice(0, 1) : calls;
    const wanted = signatures(victim).filter((call) => !call.includes('?'));
    expect(
      own.filter((call) => wanted.includes(call)),
      `${own.join(', ')} among ${wanted.join(', ')}`,
    ).not.toEqual([]);
  },
);
