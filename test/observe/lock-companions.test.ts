/** Whether a thread's time without a CPU goes with the waits of others. */
import { describe, expect, test } from 'vitest';
import { lockCompanions } from '../../src/observe/lock-companions.js';
import { lookedAt, stream, waitingIn } from '../support/looks.js';

/** `other`: of a second thread, beside one that waits four times. */
function isCompanion(other: string, waiter = 'sssssddddddrss', times = 4): boolean {
  const worker = lookedAt('worker', 11, waiter.repeat(times));
  const waits = Array.from({ length: times }, (_, n) => waitingIn('vm_mmap_pgoff', 11, n * waiter.length + 6));
  const { timelines } = stream(worker, lookedAt('purger', 12, other.repeat(times)));
  return lockCompanions(timelines, waits).has(12);
}

describe('a companion of waits', () => {
  test('is a thread that is without a CPU while others wait', () => {
    expect(isCompanion('sssssqqqqqqrss')).toBe(true);
  });
  test('is not a thread that is without a CPU as often while nobody waits', () => {
    // Ready for longer than others wait, and in most of that time nobody does.
    expect(isCompanion('qqqqqqqrssssrq')).toBe(false);
  });
  test('is not a thread that is nearly always without a CPU', () => {
    expect(isCompanion('qqqqqqqqqqqqrq')).toBe(false);
  });
  test('is not a thread that is without a CPU while others wait, where others wait nearly always', () => {
    expect(isCompanion('ssssqqqqrsssss', 'ddddddddddddrs')).toBe(false);
  });
  test('is a thread of the kernel that is without a CPU while threads of some process wait', () => {
    const [waiter, holder] = ['sssssddddddrss'.repeat(4), 'sssssqqqqqqrss'.repeat(4)];
    const waits = [0, 1, 2, 3].map((n) => waitingIn('vm_mmap_pgoff', 11, n * 14 + 6));
    const inProcesses = [lookedAt('worker', 11, waiter), lookedAt('other', 21, 's'.repeat(56), { pid: 200 })];
    const of = (letters: string, kernelTids: readonly number[]) =>
      lockCompanions(
        stream(...inProcesses, lookedAt('khugepaged', 38, letters, { pid: 38 })).timelines,
        waits,
        kernelTids,
      );
    expect([...of(holder, [38])]).toEqual([38]);
    expect([...of('qqqqqqqqqqqqrq'.repeat(4), [38])]).toEqual([]);
    // Of another program it is not known that it works on this memory.
    expect([...of(holder, [])]).toEqual([]);
  });
  test('is not a thread that met a wait twice', () => {
    expect(isCompanion('sssssqqqqqqrss', undefined, 2)).toBe(false);
  });
  test('is not a thread that ran, and not the one that waits', () => {
    expect(isCompanion('sssssrrrrrrrss')).toBe(false);
    expect(isCompanion('sssssddddddrss')).toBe(false);
  });
});
