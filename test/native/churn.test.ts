/** A churn on the board of another engine, as the foreign control has it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isBoardThere, openBoard } from '../../src/record/board/board.js';
import { nativeProgram } from './programs.js';

const churn =
  'churn name=load.churn seed=1 threads=2 per_s=1000 min_bytes=4096 max_bytes=16384 live=8 burst_percent=100';
const seats = ['load.churn', 'load.churn#1'].map((name) => `joined role=load name=${name} interval_ns=0 offset_ns=0`);

function workplace() {
  const folder = mkdtempSync('/dev/shm/pauselab-test-churn-');
  const engines: ChildProcess[] = [];
  onTestFinished(async () => {
    for (const engine of engines) {
      engine.kill('SIGKILL');
      if (engine.exitCode === null && engine.signalCode === null) await once(engine, 'exit');
    }
    rmSync(folder, { recursive: true });
  });
  const board = join(folder, 'board');
  const start = (name: string, lines: readonly string[]): { engine: ChildProcess; output: () => string } => {
    const plan = join(folder, `${name}.plan`);
    writeFileSync(plan, [...lines, ''].join('\n'));
    const engine = spawn(nativeProgram('pauselab-engine'), ['run', plan], { stdio: ['ignore', 'pipe', 'pipe'] });
    engines.push(engine);
    let said = '';
    for (const stream of [engine.stdout, engine.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    return { engine, output: () => said };
  };
  return { board, start };
}

test('takes its seats, works from go to the end of the window, and says what it did', async () => {
  const { board: path, start } = workplace();
  const first = start('first', [`board path=${path} threshold_ns=100000000`, ...seats]);
  await expect.poll(() => isBoardThere(path), { timeout: 20_000 }).toBe(true);
  const second = start('second', [`join path=${path}`, churn]);
  const board = openBoard(path);
  await expect.poll(() => board.state(), { timeout: 20_000 }).toBe('ready');
  expect(board.threadIds().map(({ name, role, pid }) => [name, role, pid])).toEqual(
    ['load.churn', 'load.churn#1'].map((name) => [name, 'load', second.engine.pid]),
  );
  for (const { name, tid } of board.threadIds()) expect(readFileSync(`/proc/${tid}/comm`, 'utf8').trim()).toBe(name);

  const now_ns = process.hrtime.bigint();
  board.go({
    go_ns: now_ns,
    windowStart_ns: now_ns,
    windowEnd_ns: now_ns + 300_000_000n,
    drainEnd_ns: now_ns + 600_000_000_000n,
  });
  const [ends] = await Promise.all([once(first.engine, 'exit'), once(second.engine, 'exit')]);
  expect(ends).toEqual([0, null]);
  expect([second.engine.exitCode, board.state()]).toEqual([0, 'done']);
  const [before, after] = second
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(before).toMatchObject({ allocator: { name: 'glibc' } });
  const tallies = after?.churn as {
    thread: string;
    blocks: number;
    allocatedBytes: number;
    refused: number;
    ticks: number;
    droppedTicks: number;
  }[];
  expect(tallies.map(({ thread }) => thread)).toEqual(['load.churn', 'load.churn#1']);
  for (const { blocks, allocatedBytes, refused, ticks, droppedTicks } of tallies) {
    expect(blocks).toBe(ticks);
    // Less what passed between `go` and its start: on a busy machine that may be nearly all.
    expect(ticks).toBeGreaterThan(0);
    expect(ticks + droppedTicks).toBeLessThanOrEqual(301);
    expect(refused).toBe(0);
    expect(allocatedBytes).toBeGreaterThan(4096 * blocks);
    expect(allocatedBytes).toBeLessThan(16_384 * blocks);
  }
});

test('without a seat is refused in a sentence', async () => {
  const { board: path, start } = workplace();
  start('first', [`board path=${path} threshold_ns=100000000`, ...seats.slice(0, 1)]);
  await expect.poll(() => isBoardThere(path), { timeout: 20_000 }).toBe(true);
  const { engine, output } = start('second', [`join path=${path}`, churn]);
  const [code] = (await once(engine, 'close')) as [number];
  expect(code).toBe(2);
  expect(output()).toContain(
    'the board has no seat load.churn#1 for a thread of the churn; its plan needs a line `joined role=load name=load.churn#1`',
  );
});

test('on what is no board is refused in a sentence', async () => {
  const { board: path, start } = workplace();
  writeFileSync(path, Buffer.alloc(8192));
  const { engine, output } = start('second', [`join path=${path}`, churn]);
  const [code] = (await once(engine, 'close')) as [number];
  expect(code).toBe(6);
  expect(output()).toContain('is no board of version 2');
});

test('a purge of an allocator that does not serve malloc is refused, as is another holder beside a churn', async () => {
  const ends = async (operation: string): Promise<{ code: number | null; said: string }> => {
    const { board, start } = workplace();
    const { engine, output } = start('plan', [
      `board path=${board} threshold_ns=100000000`,
      `holder operation=${operation} bytes=4096 vmas=1 pages=small pause_ns=0 active=1 toucher=0`,
      churn,
    ]);
    await once(engine, 'close');
    return { code: engine.exitCode, said: output().trim() };
  };
  expect(await ends('jemalloc_purge')).toEqual({
    code: 5,
    said: expect.stringMatching(
      /^expected an allocator with mallctl for the purge; malloc comes from \S*libc\S*, which has no such call$/,
    ) as string,
  });
  expect(await ends('madvise_free')).toEqual({
    code: 2,
    said: 'beside a churn the holder can only purge its allocator, got madvise_free',
  });
});
