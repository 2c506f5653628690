/**
 * The board's writers and readers in three languages: what Java records the native side and we read alike, and what the
 * native side records Java and we do, counter for counter.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { openBoard } from '../../src/record/board/board.js';
import { header, headerBytes, highestTrackable_ns, threadField } from '../../src/record/board/board-layout.js';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { drainRings } from '../../src/record/board/rings.js';
import { takeSnapshot } from '../../src/record/board/snapshot.js';
import { nativeProgram } from '../native/programs.js';
import { compileJava, installedJdks, jar } from '../support/jdks.js';

const tool = nativeProgram('pauselab-board-tool');
const folder = mkdtempSync('/dev/shm/pauselab-test-interop-');
const program = [
  '-cp',
  `${jar}:${compileJava(join(folder, 'classes'), join(dirname(fileURLToPath(import.meta.url)), 'BoardInterop.java'))}`,
  'BoardInterop',
];
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface PrintedHistogram {
  readonly n: string;
  readonly min_ns: string;
  readonly max_ns: string;
  readonly sum_ns: string;
  readonly over_range: string;
  readonly counts: Record<string, string>;
}

interface Printed {
  readonly service: PrintedHistogram;
  readonly response: PrintedHistogram;
  readonly stall_n: string;
  readonly stall_sum_ns: string;
  readonly ring_written: string;
  readonly ring: readonly string[];
}

interface Sample {
  readonly late_ns: number;
  readonly service_ns: number;
}

let boards = 0;
function freshBoard(): string {
  const path = join(folder, `board-${(boards += 1)}`);
  execFileSync(tool, ['make', path]);
  return path;
}

const native = (...args: string[]): string => execFileSync(tool, args, { encoding: 'utf8' });
const java = (program_: string, ...args: string[]): string =>
  execFileSync(program_, [...program, ...args], { encoding: 'utf8' });

/** 1 ns, the edges of every bucket, more than an hour, and all between. */
const time_ns = fc.oneof(
  fc.constant(1),
  fc.integer({ min: 1, max: 4096 }),
  fc.tuple(fc.integer({ min: 11, max: 45 }), fc.integer({ min: -1, max: 1 })).map(([bits, by]) => 2 ** bits + by),
  fc.integer({ min: -1, max: 1 }).map((by) => highestTrackable_ns + by),
  fc.double({ min: 0, max: 32, noNaN: true }).map((power) => Math.floor(Math.exp(power))),
);
const samples = fc.array(fc.record({ late_ns: time_ns, service_ns: time_ns }), {
  minLength: 1,
  maxLength: 400,
  size: 'max',
});

function sampleFile(all: readonly Sample[]): string {
  const path = join(folder, 'samples');
  const start = (i: number): bigint => 2n ** 50n + BigInt(i);
  writeFileSync(
    path,
    all
      .map(
        ({ late_ns, service_ns }, i) => `${start(i) - BigInt(late_ns)} ${start(i)} ${start(i) + BigInt(service_ns)}\n`,
      )
      .join(''),
  );
  return path;
}

/** What our reader says, in the words of the other two. */
function ours(path: string): {
  service: unknown;
  response: unknown;
  stall_n: number;
  stallSum_ns: number;
  records: number;
} {
  const board = openBoard(path);
  const [series] = takeSnapshot(board).series;
  if (series === undefined || series.response === null) throw new Error('the board has a series with response times');
  const of = ({ n, min_ns, max_ns, sum_ns, overRange, index, count }: typeof series.service): unknown => ({
    n,
    min_ns,
    max_ns,
    sum_ns,
    overRange,
    counts: Object.fromEntries([...index].map((at, i) => [at, count[i]])),
  });
  return {
    service: of(series.service),
    response: of(series.response),
    stall_n: series.stall_n,
    stallSum_ns: series.stallSum_ns,
    records: drainRings(board).records.length,
  };
}

function asOurs(printed: Printed): unknown {
  const of = ({ n, min_ns, max_ns, sum_ns, over_range, counts }: PrintedHistogram): unknown => ({
    n: Number(n),
    min_ns: Number(min_ns),
    max_ns: Number(max_ns),
    sum_ns: Number(sum_ns),
    overRange: Number(over_range),
    counts: Object.fromEntries(Object.entries(counts).map(([at, count]) => [at, Number(count)])),
  });
  return {
    service: of(printed.service),
    response: of(printed.response),
    stall_n: Number(printed.stall_n),
    stallSum_ns: Number(printed.stall_sum_ns),
    records: Math.min(64, Number(printed.ring_written)),
  };
}

/** Independent of every writer: the counts of the values themselves. */
function truth(values: readonly number[]): { n: number; counts: Record<string, number> } {
  const { n, index, count } = countsOfValues(values.map((value) => Math.min(value, highestTrackable_ns)));
  return { n, counts: Object.fromEntries([...index].map((at, i) => [at, count[i] ?? 0])) };
}

