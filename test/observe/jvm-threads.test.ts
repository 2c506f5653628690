import { expect, test } from 'vitest';
import { printedThreads, withFullNames } from '../../src/observe/jvm/jvm-threads.js';
import { seenInKernel } from '../../src/observe/observed-evidence.js';
import { hold, observed, observedThread, off, target } from '../support/observed.js';

test('names and ids are read as JDK 17 and JDK 25 print them', () => {
  const text = [
    '2026-11-29 14:12:00',
    'Full thread dump OpenJDK 64-Bit Server VM:',
    '"main" #1 prio=5 os_prio=0 cpu=99.53ms elapsed=3.88s tid=0x00007f7a50019200 nid=0x1d0e waiting on condition  [0x0]',
    '   java.lang.Thread.State: TIMED_WAITING (sleeping)',
    '"pool "quoted" #7 nid=0x1 end" #12 [7651] daemon prio=5 os_prio=0 cpu=1ms tid=0x1 nid=7651 runnable  [0x0]',
    '"VM Thread" os_prio=0 cpu=0.63ms elapsed=3.7s tid=0x00007f7a5008f400 nid=0x1d14 runnable  ',
    '"GC Thread#0" os_prio=0 tid=0x1 nid=9 runnable',
    '- locked <0x1> "nid=5 "',
  ].join('\n');
  expect(printedThreads(text)).toEqual([
    { name: 'main', nativeId: 0x1d0e },
    { name: 'pool "quoted" #7 nid=0x1 end', nativeId: 7651 },
    { name: 'VM Thread', nativeId: 0x1d14 },
    { name: 'GC Thread#0', nativeId: 9 },
  ]);
});

test('threads get their full names, unless they have another name by now', () => {
  const ms = 1_000_000;
  const [worker, other] = [observedThread('a thread with a', 101), observedThread('renamed', 102)];
  const seen = seenInKernel(
    observed({
      offs: [off(worker, { from: 100, woken: 190, to: 191 }, { waker: other }), off(other, { from: 100, to: 200 })],
      holds: [hold(other, { from: 90, to: 190 })],
    }),
    { pids: [target], threshold_ns: 20 * ms, detail_ns: ms, symbols: new Map(), cpuCount: 2 },
  );
  const giver = { pid: target, call: null, lock: null, isCallSure: false, keepsMutex: false };
  const thread = { name: 'a thread with a', tid: 101, role: 'other', nice: 0 } as const;
  const named = withFullNames(
    { ...seen, evidence: { ...seen.evidence, named: [{ ...giver, thread }] } },
    new Map([
      [101, { comm: 'a thread with a', name: 'a thread with a long name' }],
      [102, { comm: 'before', name: 'the name before' }],
    ]),
  );
  expect(named.stalls.map(({ thread, stall }) => [thread.name, stall.series])).toEqual([
    ['a thread with a long name', 'a thread with a long name (101)'],
    ['renamed', 'renamed (102)'],
  ]);
  expect(named.evidence.threads.get(101)?.name).toBe('a thread with a long name');
  expect(named.evidence.threads.get(102)?.name).toBe('renamed');
  expect(named.evidence.named.map((one) => one.thread.name)).toEqual(['a thread with a long name']);
  expect(named.evidence.trace?.model.names.get(101)).toBe('a thread with a long name');
});
