import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import * as layout from '../../src/record/board/board-layout.js';
import { isBoardThere, openBoard, relativeWindow } from '../../src/record/board/board.js';
import { layOut, oneVictim, openFake, withFile, type FakeBoard } from './fake-board.js';

const threads = [oneVictim, { name: 'holder', role: 2, ringCapacity: 8 }, { name: 'hog-0', role: 4 }];
const folder = mkdtempSync(join(tmpdir(), 'pauselab-board-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function failureOf(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function broken(change: (board: FakeBoard) => void): Failure {
  const board = layOut(threads);
  change(board);
  return failureOf(() => openFake(board));
}

const put = (board: FakeBoard, offset: number, value: bigint): void => {
  board.words[offset / 8] = value;
};

describe('opening a board', () => {
  test('finds threads and series', () => {
    const board = openFake(layOut(threads));
    expect(
      board.threads.map(({ name, role, series, interval_ns, ringCapacity }) => ({
        name,
        role,
        series,
        interval_ns,
        ringCapacity,
      })),
    ).toEqual([
      { name: 'writer.noop', role: 'victim', series: 0, interval_ns: 1_000_000, ringCapacity: 4 },
      { name: 'holder', role: 'holder', series: null, interval_ns: 0, ringCapacity: 8 },
      { name: 'hog-0', role: 'hog', series: null, interval_ns: 0, ringCapacity: 0 },
    ]);
    expect(board.series.map(({ name, thread, hasResponse }) => ({ name, thread, hasResponse }))).toEqual([
      { name: 'writer.noop', thread: 0, hasResponse: true },
    ]);
    expect(board.stallThreshold_ns).toBe(100_000_000);
  });

  test.each<[string, (board: FakeBoard) => void, RegExp]>([
    [
      'no magic',
      (b) => {
        put(b, 0, 0n);
      },
      /does not start with "PAUSELAB"/,
    ],
    [
      'a wrong size',
      (b) => {
        put(b, layout.header.total_bytes, 64n);
      },
      /claims 64 bytes/,
    ],
    [
      'threads outside the file',
      (b) => {
        put(b, layout.header.thread_count, 1_000_000n);
      },
      /thread table .* outside the file/,
    ],
    [
      'an enormous count',
      (b) => {
        put(b, layout.header.series_count, 2n ** 63n);
      },
      /number of series is 9223372036854775808/,
    ],
    [
      'an offset that is not aligned',
      (b) => {
        put(b, layout.header.series_offset, 1000n);
      },
      /series table is at offset 1000/,
    ],
    [
      'a histogram outside the file',
      (b) => {
        put(b, b.seriesAt(0) + layout.series.service_offset, BigInt(b.bytes.byteLength));
      },
      /service times of series 0/,
    ],
    [
      'a histogram over the header',
      (b) => {
        put(b, b.seriesAt(0) + layout.series.response_offset, 64n);
      },
      /response times of series 0 is at offset 64/,
    ],
    [
      'a ring outside the file',
      (b) => {
        put(b, b.threadAt(1) + layout.threadField.ring_capacity, 2n ** 40n);
      },
      /ring of thread 1/,
    ],
    [
      'a ring capacity that is no power of two',
      (b) => {
        put(b, b.threadAt(1) + layout.threadField.ring_capacity, 3n);
      },
      /capacity of 3/,
    ],
    [
      'an unknown role',
      (b) => {
        put(b, b.threadAt(2) + layout.threadField.role, 9n);
      },
      /unknown role 9/,
    ],
    [
      'a series that does not exist',
      (b) => {
        put(b, b.threadAt(2) + layout.threadField.series, 7n);
      },
      /refers to series 7, but there are 1/,
    ],
    [
      'a series that its thread does not know',
      (b) => {
        put(b, b.seriesAt(0) + layout.series.thread, 2n);
      },
      /series 0 refers to thread 2/,
    ],
    [
      'a thread without a name',
      (b) => {
        put(b, b.threadAt(0), 0n);
      },
      /thread 0 has no name/,
    ],
  ])('refuses %s with exit code 6 and a remedy', (_, change, sentence) => {
    const failure = broken(change);
    expect(failure.message).toMatch(sentence);
    expect(failure.message).toMatch(/run again$/);
    expect(failure.exitCode).toBe(6);
  });

  test('refuses another version with exit code 5', () => {
    const failure = broken((b) => {
      put(b, layout.header.version, 99n);
    });
    expect(failure.message).toMatch(/has version 99, but this pauselab reads version 2; run `npm run setup`/);
    expect(failure.exitCode).toBe(5);
  });

  test.each([0, 8, 191, 192, 5000])('refuses a file cut to %d bytes', (bytes) => {
    const path = join(folder, `cut-${bytes}`);
    writeFileSync(path, new Uint8Array(layOut(threads).bytes));
    truncateSync(path, bytes);
    expect(failureOf(() => openBoard(path)).exitCode).toBe(6);
  });

  test('says so when there is no file', () => {
    const failure = failureOf(() => openBoard(join(folder, 'nowhere')));
    expect(failure.exitCode).toBe(6);
    expect(failure.message).toMatch(/nowhere could not be opened .*workload's log/);
  });

  test('knows a board that is not laid out yet', () => {
    const path = join(folder, 'early');
    expect(isBoardThere(path)).toBe(false);
    writeFileSync(path, '');
    expect(isBoardThere(path)).toBe(false);
    writeFileSync(path, new Uint8Array(layOut(threads).bytes));
    expect(isBoardThere(path)).toBe(true);
  });
});

describe('a mapped board', () => {
  test('shows what another process writes, and writes the window before the command', () => {
    withFile(layOut(threads).bytes, (path) => {
      const board = openBoard(path);
      expect(board.state()).toBe('starting');
      expect(board.memoryLocked()).toBe(false);
      const other = openBoard(path);
      const window = {
        go_ns: 2n ** 60n,
        windowStart_ns: 2n ** 60n + 5n,
        windowEnd_ns: 2n ** 60n + 1_000n,
        drainEnd_ns: 2n ** 60n + 2_000n,
      };
      board.go(window);
      expect(other.window()).toEqual(window);
      other.moveWindowEnd({ windowEnd_ns: 2n ** 60n + 500n, drainEnd_ns: 2n ** 60n + 600n });
      expect(relativeWindow(board.window())).toEqual({ windowStart_ns: 5, windowEnd_ns: 500, drainEnd_ns: 600 });
    });
  });

  test('stores the command last', () => {
    const fake = layOut(threads);
    const order: number[] = [];
    const board = withFile(fake.bytes, (path) =>
      openBoard(path, {
        mapShared: () => fake.bytes,
        unmapShared: () => undefined,
        copyWords: () => undefined,
        storeWord: (_, offset) => {
          order.push(offset);
        },
      }),
    );
    board.go({ go_ns: 1n, windowStart_ns: 2n, windowEnd_ns: 3n, drainEnd_ns: 4n });
    expect(order.at(-1)).toBe(layout.header.command);
    expect(order).toHaveLength(5);
  });

  test('reads state, heartbeat and thread ids', () => {
    const fake = layOut(threads);
    put(fake, layout.header.state, 2n);
    put(fake, layout.header.heartbeat_ns, 2n ** 62n);
    put(fake, layout.header.memory_locked, 1n);
    put(fake, fake.threadAt(1) + layout.threadField.pid, 41n);
    put(fake, fake.threadAt(1) + layout.threadField.tid, 42n);
    const board = openFake(fake);
    expect([board.state(), board.heartbeat_ns(), board.memoryLocked()]).toEqual(['running', 2n ** 62n, true]);
    expect(board.threadIds()[1]).toEqual({ index: 1, name: 'holder', role: 'holder', pid: 41, tid: 42 });
    put(fake, layout.header.state, 77n);
    expect(failureOf(() => board.state()).exitCode).toBe(6);
  });
});
