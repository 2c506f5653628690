/**
 * What may come in the place of a bundle or a log: a sentence and the exit code of bad input, whatever it is; never a
 * stack, never all memory.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { hlogHead, hlogLine } from '../../src/record/histogram/hlog.js';
import type { SeriesOfRun } from '../../src/verdict/evidence/metrics.js';
import { readSide } from '../../src/verdict/evidence/read-side.js';
import type { Side } from '../../src/verdict/evidence/side.js';
import { writeFakeBundle } from './fake-bundle.js';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'pauselab-hostile-'));
  onTestFinished(() => {
    rmSync(path, { recursive: true });
  });
  return path;
}

function bundle(): string {
  const path = join(folder(), 'b');
  writeFakeBundle(path, { runs: [{}, {}] });
  return path;
}

const read = (path: string, unit?: 'ns'): Side => readSide(path, { threshold_ns: 1e8, unit });

function refusal(path: string): string {
  try {
    read(path);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).exitCode).toBe(2);
    return (error as Failure).message;
  }
  throw new Error('it was taken');
}

const runFile = 'runs/000-free/run.json';

describe('a bundle', () => {
  const edited = (file: string, edit: (text: string) => string): string => {
    const path = bundle();
    writeFileSync(join(path, file), edit(readFileSync(join(path, file), 'utf8')));
    return refusal(path);
  };

  test.each<[string, string, (text: string) => string, RegExp]>([
    ['cut off', runFile, (text) => text.slice(0, 300), /run\.json could not be read as a bundle's run/],
    ['empty', 'manifest.json', () => '', /manifest\.json could not be read/],
    [
      'of a future version',
      'manifest.json',
      (text) => text.replace('"schemaVersion": 2', '"schemaVersion": 3'),
      /has schema version 3 and this pauselab reads versions up to 2/,
    ],
    ['with NaN', runFile, (text) => text.replace('"stalled_share": 0', '"stalled_share": NaN'), /could not be read/],
    [
      'with a figure beyond all numbers',
      runFile,
      (text) => text.replace('"stalled_share": 0', '"stalled_share": 1e999'),
      /is no valid run: series\.0\.stalls\.stalled_share/,
    ],
    [
      'with a count beyond 2^53',
      runFile,
      (text) => text.replace('"count": 0', '"count": 9007199254740993'),
      /has the figure 9007199254740992, which no run has/,
    ],
    ['with half a stall', runFile, (text) => text.replace('"count": 0', '"count": 0.5'), /has the figure 0\.5/],
    [
      'with a negative time',
      runFile,
      (text) => text.replace('"longest_ns": 0', '"longest_ns": -5'),
      /has the figure -5/,
    ],
    [
      'stalled for longer than it ran',
      runFile,
      (text) => text.replace('"stalled_share": 0', '"stalled_share": 1.5'),
      /has the figure 1\.5/,
    ],
    [
      'whose run is called otherwise',
      runFile,
      (text) => text.replace('"name": "000-free"', '"name": "../../etc"'),
      /says that it is the run "\.\.\/\.\.\/etc"/,
    ],
    ['with a list in the place of a summary', 'summary.json', () => '[]', /has schema version undefined/],
    ['nested a million times', runFile, () => '['.repeat(1e6), /could not be read/],
  ])('%s', (_, file, edit, sentence) => {
    expect(edited(file, edit)).toMatch(sentence);
  });

  test('larger than memory', () => {
    const path = bundle();
    truncateSync(join(path, runFile), 2 ** 36);
    expect(refusal(path)).toMatch(/it has 68719476736 bytes, and the limit is 67108864/);
  });

  test('with a pipe in the place of a file, which would never end', () => {
    const path = bundle();
    rmSync(join(path, runFile));
    execFileSync('mkfifo', [join(path, runFile)]);
    expect(refusal(path)).toContain('it is a pipe, not a regular file');
  });

  test('without a run, or with a run’s folder that is empty', () => {
    const path = bundle();
    mkdirSync(join(path, 'runs/002-free'));
    expect(read(path).notes).toContainEqual({
      code: 'unreadable',
      reason: `the run 002-free of ${path} is unfinished (it has no run.json) and is left out`,
    });
    rmSync(join(path, 'runs'), { recursive: true });
    expect(read(path).evidence).toEqual([]);
  });

  test('that is not there', () => {
    expect(refusal(join(folder(), 'missing'))).toMatch(/missing does not exist; name the folder of a bundle/);
    expect(refusal(folder())).toContain('holds neither a bundle (no manifest.json) nor a histogram log');
  });
});

/** A log line whose histogram has this payload. */
function lineOf(payload: Buffer, tag = ''): string {
  const inner = Buffer.alloc(40);
  inner.writeUInt32BE(0x1c849313, 0);
  inner.writeUInt32BE(payload.length, 4);
  inner.writeUInt32BE(3, 12);
  inner.writeBigUInt64BE(1n, 16);
  inner.writeBigUInt64BE(3_600_000_000_000n, 24);
  const deflated = deflateSync(Buffer.concat([inner, payload]));
  const outer = Buffer.alloc(8);
  outer.writeUInt32BE(0x1c849314, 0);
  outer.writeUInt32BE(deflated.length, 4);
  return `${tag}0.000,1.000,1.000,${Buffer.concat([outer, deflated]).toString('base64')}\n`;
}

