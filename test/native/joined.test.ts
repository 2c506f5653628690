/** Seats of threads of other processes: the engine makes the board, waits until they are taken, and ends with them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { nativeAddon } from '../../src/base/native.js';
import { threadField } from '../../src/record/board/board-layout.js';
import type { Board } from '../../src/record/board/board.js';
import { joinedEngineOfTest } from '../support/joined-engine.js';

interface Started {
  readonly board: Board;
  readonly engine: ChildProcess;
  /** What a joining thread does: takes its seat, and leaves it. */
  readonly take: (name: string, pid: number, tid: number) => void;
  readonly leave: (name: string) => void;
}

async function start(lines: readonly string[]): Promise<Started> {
  const { board, engine, boardPath } = await joinedEngineOfTest(lines);
  const words = nativeAddon().mapShared(boardPath);
  const seat = (name: string): number => {
    const at = board.threads.find((thread) => thread.name === name)?.at.thread;
    if (at === undefined) throw new Error(`no seat ${name}`);
    return at;
  };
  const store = (name: string, field: number, value: number): void => {
    nativeAddon().storeWord(words, seat(name) + field, BigInt(value));
  };
  return {
    board,
    engine,
    take(name, pid, tid) {
      store(name, threadField.pid, pid);
      store(name, threadField.tid, tid);
    },
    leave(name) {
      store(name, threadField.ended_ns, 1);
    },
  };
}

const seats = [
  'joined role=victim name=writer.mmap_munmap interval_ns=1000000 offset_ns=5',
  'joined role=load name=load.heap-wave interval_ns=0 offset_ns=0',
];

test('are on the board: a victim with series and ring, a load with its place alone', async () => {
  const { board } = await start(['hog run_ns=0 sleep_ns=0', ...seats]);
  expect(
    board.threads.map(({ name, role, series, interval_ns, offset_ns }) => ({
      name,
      role,
      series,
      interval_ns,
      offset_ns,
    })),
  ).toEqual([
    { name: 'hog-0', role: 'hog', series: null, interval_ns: 0, offset_ns: 0 },
    { name: 'writer.mmap_munmap', role: 'victim', series: 0, interval_ns: 1_000_000, offset_ns: 5 },
    { name: 'load.heap-wave', role: 'load', series: null, interval_ns: 0, offset_ns: 0 },
  ]);
  expect(board.series).toEqual([expect.objectContaining({ name: 'writer.mmap_munmap', hasResponse: true })]);
});

test('hold back `ready` until the last one is taken, and `done` until the last one is left', async () => {
  const { board, engine, take, leave } = await start(['hog run_ns=0 sleep_ns=0', ...seats]);
  await expect.poll(() => board.heartbeat_ns(), { timeout: 20_000 }).toBeGreaterThan(0n);
  take('writer.mmap_munmap', 4711, 4711);
  const beat = board.heartbeat_ns();
  await expect.poll(() => board.heartbeat_ns(), { timeout: 20_000 }).toBeGreaterThan(beat);
  expect(board.state()).toBe('starting');
  take('load.heap-wave', 4711, 4712);
  await expect.poll(() => board.state(), { timeout: 20_000 }).toBe('ready');

  const now_ns = process.hrtime.bigint();
  board.go({
    go_ns: now_ns,
    windowStart_ns: now_ns,
    windowEnd_ns: now_ns + 10_000_000n,
    drainEnd_ns: now_ns + 600_000_000_000n,
  });
  await expect.poll(() => board.state(), { timeout: 20_000 }).toBe('running');
  leave('writer.mmap_munmap');
  expect(engine.exitCode).toBeNull();
  leave('load.heap-wave');
  await once(engine, 'exit');
  expect(board.state()).toBe('done');
  expect(engine.exitCode).toBe(0);
});

test('a reader beside them reads about the process that took the first one', async () => {
  const other = spawn('sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => {
    other.kill('SIGKILL');
  });
  const { board, engine, take } = await start([
    'process holder=same',
    'holder operation=read_smaps bytes=4096 vmas=1 pages=small pause_ns=0 active=1 toucher=0',
    ...seats,
  ]);
  take('writer.mmap_munmap', other.pid ?? 0, other.pid ?? 0);
  take('load.heap-wave', other.pid ?? 0, other.pid ?? 0);
  await expect.poll(() => board.state(), { timeout: 20_000 }).toBe('ready');
  const holder = board.threadIds().find(({ role }) => role === 'holder');
  expect(holder?.pid).toBe(engine.pid);
  expect(readFileSync(`/proc/${holder?.pid ?? 0}/task/${holder?.tid ?? 0}/comm`, 'utf8').trim()).toBe('holder');
});
