import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunFile } from '../../src/bundle/bundle-schema.js';
import { textWidth } from '../../src/base/text/text-width.js';
import type { Logger } from '../../src/cli/text/logger.js';
import { createStatus } from '../../src/cli/text/status.js';
import { loadResolved } from '../../src/profile/written/load.js';
import type { BoardSnapshot, SeriesSnapshot } from '../../src/record/board/snapshot.js';
import { seriesOf, stalledRun, writer } from '../verdict/fake-summary.js';
import { said } from '../support/stated.js';

const profile = { ...(await loadResolved('priority-inversion')), warmup_ns: 0.2e9, duration_ns: 3e9 };
const terminal = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
const written: string[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  written.length = 0;
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  if (terminal === undefined) Reflect.deleteProperty(process.stderr, 'isTTY');
  else Object.defineProperty(process.stderr, 'isTTY', terminal);
});

function statusOn(isTTY: boolean) {
  Object.defineProperty(process.stderr, 'isTTY', { value: isTTY, configurable: true });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  return createStatus(
    {
      info: (text: string) => {
        written.push(text);
      },
    } as unknown as Logger,
    profile,
  );
}

function snapshot(stall_n: number): BoardSnapshot {
  const series = [
    { response: {}, stall_n },
    { response: null, stall_n: 9 },
  ] as unknown as SeriesSnapshot[];
  return { taken_ns: 0, series, threads: [] };
}

const started = { side: null, number: 2, of: 10, name: '001-free', arm: 'free', kernel: '6.18.0', repetition: 1 };

describe('without a terminal', () => {
  test('a heartbeat every ten seconds, and every run’s outcome at once', () => {
    const status = statusOn(false);
    status.onRunStart(started);
    vi.advanceTimersByTime(9_000);
    status.onPhase('measuring', []);
    status.onSnapshot(snapshot(3), { windowStart_ns: 0, windowEnd_ns: 0, drainEnd_ns: 0 });
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(written).toEqual([
      'run 2 of 10: free, repetition 1 · measuring 1.0 of 3.2 s · at least 28 s left · stalls in this run so far: 3',
    ]);
    status.end();
    vi.advanceTimersByTime(60_000);
    expect(written).toHaveLength(1);
  });

  test('what happened in a run is said once, and is in no line of its progress', () => {
    const status = statusOn(false);
    status.onRunStart(started);
    status.note('the JVM crashed. It is started again');
    vi.advanceTimersByTime(20_000);
    expect(written.map((line) => line.replace(/ · .*/, ''))).toEqual([
      'the JVM crashed. It is started again',
      'run 2 of 10: free, repetition 1',
      'run 2 of 10: free, repetition 1',
    ]);
    status.end();
  });

  test.each<[Partial<RunFile>, string]>([
    [
      { status: 'partial', interrupted: true, series: [], failures: [said('the guest did not answer')] },
      'cut short, and its results are lost: the guest did not answer',
    ],
    [{}, '3 stalls, the longest 500 ms'],
    [{ series: [] }, 'no stall'],
    [{ series: [seriesOf(writer, [stalledRun(1, 0.1)])] }, '1 stall, the longest 500 ms'],
    [
      { disturbances: [said('the hypervisor took 50 % of the CPU time')] },
      '3 stalls, the longest 500 ms; disturbed: the hypervisor took 50 % of the CPU time',
    ],
    [{ status: 'partial' }, 'cut short, 3 stalls, the longest 500 ms'],
    [{ status: 'failed', failures: [said('the engine ended by SIGKILL')] }, 'failed: the engine ended by SIGKILL'],
  ])('a run that ended: %j', (more, text) => {
    const status = statusOn(false);
    status.onRunStart(started);
    status.onRunEnd({
      status: 'complete',
      failures: [],
      disturbances: [],
      series: [seriesOf(writer, [stalledRun(3, 0.1)])],
      ...more,
    } as unknown as RunFile);
    status.end();
    expect(written).toEqual([`run 2 of 10: free, repetition 1: ${text}`]);
  });
});

test.each([20, 21, 80, 200])(
  'on a terminal of %i columns the line never wraps, whatever its width becomes',
  (columns) => {
    const before = Object.getOwnPropertyDescriptor(process.stderr, 'columns');
    try {
      const status = statusOn(true);
      status.onRunStart({ ...started, arm: '日本語の腕 👩‍🚀 with \u001b[2J and\na name' });
      for (const now of [columns, Math.ceil(columns / 2)]) {
        Object.defineProperty(process.stderr, 'columns', { value: now, configurable: true });
        vi.advanceTimersByTime(250);
        const line = written.at(-1)?.slice('\r\x1b[K'.length) ?? '';
        expect(textWidth(line)).toBeGreaterThan(0);
        expect(textWidth(line)).toBeLessThan(now);
        expect(line).not.toMatch(/[\u001b\n]/);
      }
      status.end();
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.stderr, 'columns');
      else Object.defineProperty(process.stderr, 'columns', before);
    }
  },
);

test('on a terminal one line is rewritten, and cleared before anything else', () => {
  const status = statusOn(true);
  status.onCalibration('sizing the region of madvise_free');
  vi.advanceTimersByTime(500);
  status.note('SIGINT');
  status.end();
  const clear = '\r\x1b[K';
  expect(written).toEqual([
    clear,
    'sizing the region of madvise_free',
    `${clear}sizing the region of madvise_free`,
    `${clear}sizing the region of madvise_free`,
    clear,
    'SIGINT',
    clear,
  ]);
});
