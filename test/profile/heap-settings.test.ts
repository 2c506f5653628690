/** Whether a JVM is set up to give heap back, and what stops it. */
import { expect, test } from 'vitest';
import type { Collector } from '../../src/catalogue/collectors.js';
import { isMeantToShrink } from '../../src/profile/check/heap-settings.js';

const meant = (collector: Collector, flags: string, calls: readonly string[] = []): boolean =>
  isMeantToShrink({ collector, flags: flags.split(' '), calls });

test('an arm is set up to shrink by the calls that it declares, or by flags on a heap that can shrink', () => {
  expect(meant('g1', '-Xms64m -Xmx1g -XX:MaxHeapFreeRatio=10')).toBe(true);
  expect(meant('g1', '-Xmx1g')).toBe(false);
  expect(meant('g1', '-Xmx1g', ['mmap.NONE'])).toBe(true);
  expect(meant('g1', '-Xmx1g', ['munmap'])).toBe(false);
});

test.each<[Collector, string, string]>([
  ['g1', '-XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10', '-XX:MaxHeapFreeRatio=100'],
  ['g1', '-XX:G1PeriodicGCInterval=500', '-XX:MaxHeapFreeRatio=100'],
  ['g1', '-XX:G1PeriodicGCInterval=500', '-Xms1024m -Xmx1g'],
  ['g1', '-XX:G1PeriodicGCInterval=500', '-XX:MinHeapSize=1073741824 -XX:MaxHeapSize=1G'],
  ['parallel', '-XX:GCTimeRatio=4', '-XX:-UseAdaptiveSizePolicy'],
  ['serial', '-XX:-ShrinkHeapInSteps -XX:MaxHeapFreeRatio=10', '-XX:MaxHeapFreeRatio=100'],
  ['zgc', '-XX:ZUncommitDelay=1', '-XX:-ZUncommit'],
  ['shenandoah', '-XX:ShenandoahUncommitDelay=1 -XX:ShenandoahGuaranteedGCInterval=1000', '-XX:-ShenandoahUncommit'],
])(
  '%s gives heap back by %s, and keeps it with %s behind it, whatever calls it has inherited',
  (collector, by, stop) => {
    expect(meant(collector, by)).toBe(true);
    expect(meant(collector, `${by} ${stop}`)).toBe(false);
    expect(meant(collector, `${by} ${stop}`, ['mmap.NONE'])).toBe(false);
  },
);

test('of a flag the last counts', () => {
  expect(meant('zgc', '-XX:ZUncommitDelay=1 -XX:-ZUncommit -XX:+ZUncommit')).toBe(true);
  expect(meant('g1', '-XX:MaxHeapFreeRatio=100 -XX:MaxHeapFreeRatio=10')).toBe(true);
  expect(meant('g1', '-XX:G1PeriodicGCInterval=500 -XX:G1PeriodicGCInterval=0')).toBe(false);
  expect(meant('g1', '-XX:G1PeriodicGCInterval=500 -Xms1g -Xmx1g -Xms64m')).toBe(true);
});

test('what does not keep the heap', () => {
  // The first size is no least size: the heap shrinks below it.
  expect(meant('g1', '-XX:MaxHeapFreeRatio=10 -XX:InitialHeapSize=1g -XX:MaxHeapSize=1g')).toBe(true);
  // JDK 26 and newer shrink by the cost of collections, whatever is free.
  expect(meant('g1', '-XX:GCTimeRatio=4 -XX:MaxHeapFreeRatio=100')).toBe(true);
  expect(meant('parallel', '-XX:GCTimeRatio=4 -XX:MaxHeapFreeRatio=100')).toBe(true);
});