describe('a log', () => {
  const good = hlogLine('app', 0, 1e9, countsOfValues([1000, 2000]));
  const written = (text: string): string => {
    const path = join(folder(), 'x.hlog');
    writeFileSync(path, hlogHead(0) + text);
    return path;
  };

  const figuresOf = ({ evidence }: ReturnType<typeof read>): SeriesOfRun['figures'] | undefined =>
    evidence.flatMap(({ runs }) => runs).flatMap((run) => (run.scope === 'series' ? [run.figures] : []))[0];

  test('line by hand is one that is taken', () => {
    // ZigZag: 4 is a count of 2.
    expect(figuresOf(read(written(lineOf(Buffer.from([4]))), 'ns'))?.service.n).toBe(2);
  });

  test.each<[string, string, RegExp]>([
    [
      'that inflates without end',
      lineOf(Buffer.alloc(64 * 2 ** 20)) + good,
      /line 5 of .*x\.hlog is broken: its histogram inflates to more than 4194304 bytes/,
    ],
    [
      'with a count beyond 2^53',
      lineOf(Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40])) + good,
      /a count that exceeds 2\^53/,
    ],
    [
      'whose counts are beyond 2^53 together',
      lineOf(Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f])).repeat(3) + good,
      /the sum of its counts exceeds 2\^53/,
    ],
    ['broken before its end', `nonsense\n${good}`, /line 5 of .* is broken: it has 1 fields, expected 4/],
    ['with times that are none', good.replace(',0.000,', ',NaN,') + good, /its times are not numbers/],
    [
      'of bytes',
      `${Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)).toString('latin1')}\n${good}`,
      /is broken|holds no histogram/,
    ],
    ['with a line without end', 'x'.repeat(9 * 2 ** 20), /is longer than 8388608 characters/],
    [
      'with more tags than anybody has',
      Array.from({ length: 501 }, (_, i) => good.replace('app', `tag-${i}`)).join(''),
      /has more than 500 tags/,
    ],
    ['with nothing', '', /holds no histogram/],
    [
      'of another encoding',
      `0.0,1.0,1.0,${Buffer.from('1c849301000000000000000000', 'hex').toString('base64')}\n${good}`,
      /is not in the V2 compressed encoding/,
    ],
  ])('%s', (_, text, sentence) => {
    expect(refusal(written(text))).toMatch(sentence);
  });

  test('whose last line is cut off is read without it, and that is said', () => {
    const side = read(written(good + good.slice(0, -30)));
    expect(side.notes[0]).toEqual({ code: 'log-cut', file: expect.stringMatching(/x\.hlog$/) as string });
    expect(figuresOf(side)?.service.n).toBe(2);
  });

  test('whose histogram reaches beyond an hour is counted in the last counter', () => {
    // ZigZag −40,000: so many counters of 0, and then a count of 1.
    const zeros = 2 * 40_000 - 1;
    const side = read(
      written(lineOf(Buffer.from([0x80 | (zeros & 0x7f), 0x80 | ((zeros >> 7) & 0x7f), zeros >> 14, 2]))),
    );
    expect(figuresOf(side)).toMatchObject({ service: { n: 1 }, stalls: { count: 1 } });
  });

  test('with tags like keys of every object', () => {
    const side = read(
      written(['__proto__', 'constructor', 'toString'].map((tag) => good.replace('app', tag)).join('')),
    );
    expect(side.evidence.map(({ series }) => series)).toEqual(['__proto__', 'constructor', 'toString']);
  });

  test('without a sample is a run without evidence', () => {
    const side = read(written(hlogLine('app', 0, 1e9, countsOfValues([]))));
    expect(side.evidence).toMatchObject([{ series: 'app', runs: [] }]);
    expect(side.notes[0]).toMatchObject({ code: 'log-series-empty', series: 'app' });
  });
});
