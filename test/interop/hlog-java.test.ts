/**
 * Our histogram logs and the reference library's (Debian package libhdrhistogram-java): each reads the other's with
 * equal counts and percentiles, and HistogramLogProcessor makes its table from ours.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { addCounts, countsOfValues, emptyCounts, type SparseCounts } from '../../src/record/histogram/counts.js';
import { hlogHead, hlogLine } from '../../src/record/histogram/hlog.js';
import { distributionOf } from '../../src/record/histogram/histogram.js';
import { seededRandom } from '../../src/stats/prng.js';
import { readHlogFile } from '../support/hlog.js';

const jar = '/usr/share/java/hdrhistogram.jar';
const program = join(dirname(fileURLToPath(import.meta.url)), 'HlogInterop.java');
const percentiles = [50, 90, 99, 99.9, 99.99, 100];
const folder = mkdtempSync(join(tmpdir(), 'pauselab-hlog-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Described {
  intervals: number;
  startTime_s: number;
  tags: Record<string, { n: number; percentiles: number[] }>;
}

function java(...programArguments: string[]): Described {
  return JSON.parse(
    execFileSync('java', ['-cp', jar, program, ...programArguments], { encoding: 'utf8' }),
  ) as Described;
}

function describeCounts(counts: SparseCounts): { n: number; percentiles: number[] } {
  // Not percentile_ns: that cuts at the exact maximum, which no log keeps.
  const { histogram } = distributionOf(counts);
  return { n: counts.n, percentiles: percentiles.map((percent) => histogram.getValueAtPercentile(percent)) };
}

/** Values over 12 decades, as a run with a few stalls has them. */
function randomValues(n: number, random: () => number): number[] {
  return Array.from({ length: n }, () => Math.floor(Math.exp(random() * 28)));
}

const tags = ['writer.mprotect.service', 'writer.mprotect.response', 'reader.first-fault.service'];
const go_ms = 1_700_000_000_123;

function writeOurs(path: string): Record<string, SparseCounts> {
  const random = seededRandom(20_250_617);
  const sums: Record<string, SparseCounts> = {};
  let text = hlogHead(go_ms);
  for (let second = 0; second < 5; second += 1) {
    for (const tag of tags) {
      const counts = countsOfValues(randomValues(second * 1_500, random));
      sums[tag] = addCounts(sums[tag] ?? emptyCounts(), counts);
      text += hlogLine(tag, second * 1e9, (second + 1) * 1e9, counts);
    }
  }
  writeFileSync(path, text);
  return sums;
}

describe('histogram logs and the Java library', { timeout: 60_000 }, () => {
  const ours = join(folder, 'ours.hlog');
  const sums = writeOurs(ours);

  test('Java reads ours: intervals, start time, counts and percentiles per tag', () => {
    const read = java('read', ours);
    expect(read.intervals).toBe(15);
    expect(read.startTime_s).toBe(go_ms / 1000);
    expect(read.tags).toEqual(Object.fromEntries(tags.map((tag) => [tag, describeCounts(sums[tag] ?? emptyCounts())])));
  });

  test.each(tags)('HistogramLogProcessor makes its table of %s', (tag) => {
    const table = execFileSync(
      'java',
      ['-cp', jar, 'org.HdrHistogram.HistogramLogProcessor', '-i', ours, '-tag', tag, '-outputValueUnitRatio', '1'],
      { encoding: 'utf8' },
    );
    const truth = describeCounts(sums[tag] ?? emptyCounts());
    expect(Number(/Total count\s*=\s*(\d+)/.exec(table)?.[1])).toBe(truth.n);
    // Lines are: value, percentile, count up to it, 1 / (1 − percentile).
    const rows = [...table.matchAll(/^\s*([\d.]+)\s+([\d.]+)\s+(\d+)\s/gm)].map(([, value, percentile, count]) => ({
      value: Number(value),
      percentile: Number(percentile),
      count: Number(count),
    }));
    const row = (percentile: number): number | undefined =>
      rows.find((found) => found.percentile === percentile)?.value;
    expect([row(0.5), row(0.9), row(1)]).toEqual([truth.percentiles[0], truth.percentiles[1], truth.percentiles[5]]);
    expect(rows.at(-1)?.count).toBe(truth.n);
  });

  test('we read what Java writes', () => {
    const path = join(folder, 'java.hlog');
    const written = java('write', path, '42');
    const read = readHlogFile(path);
    expect(read.truncated).toBe(false);
    expect(read.intervals).toHaveLength(written.intervals);
    expect(read.intervals.map(({ start_ns, length_ns }) => [start_ns, length_ns]).slice(0, 3)).toEqual([
      [0, 1e9],
      [0, 1e9],
      [1e9, 1e9],
    ]);
    const ofTag = (tag: string): SparseCounts =>
      addCounts(...read.intervals.filter((interval) => interval.tag === tag).map(({ counts }) => counts));
    expect(Object.fromEntries(Object.keys(written.tags).map((tag) => [tag, describeCounts(ofTag(tag))]))).toEqual(
      written.tags,
    );
  });
});
