/** The judges of the benches read the kernel's text of its events. With a gap in it they would judge wrongly. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readLocks } from '../bench/lib/lock-judge.mjs';
import { readWakings } from '../bench/lib/waker-judge.mjs';
import { scratchFolder } from './support/scratch.js';

const scratch = scratchFolder();

function folderWith(...lines: readonly string[]): string {
  const folder = scratch.fresh('judge');
  mkdirSync(folder);
  writeFileSync(join(folder, 'events'), lines.map((line) => `${line}\n`).join(''));
  return folder;
}

const locked = [
  '          holder-11      [000] .....   100.000000: mmap_lock_start_locking: mm=00000000aa memcg_path= write=true',
  '          holder-11      [000] .....   100.000100: mmap_lock_acquire_returned: mm=00000000aa memcg_path= write=true success=true',
  '          victim-12      [001] d..2.   100.001000: sched_switch: prev_comm=victim prev_pid=12 prev_prio=120 prev_state=D ==> next_comm=swapper/1 next_pid=0 next_prio=120',
  '          holder-11      [000] d..4.   100.050000: sched_waking: comm=victim pid=12 prio=120 target_cpu=001',
  '          holder-11      [000] .....   100.050100: mmap_lock_released: mm=00000000aa memcg_path= write=true',
];
const gap = 'CPU:1 [LOST 7 EVENTS]';
const ns = (seconds: number): unknown => expect.closeTo(seconds * 1e9, -3);

test('who was inside a lock, and who slept', async () => {
  const { inside, blocked } = await readLocks(folderWith(...locked));
  expect([...inside]).toEqual([['00000000aa', [{ tid: 11, start_ns: ns(100), end_ns: ns(100.0501) }]]]);
  expect([...blocked]).toEqual([[12, [[ns(100.001), ns(100.05)]]]]);
});

test('who woke whom: a thread, or an interrupt', async () => {
  const slept = (by: number): unknown => [[12, [{ start_ns: ns(100.001), end_ns: ns(100.05), by }]]];
  expect([...(await readWakings(folderWith(...locked)))]).toEqual(slept(11));
  const interrupted = locked.map((line) => line.replace('d..4.', 'd.h4.'));
  expect([...(await readWakings(folderWith(...interrupted)))]).toEqual(slept(0));
});

describe.each([
  ['of locks', readLocks],
  ['of wakings', readWakings],
])('the judge %s', (_, read) => {
  test.each([
    ['events that were lost while it read', [...locked.slice(0, 3), gap, ...locked.slice(3)]],
    ['a buffer that was overwritten', ['# entries-in-buffer/entries-written: 5/9   #P:2', ...locked]],
  ])('refuses %s', async (_what, lines) => {
    await expect(read(folderWith(...lines))).rejects.toThrow('the kernel’s events were not kept in full');
  });

  test('refuses a trace without an event', async () => {
    await expect(read(folderWith('# tracer: nop'))).rejects.toThrow('has no event');
  });
});
