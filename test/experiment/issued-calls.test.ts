/** The calls that an arm declares, counted by a trace with the arguments that the kernel got. */
import { beforeAll, expect, test } from 'vitest';
import { systemCallNumber } from '../../src/catalogue/system-calls.js';
import { issuedCalls } from '../../src/experiment/run/issued-calls.js';
import type { ResolvedArm } from '../../src/profile/resolved/resolved.js';
import { loadResolved } from '../../src/profile/written/load.js';
import type { TraceEvent } from '../../src/record/trace/trace.js';

const window = { windowStart_ns: 1000, windowEnd_ns: 2000, drainEnd_ns: 2500 };
const covered = { coveredFrom_ns: 0, coveredTo_ns: 3000, missingEvents: [] };
const [giver, probe, ended] = [11, 12, 13];
const commOf = (tid: number): string | undefined => new Map([[giver, 'ShenUncommit']]).get(tid);

function mmap(time_ns: number, tid: number, bytes: bigint, { access = 0n, flags = 0x4032n } = {}): TraceEvent {
  const call = systemCallNumber('mmap') ?? -1;
  return { kind: 'enter', cpu: 0, tid, time_ns, call, arguments: [0x7000n, bytes, access, flags, 0n, 0n] };
}
const named = (tid: number, name: string): TraceEvent => ({
  kind: 'switch',
  cpu: 0,
  tid: 0,
  time_ns: 5,
  previous: 0,
  previousName: 'swapper/0',
  previousState: 0,
  next: tid,
  nextName: name,
});

let arm: ResolvedArm | undefined;
let zgc: ResolvedArm | undefined;
beforeAll(async () => {
  arm = (await loadResolved('shenandoah-calls')).arms.find(({ name }) => name === 'uncommit@jdk-28');
  zgc = (await loadResolved('zgc-uncommit')).arms.find(({ name }) => name === 'uncommitter-nice-19');
});

const counted = (events: readonly TraceEvent[], more: Partial<typeof covered> = {}) =>
  arm === undefined ? undefined : issuedCalls(arm, { ...covered, ...more, events }, commOf, window);

test('calls of the declared name and thread in the window are counted, with their bytes', () => {
  expect(
    counted([
      mmap(999, giver, 1n),
      mmap(1000, giver, 262_144n),
      mmap(1999, giver, 4096n),
      mmap(2000, giver, 1n),
      // Read and write, as in every other mapping; and the same call of another thread.
      mmap(1500, giver, 1n, { access: 3n }),
      mmap(1500, probe, 1n),
    ]),
  ).toEqual([{ call: 'mmap.NONE', by: 'Shen*', n: 2, bytes: 266_240 }]);
});

test('a thread that ended before anything looked at it has the name of its switches', () => {
  expect(counted([named(ended, 'ShenUncommit'), mmap(1500, ended, 8192n)])).toEqual([
    { call: 'mmap.NONE', by: 'Shen*', n: 1, bytes: 8192 },
  ]);
});

test.each([
  ['lost events of the window', { coveredFrom_ns: 1001 }],
  ['ended before the window', { coveredTo_ns: 1999 }],
  ['has no calls', { missingEvents: ['raw_syscalls/sys_enter'] }],
])('a trace that %s counts nothing, and not 0', (_, more: object) => {
  expect(counted([mmap(1500, giver, 1n)], more)).toBeNull();
});

test('a call that no trace records is not counted as 0', () => {
  expect(zgc && issuedCalls(zgc, { ...covered, events: [] }, commOf, window)).toBeNull();
});
