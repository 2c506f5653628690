/**
 * The logs of the JDKs of this machine, as jvmLogFlags asks for them: every collector's is read, and what it says of a
 * pause lies where System.nanoTime and our own clock say that the collection was.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { collectorsOf, flagsOfCollector } from '../../src/host/jdks.js';
import type { Collector } from '../../src/catalogue/collectors.js';
import { jvmLogFlags, parseJvmLog, type JvmLog } from '../../src/record/jvm-log.js';
import { testJdks } from '../support/java.js';
import { javac } from '../support/jdks.js';
import { noisy, withinTries } from '../support/tries.js';

const folder = mkdtempSync(join(tmpdir(), 'pauselab-jvm-log-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
javac(['-d', folder, fileURLToPath(new URL('JvmLog.java', import.meta.url))]);

/** Of HotSpot's milliseconds with three digits. */
const resolution_ns = 1000n;

const jdks = await testJdks();
const cases = (
  await Promise.all(
    jdks.map(async (jdk) => (await collectorsOf(jdk)).map((collector) => ({ jdk, feature: jdk.feature, collector }))),
  )
).flat();

const givesBack: Record<Collector, readonly string[]> = {
  g1: ['-XX:MinHeapFreeRatio=5', '-XX:MaxHeapFreeRatio=10'],
  serial: ['-XX:MinHeapFreeRatio=5', '-XX:MaxHeapFreeRatio=10', '-XX:-ShrinkHeapInSteps'],
  parallel: [],
  zgc: ['-XX:ZUncommitDelay=1'],
  shenandoah: [
    '-XX:+UnlockExperimentalVMOptions',
    '-XX:ShenandoahUncommitDelay=100',
    '-XX:ShenandoahGuaranteedGCInterval=200',
  ],
  epsilon: [],
};
const waits_ms: Record<Collector, number> = {
  g1: 300,
  serial: 0,
  parallel: 0,
  zgc: 3500,
  shenandoah: 1000,
  epsilon: 0,
};

interface Observed {
  readonly log: JvmLog;
  readonly collections: readonly { readonly before_ns: bigint; readonly after_ns: bigint }[];
  readonly ourBefore_ns: bigint;
  readonly ourAfter_ns: bigint;
}

function observe({ java, feature }: { java: string; feature: number }, collector: Collector): Observed {
  const path = join(folder, `${feature}-${collector}.log`);
  const ourBefore_ns = process.hrtime.bigint();
  const args = [
    ...jvmLogFlags({ feature }, path, collector),
    ...flagsOfCollector(collector),
    '-Xms16m',
    '-Xmx200m',
    ...givesBack[collector],
    '-cp',
    folder,
    'JvmLog',
    String(waits_ms[collector]),
  ];
  const said = execFileSync(java, args, { encoding: 'utf8', env: {} });
  const collections = [...said.matchAll(/^(\d+) (\d+)$/gm)].map(([, before = '0', after = '0']) => ({
    before_ns: BigInt(before),
    after_ns: BigInt(after),
  }));
  return {
    log: parseJvmLog(readFileSync(path, 'utf8')),
    collections,
    ourBefore_ns,
    ourAfter_ns: process.hrtime.bigint(),
  };
}

describe.each(cases)('JDK $feature, $collector', ({ jdk, collector }) => {
  const observed = observe(jdk, collector);
  const { log } = observed;

  test('its log is whole', () => {
    expect(log.problems).toEqual([]);
  });

  // Epsilon collects nothing.
  if (collector !== 'epsilon') {
    test('every collection that was asked for is there, on the clock of nanoTime and ours', () => {
      const pauses = log.series.get('gc.pause') ?? [];
      expect(observed.collections).toHaveLength(3);
      for (const { before_ns, after_ns } of observed.collections) {
        expect(before_ns >= observed.ourBefore_ns && after_ns <= observed.ourAfter_ns).toBe(true);
        const inside = pauses.filter(
          ({ start_ns, end_ns }) => start_ns + resolution_ns >= before_ns && end_ns <= after_ns,
        );
        expect(inside).not.toEqual([]);
      }
    });

    test('a pause lies inside a safepoint, and reaching it is a part of that', async () => {
      let seen: Observed | null = observed;
      await withinTries(3, 'at most one pause lies beside its safepoint', () => {
        const { log: own } = seen ?? observe(jdk, collector);
        seen = null;
        const safepoints = own.series.get('safepoint.total') ?? [];
        const reaches = own.series.get('safepoint.reach') ?? [];
        expect(reaches.map(({ start_ns }) => start_ns)).toEqual(safepoints.map(({ start_ns }) => start_ns));
        for (const [i, { end_ns }] of reaches.entries()) expect(end_ns < (safepoints[i]?.end_ns ?? 0n)).toBe(true);
        // The log's time of an event is that of its line. The JVM reads the clock before, and may lose its CPU in between:
        // then the event seems to be late. One may, and on a busy machine more do.
        const outside = (own.series.get('gc.pause') ?? []).filter(
          (pause) =>
            !safepoints.some(
              ({ start_ns, end_ns }) => pause.start_ns + resolution_ns >= start_ns && pause.end_ns <= end_ns,
            ),
        );
        noisy(() => {
          expect(outside.length).toBeLessThanOrEqual(1);
        });
        return Promise.resolve();
      });
    });
  }

  // Those for which the JVM was started so that it gives heap back.
  if (givesBack[collector].length > 0)
    test('heap given back is there, with a length', () => {
      const uncommits = log.series.get('gc.uncommit') ?? [];
      expect(uncommits).not.toEqual([]);
      for (const { start_ns, end_ns } of uncommits)
        expect(end_ns > start_ns && start_ns > observed.ourBefore_ns).toBe(true);
    });
});
