/**
 * The reader beside a writer that never rests: pauselab-board-writer records as fast as it can into a board that this
 * process reads through the addon. What holds here holds for any slower workload.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setImmediate } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { openBoard } from '../../src/record/board/board.js';
import { addCounts, emptyCounts, type SparseCounts } from '../../src/record/histogram/counts.js';
import { drainRings, type RingCursor } from '../../src/record/board/rings.js';
import {
  intervalBetween,
  takeSnapshot,
  type BoardSnapshot,
  type HistogramSnapshot,
} from '../../src/record/board/snapshot.js';

const writer = fileURLToPath(new URL('../../native/build/Release/pauselab-board-writer', import.meta.url));
const folder = mkdtempSync('/dev/shm/pauselab-full-rate-');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const seconds = 4;

const empty: HistogramSnapshot = { ...emptyCounts(), nBefore: 0, nAfter: 0 };

/** What a difference of snapshots keeps exactly; the sum of these values is beyond 2^53. */
function countersOf({
  n,
  overRange,
  index,
  count,
}: SparseCounts): Pick<SparseCounts, 'n' | 'overRange' | 'index' | 'count'> {
  return { n, overRange, index, count };
}

test('every snapshot is off by at most the sample in flight, intervals sum to the end, and no ring record is torn', async () => {
  const path = join(folder, 'board');
  const child = spawn(writer, [path, String(seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const printed: string[] = [];
  lines.on('line', (line) => printed.push(line));
  const ended = once(lines, 'close');
  await once(lines, 'line');

  const board = openBoard(path);
  let previous: BoardSnapshot = {
    taken_ns: 0,
    threads: [],
    series: [{ index: 0, service: empty, response: empty, stall_n: 0, stallSum_ns: 0 }],
  };
  const intervals: { service: SparseCounts[]; response: SparseCounts[] } = { service: [], response: [] };
  let snapshots = 0;
  let records = 0;
  let lost = 0;
  let cursor: RingCursor = [];
  for (let last = false; !last;) {
    last = board.state() === 'done';
    const snapshot = takeSnapshot(board);
    const [series] = snapshot.series;
    if (series === undefined || series.response === null)
      throw new Error('the writer has a series with response times');
    for (const { n, nBefore, nAfter } of [series.service, series.response]) {
      if (n < nBefore || n > nAfter + 1) expect({ n, nBefore, nAfter }).toBe('nBefore ≤ n ≤ nAfter + 1');
    }
    const [interval] = intervalBetween(previous, snapshot).series;
    intervals.service.push(interval?.service ?? emptyCounts());
    intervals.response.push(interval?.response ?? emptyCounts());
    previous = snapshot;
    snapshots += 1;

    const drained = drainRings(board, cursor);
    for (const { start_ns, end_ns, intended_ns, bytes, runDelay_ns, runDelayFrom_ns, onCpu_ns } of drained.records) {
      const words = [start_ns, end_ns, intended_ns, bytes, runDelay_ns, runDelayFrom_ns, onCpu_ns];
      if (!words.every((word) => word === start_ns && word % 1000 === 0)) expect(words).toBe('seven equal words');
    }
    records += drained.records.length;
    lost += drained.lost[0] ?? 0;
    cursor = drained.cursor;
    await setImmediate();
  }
  await ended;

  const n = Number(printed.at(-1));
  const [end] = previous.series;
  expect(n).toBeGreaterThan(1_000_000);
  expect(snapshots).toBeGreaterThan(100);
  for (const [histogram, parts] of [
    [end?.service, intervals.service],
    [end?.response, intervals.response],
  ] as const) {
    expect(histogram).toMatchObject({ n, nBefore: n, nAfter: n });
    expect(countersOf(addCounts(...parts))).toEqual(countersOf(histogram ?? empty));
  }
  expect(records + lost).toBe(Math.ceil(n / 1000));
  expect(records).toBeGreaterThan(100);
});
