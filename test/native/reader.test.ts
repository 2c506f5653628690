/** A holder that reads the victims' process: its thread in a second process, the region in the victims'. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isBoardThere, openBoard, type Board } from '../../src/record/board/board.js';
import { nativeProgram } from './programs.js';

const regionBytes = 32 * 1024 * 1024;

async function readyBoard(lines: readonly string[]): Promise<Board> {
  const folder = mkdtempSync('/dev/shm/pauselab-test-reader-');
  const board = join(folder, 'board');
  writeFileSync(join(folder, 'plan'), [`board path=${board} threshold_ns=100000000`, ...lines, ''].join('\n'));
  const engine = spawn(nativeProgram('pauselab-engine'), ['run', join(folder, 'plan')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(async () => {
    engine.kill('SIGKILL');
    if (engine.exitCode === null && engine.signalCode === null) await once(engine, 'exit');
    rmSync(folder, { recursive: true });
  });
  await expect.poll(() => isBoardThere(board) && openBoard(board).state(), { timeout: 20_000 }).toBe('ready');
  return openBoard(board);
}

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

test.each([
  ['same', 'the victims’'],
  ['foreign', 'the second'],
])('process=%s: the region is in %s process, the thread in the second', async (process) => {
  const board = await readyBoard([
    `process holder=${process}`,
    `holder operation=read_smaps bytes=${regionBytes} vmas=1 pages=small pause_ns=0 active=1 toucher=0`,
    'victim name=writer.mprotect operation=mprotect placement=isolated interval_ns=1000000 offset_ns=0 pool=0',
  ]);
  const pids = board.threadIds();
  const victim = pids.find(({ role }) => role === 'victim')?.pid ?? 0;
  const holder = pids.find(({ role }) => role === 'holder')?.pid ?? 0;
  expect(holder).not.toBe(victim);
  const [withRegion, without] = process === 'same' ? [victim, holder] : [holder, victim];
  expect(residentBytes(withRegion)).toBeGreaterThan(regionBytes);
  expect(residentBytes(without)).toBeLessThan(regionBytes);
});
