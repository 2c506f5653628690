import { expect, test } from 'vitest';
import { memoryFlags } from '../../src/catalogue/memory-flags.js';

test('of flags of memory that are given twice the last one counts, and other flags are left out', () => {
  const given =
    '-Xmx1g -Dpassword=x -XX:+UseSerialGC -Xms1g -XX:+UseG1GC -Xmx2g -XX:-UseG1GC -XX:MaxDirectMemorySize=1g -ea -Xss1m -XX:MaxHeapFreeRatio=10';
  expect(memoryFlags(given.split(' '))).toEqual([
    '-XX:+UseSerialGC',
    '-Xms1g',
    '-Xmx2g',
    '-XX:-UseG1GC',
    '-XX:MaxDirectMemorySize=1g',
    '-XX:MaxHeapFreeRatio=10',
  ]);
});

test.each([
  ['-XX:+ZGenerational', '-XX:-ZGenerational'],
  ['-XX:NewSize=64m', '-XX:MaxNewSize=1g', '-Xmn256m', '-XX:G1HeapRegionSize=4m', '-XX:NewRatio=3'],
  ['-XX:+UnlockExperimentalVMOptions', '-XX:ShenandoahUncommitDelay=1000', '-XX:ShenandoahGCMode=generational'],
  ['-XX:MaxRAMPercentage=70.0', '-XX:InitialRAMFraction=4', '-XX:MinHeapFreeRatio=5', '-XX:+AlwaysPreTouch'],
])('flags that decide when a heap shrinks are kept: %j', (...flags) => {
  expect(flags.flatMap((flag) => memoryFlags([flag]))).toEqual(flags);
});

test('flags with a path, and others of a similar name, are left out', () => {
  const others = [
    '-XX:HeapDumpPath=/srv/acme/dumps',
    '-XX:+HeapDumpOnOutOfMemoryError',
    '-XX:+HeapDumpBeforeFullGC',
    '-XX:HeapBaseMinAddress=2g',
    '-XX:AllocateHeapAt=/mnt/acme',
    '-XX:MaxHeapSize=/srv/acme',
    '-Xmixed',
    '-Xshare:off',
    '-XX:OnOutOfMemoryError=kill',
  ];
  expect(memoryFlags(others)).toEqual([]);
});

test('what unlocks other flags stands before them, also where it was given again behind them', () => {
  const unlock = '-XX:+UnlockExperimentalVMOptions';
  const delay = '-XX:ShenandoahUncommitDelay=1000';
  expect(memoryFlags([unlock, delay, unlock])).toEqual([unlock, delay]);
});
