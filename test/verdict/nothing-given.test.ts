/** Whether an arm gave memory back in a run. */
import { expect, test } from 'vitest';
import type { RunFile } from '../../src/bundle/bundle-schema.js';
import type { JvmArm, ResolvedArm } from '../../src/profile/resolved/resolved.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { holderCallsOf, nothingGivenIn } from '../../src/verdict/evidence/nothing-given.js';

test('a holder that the profile switches off was not meant to give memory back; one that is on was', () => {
  const run = {
    holder: { window_calls: 0 },
    ...{ jvm: null, churn: null, agent: null, priorities: [], issued: null },
  } as unknown as RunFile;
  const arm = (control: ResolvedArm['control'], active: boolean): ResolvedArm =>
    ({ kind: 'native', control, holder: { active } }) as unknown as ResolvedArm;
  expect(holderCallsOf(run, arm(null, true))).toBe(0);
  expect(nothingGivenIn(run, arm(null, true))).toBe('holder-idle');
  expect(holderCallsOf(run, arm(null, false))).toBeNull();
  expect(nothingGivenIn(run, arm(null, false))).toBeNull();
  expect(holderCallsOf(run, arm('idle', false))).toBe(0);
  expect(nothingGivenIn(run, arm('idle', false))).toBeNull();
});

/** An arm that declares mmap.NONE, with flags behind its own. */
async function armOfG1(control: ResolvedArm['control'], ...flags: readonly string[]): Promise<JvmArm> {
  const arm = (await loadResolved('g1-uncommit')).arms.find(({ name }) => name === 'service-nice-19') as JvmArm;
  return { ...arm, control, jvm: { ...arm.jvm, flags: [...arm.jvm.flags, ...flags] } } as JvmArm;
}
const runOfJvm = (heapReturns_n: number | null | undefined, traced_n: number | null = null): RunFile =>
  ({
    holder: null,
    churn: null,
    agent: null,
    priorities: [],
    issued: traced_n === null ? null : [{ call: 'mmap.NONE', by: 'G1 Service', n: traced_n, bytes: 0 }],
    jvm: { log: [], logProblems: [], heapReturns_n },
  }) as unknown as RunFile;

test('the second JVM of a foreign control made no call if it kept its heap by its log', async () => {
  const control = await armOfG1('foreign');
  expect(holderCallsOf(runOfJvm(0), control)).toBe(0);
  expect(nothingGivenIn(runOfJvm(0), control)).toBe('heap-kept');
  // Given back, not known, and counted by a trace.
  expect(holderCallsOf(runOfJvm(4), control)).toBeNull();
  expect(holderCallsOf(runOfJvm(null), control)).toBeNull();
  expect(holderCallsOf(runOfJvm(0, 3), control)).toBe(3);
  // A bundle of an older version has the log of the JVM with the probes alone.
  expect(holderCallsOf(runOfJvm(undefined), control)).toBeNull();
  expect(nothingGivenIn(runOfJvm(undefined), await armOfG1(null))).toBe('heap-kept');
});

test('a JVM whose flags keep the heap was not meant to give it back, though it inherits the calls', async () => {
  const [arm, remedied] = [await armOfG1(null), await armOfG1(null, '-XX:MaxHeapFreeRatio=100')];
  expect([nothingGivenIn(runOfJvm(0), arm), nothingGivenIn(runOfJvm(0), remedied)]).toEqual(['heap-kept', null]);
  expect([holderCallsOf(runOfJvm(0, 0), arm), holderCallsOf(runOfJvm(0, 0), remedied)]).toEqual([0, null]);
});

test('a log without returns of heap does not show that nothing was given back off the heap', async () => {
  const heap = await armOfG1('foreign');
  const { jvm } = heap;
  const own = { ...jvm.allocator, name: 'jemalloc' } as typeof jvm.allocator;
  const [issue] = jvm.issues;
  const [load] = jvm.loads;
  if (issue === undefined || load === undefined) throw new Error('a call and a load');
  const ways: readonly Partial<JvmArm['jvm']>[] = [
    { allocator: own },
    { loads: [...jvm.loads, { ...load, load: 'malloc_churn' }] },
    { issues: [...jvm.issues, { ...issue, call: 'madvise.FREE' }] },
    { flags: [...jvm.flags, '-XX:TrimNativeHeapInterval=1000'] },
  ];
  for (const way of ways) {
    const control = { ...heap, jvm: { ...jvm, ...way } } as JvmArm;
    expect(holderCallsOf(runOfJvm(0), control)).toBeNull();
    expect(nothingGivenIn(runOfJvm(0), { ...control, control: null })).toBeNull();
  }
  const untrimmed = await armOfG1('foreign', '-XX:TrimNativeHeapInterval=0');
  expect(holderCallsOf(runOfJvm(0), untrimmed)).toBe(0);
  const holder = { operation: 'madvise_dontneed', active: true } as unknown as JvmArm['holder'];
  const run = { ...runOfJvm(0), holder: { window_calls: 3 } } as unknown as RunFile;
  expect(nothingGivenIn(run, { ...heap, control: null, holder })).toBeNull();
});

test('an allocator that purges beside a heap that may shrink is not kept', async () => {
  const arm = (await loadResolved('jemalloc-free')).arms.find(({ control }) => control === 'foreign') as JvmArm;
  const flags = ['-Xmx1g', '-XX:MaxHeapFreeRatio=30'];
  expect(holderCallsOf(runOfJvm(0), { ...arm, jvm: { ...arm.jvm, flags } } as JvmArm)).toBeNull();
});