describe.each(installedJdks())('the board of a JVM $version', { timeout: 120_000 }, ({ java: jvm }) => {
  test.each(['java', 'native'])(
    'written by %s reads alike in Java, natively and here, counter for counter',
    (writer) => {
      fc.assert(
        fc.property(samples, (all) => {
          const path = freshBoard();
          const file = sampleFile(all);
          if (writer === 'java') java(jvm, 'write', path, file);
          else native('write', path, file);

          const printed = JSON.parse(native('print', path)) as Printed;
          expect(JSON.parse(java(jvm, 'print', path))).toEqual(printed);
          expect(ours(path)).toEqual(asOurs(printed));
          expect(ours(path)).toMatchObject({
            service: truth(all.map(({ service_ns }) => service_ns)),
            response: truth(all.map(({ late_ns, service_ns }) => late_ns + service_ns)),
          });
          rmSync(path);
        }),
        { numRuns: 4, endOnFailure: true },
      );
    },
  );

  test('is the same, word for word, whoever writes it', () => {
    const [all] = fc.sample(samples, { numRuns: 1, seed: 4 });
    const [byJava, byNative] = [freshBoard(), freshBoard()];
    const file = sampleFile(all ?? []);
    java(jvm, 'write', byJava, file);
    native('write', byNative, file);
    expect(readFileSync(byJava).equals(readFileSync(byNative))).toBe(true);
  });
});

describe('a board that is not one', () => {
  const [jdk] = installedJdks();

  function attach(change: (bytes: Buffer) => void, ...seat: string[]): { status: number | null; stderr: string } {
    const path = freshBoard();
    const bytes = readFileSync(path);
    change(bytes);
    writeFileSync(path, bytes);
    return spawnSync(
      jdk?.java ?? 'java',
      [...program, ...(seat.length === 0 ? ['take'] : seat.slice(0, 1)), path, seat[1] ?? 'writer.interop'],
      { encoding: 'utf8' },
    );
  }
  const word = (bytes: Buffer, at: number, value: bigint): void => {
    bytes.writeBigUInt64LE(value, at);
  };

  test.each<[string, (bytes: Buffer) => void, RegExp, number]>([
    [
      'another magic',
      (bytes) => {
        word(bytes, header.magic, 1n);
      },
      /^the board \S+ is broken: it does not begin with "PAUSELAB"; look .*\n$/,
      6,
    ],
    [
      'another version',
      (bytes) => {
        word(bytes, header.version, 99n);
      },
      /^the board \S+ is of version 99 and pauselab\.jar writes version 2; run `npm run setup` .*\n$/,
      5,
    ],
    [
      'another size',
      (bytes) => {
        word(bytes, header.total_bytes, 7n);
      },
      /^the board \S+ is broken: it says it has 7 bytes and has \d+; .*\n$/,
      6,
    ],
    [
      'threads beyond its end',
      (bytes) => {
        word(bytes, header.thread_count, 5_000n);
      },
      /^the board \S+ is broken: its thread table would lie at byte 192, outside .*\n$/,
      6,
    ],
    [
      'more threads than bytes',
      (bytes) => {
        word(bytes, header.thread_count, 2n ** 63n);
      },
      /^the board \S+ is broken: it says it has 9223372036854775808 threads; .*\n$/,
      6,
    ],
    [
      'a negative offset',
      (bytes) => {
        word(bytes, header.series_offset, 2n ** 64n - 64n);
      },
      /^the board \S+ is broken: its table of series would lie at byte 18446744073709551552, .*\n$/,
      6,
    ],
    [
      'a name without an end',
      (bytes) => {
        bytes.fill('x', headerBytes, headerBytes + 64);
      },
      /^the board \S+ is broken: the name of the thread at byte 192 is empty or has no end; .*\n$/,
      6,
    ],
    [
      'a ring that is no power of two',
      (bytes) => {
        word(bytes, headerBytes + threadField.ring_capacity, 63n);
      },
      /^the board \S+ is broken: the ring of writer\.interop has 63 records, .*\n$/,
      6,
    ],
    [
      'a ring beyond its end',
      (bytes) => {
        word(bytes, headerBytes + threadField.ring_offset, 2n ** 40n);
      },
      /^the board \S+ is broken: the ring of writer\.interop would lie at byte 1099511627776, .*\n$/,
      6,
    ],
    [
      'a series that is not there',
      (bytes) => {
        word(bytes, headerBytes + threadField.series, 5n);
      },
      /^the board \S+ is broken: the series of writer\.interop is number 5 of 1; .*\n$/,
      6,
    ],
    [
      'a seat that is taken',
      (bytes) => {
        word(bytes, headerBytes + threadField.tid, 5n);
      },
      /^the seat writer\.interop of the board \S+ is taken already; .*\n$/,
      2,
    ],
  ])('%s is one sentence', (_, change, sentence, code) => {
    const { status, stderr } = attach(change);
    expect(stderr).toMatch(sentence);
    expect(status).toBe(code);
  });

  test('a seat that it does not have is one sentence with those that it has', () => {
    expect(attach(() => undefined, 'take', 'writer.other')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /^the board \S+ has no seat writer\.other, it has writer\.interop; .*\n$/,
      ) as string,
    });
    expect(attach(() => undefined, 'load', 'writer.interop')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/has role 1, expected 5 \(load\)/) as string,
    });
  });

  test('a file that is cut, or not there, is one sentence', () => {
    const path = freshBoard();
    const cut = `${path}-cut`;
    copyFileSync(path, cut);
    truncateSync(cut, 100);
    const run = (board: string): { status: number | null; stderr: string } =>
      spawnSync(jdk?.java ?? 'java', [...program, 'take', board, 'x'], { encoding: 'utf8' });
    expect(run(cut)).toMatchObject({
      status: 6,
      stderr: expect.stringMatching(/is broken: 100 bytes are less than its header of 192/) as string,
    });
    expect(run(`${path}-absent`)).toMatchObject({
      status: 6,
      stderr: expect.stringMatching(
        /^the board \S+ could not be opened \(java\.nio\.file\.NoSuchFileException: /,
      ) as string,
    });
  });
});
