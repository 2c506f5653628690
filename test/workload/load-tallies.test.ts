/** What the loads of a JVM report at its end. */
import { expect, test } from 'vitest';
import { loadTallies } from '../../src/workload/jvm/load-tallies.js';

const load = (seat: string, tally: Record<string, number>) => ({ seat, kind: 'heap_wave', tally });

test('the loads of all JVMs are found by their names, between other documents and probes', () => {
  const documents = [
    { memory: { pssBytes: 1 } },
    { threads: [{ seat: 'writer.mmap_munmap', kind: 'mmap_munmap', tally: {} }], memory: { pssBytes: 1 } },
    { threads: [load('load.heap-wave', { waves: 9, explicit_gcs: 9, ticks: 9, dropped_ticks: 3 })] },
  ];
  expect(loadTallies(documents, ['load.heap-wave'])).toEqual([
    { thread: 'load.heap-wave', ticks: 9, droppedTicks: 3, did: { waves: 9, explicit_gcs: 9 } },
  ]);
  expect(loadTallies(documents, [])).toEqual([]);
});

test('if a JVM reported nothing, the work of the loads is unknown, and not none', () => {
  expect(loadTallies([], ['load.heap-wave'])).toBeNull();
  const one = { threads: [load('load.heap-wave', { ticks: 9, dropped_ticks: 0 })] };
  expect(loadTallies([one], ['load.heap-wave', 'load.heap-wave-2'])).toBeNull();
  expect(loadTallies([{ threads: [load('load.heap-wave', { waves: 9 })] }], ['load.heap-wave'])).toBeNull();
});
