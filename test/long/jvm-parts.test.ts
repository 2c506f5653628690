/**
 * Each load and each probe of a JVM does what it says: all of them in one JVM on every JDK of this machine, looked at
 * from outside, by strace, /proc, the JVM's own account of its threads, and the board.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeSnapshot, type BoardSnapshot } from '../../src/record/board/snapshot.js';
import type { StraceCalls } from '../../src/record/strace-calls.js';
import { traceCalls } from '../../src/workload/watch/strace.js';
import { testJdks } from '../support/java.js';
import {
  loadLine,
  probeLine,
  seatOf,
  startJvmWorkload,
  type JvmEnd,
  type JvmWorkload,
} from '../support/jvm-workload.js';

const jdks = await testJdks();

// Eight probes and nine loads share two CPUs and strace: the pace leaves each of them time on a busy machine as well.
const interval_ns = 10_000_000;
const window_ms = 6_000;
const looked_ms = 4_500;
/** More mappings than a thread may make for an arena of malloc: how far a load came is the machine's affair. */
const arena = 3;
/**
 * Blocks of this size and more are mappings of their own to glibc, unless the thread's arena has as much free. So no
 * thread shares an arena with a compiler thread of the JVM, which leaves megabytes free in it (by default there are 8
 * arenas a CPU).
 */
const mapped_bytes = 65_536;
const allocatorSettings = { MALLOC_MMAP_THRESHOLD_: String(mapped_bytes), MALLOC_ARENA_MAX: '1000' };
const large = `min_bytes=${2 * mapped_bytes} max_bytes=${8 * mapped_bytes}`;

const probes = {
  mmap_munmap: '',
  thread_start_join: '',
  malloc_free: large,
  first_fault: 'pool=2000',
  warm_fault: 'pool=2000',
  heap_allocation: 'bytes=20000',
  timer: '',
  request: 'bytes=30000 live_bytes=1048576',
};
type Probe = keyof typeof probes;
const loads = {
  heap_wave: 'low_bytes=1048576 high_bytes=104857600 period_ns=1000000000',
  steady_allocation: 'bytes_per_s=20971520 live_bytes=1048576',
  direct_buffers: `per_s=50 ${large} live=4 gc_period_ns=0`,
  malloc_churn: `threads=2 per_s=50 ${large} live=8 burst_percent=100`,
  inflater_churn: 'per_s=20',
  thread_churn: 'per_s=50',
  class_churn: 'per_s=100 gc_period_ns=0',
  mapped_files: 'per_s=20 file_bytes=1048576 live=4 gc_period_ns=0',
  request_service: 'per_s=100 bytes=100000 live_bytes=1048576',
};

interface Seen {
  /** While it ran: before all other readings, and after them. */
  readonly before: BoardSnapshot;
  readonly after: BoardSnapshot;
  /** When all threads had ended. */
  readonly last: BoardSnapshot;
  readonly calls: StraceCalls;
  /** Since `go`, by thread. */
  readonly minorFaults: (thread: string) => number;
  readonly threads: string;
  readonly unloading: string;
  readonly end: JvmEnd;
}

async function watch(java: string, running: JvmWorkload): Promise<Omit<Seen, 'last' | 'end' | 'unloading'>> {
  const { board, folder, pid, reportPath } = running;
  await running.ready();
  const { threads } = JSON.parse(readFileSync(reportPath, 'utf8')) as { threads: { seat: string; tid: number }[] };
  const faults = (seat: string): number => {
    const tid = threads.find((thread) => thread.seat === seat)?.tid ?? 0;
    // Field 10 of proc_pid_stat(5), counted after the name.
    return Number(readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8').split(') ')[1]?.split(' ')[10 - 3]);
  };
  const seats = threads.map(({ seat }) => seat);
  const faultsBefore = new Map(seats.map((seat) => [seat, faults(seat)]));
  const tracing = await traceCalls(pid, { path: folder, remove: () => undefined });
  await running.go(window_ms);
  await sleep(looked_ms);
  const before = takeSnapshot(board);
  const faultsAfter = new Map(seats.map((seat) => [seat, faults(seat)]));
  const calls = await tracing.finish();
  const printed = await promisify(execFile)(join(dirname(java), 'jcmd'), [String(pid), 'Thread.print', '-e']);
  return {
    before,
    after: takeSnapshot(board),
    calls,
    threads: printed.stdout,
    minorFaults: (seat) => (faultsAfter.get(seat) ?? NaN) - (faultsBefore.get(seat) ?? NaN),
  };
}

describe.each(jdks)('JDK $feature', ({ java }) => {
  let seen: Seen;
  let running: JvmWorkload;

  beforeAll(async () => {
    const plan = [
      ...Object.entries(probes).map(([name, keys]) => probeLine(name, keys)),
      ...Object.entries(loads).map(([name, keys]) => loadLine(name, keys)),
    ];
    running = await startJvmWorkload({
      java,
      plan,
      joined: plan.map((line) => seatOf(line, interval_ns)),
      jvmArgs: [
        '-XX:+UseG1GC',
        '-Xms32m',
        '-Xmx400m',
        '-XX:MinHeapFreeRatio=5',
        '-XX:MaxHeapFreeRatio=10',
        '-Xlog:disable',
        `-Xlog:class+unload:file=%p.unload`,
      ],
      env: allocatorSettings,
    });
    const watched = await watch(java, running);
    const end = await running.ended;
    seen = {
      ...watched,
      end,
      last: takeSnapshot(running.board),
      unloading: readFileSync(join(running.folder, `${running.pid}.unload`), 'utf8'),
    };
  });
  afterAll(() => running.remove());

  const calls = (call: string, by: string): number =>
    seen.calls.counts.filter((one) => one.call === call && one.by === by).reduce((sum, { n }) => sum + n, 0);
  /** Of its own: a thread that helps its JVM at a safepoint may make one for an arena of malloc. */
  const expectNoCalls = (probe: 'first_fault' | 'warm_fault' | 'timer'): void => {
    const made = seen.calls.counts.filter((one) => one.by === `p.${probe}`).reduce((sum, one) => sum + one.n, 0);
    expect(made).toBeLessThan(n(probe) / 20);
  };
  const of = (snapshot: BoardSnapshot, probe: Probe): BoardSnapshot['series'][number] => {
    const found = snapshot.series[running.board.series.findIndex(({ name }) => name === `p.${probe}`)];
    if (found === undefined) throw new Error(`no series p.${probe}`);
    return found;
  };
  const n = (probe: Probe): number => of(seen.before, probe).service.n;
  /** As many calls as operations, of which some came between two looks. */
  const onePerOperation = (count: number, probe: Probe): void => {
    expect(n(probe)).toBeGreaterThan(20);
    expect(count).toBeGreaterThanOrEqual(n(probe));
    expect(count).toBeLessThanOrEqual(of(seen.after, probe).service.n + 1);
  };
  /** `allocated=3541K`, as the JVM says of a thread. */
  const allocated_bytes = (thread: string): number => {
    const [, number, unit = ''] =
      new RegExp(`^"${thread.replaceAll('.', '\\.')}".* allocated=([\\d.]+)([BKMG])`, 'm').exec(seen.threads) ?? [];
    return Number(number) * 1024 ** 'BKMG'.indexOf(unit);
  };

  test('it ends well, with the tallies of its loads', () => {
    expect(seen.end).toMatchObject({ code: 0, stderr: '' });
    const { threads } = JSON.parse(seen.end.stdout) as { threads: { kind: string; tally: Record<string, number> }[] };
    expect(threads.map(({ kind }) => kind)).toEqual([...Object.keys(probes), ...Object.keys(loads)]);
    const tally = (kind: string): Record<string, number> => threads.find((thread) => thread.kind === kind)?.tally ?? {};
    // A pace is an upper bound: what a load was too late for it drops.
    const paced: readonly (readonly [kind: string, what: string, perSecond: number])[] = [
      ['direct_buffers', 'buffers', 50],
      ['malloc_churn', 'blocks', 100],
      ['inflater_churn', 'pairs', 20],
      ['thread_churn', 'threads', 50],
      ['class_churn', 'classes', 100],
      ['mapped_files', 'mappings', 20],
      ['request_service', 'requests', 100],
      ['heap_wave', 'waves', 1],
    ];
    for (const [kind, what, perSecond] of paced) {
      expect({ kind, [what]: tally(kind)[what] ?? 0 }).toEqual({
        kind,
        [what]: expect.toSatisfy((count: number) => count > 0 && count <= (perSecond * window_ms) / 1000 + 2) as number,
      });
    }
  });

  test.each(Object.keys(probes) as Probe[])('%s is timed at its pace, from its schedule', (probe) => {
    const { service, response } = of(seen.last, probe);
    expect(service.n).toBeGreaterThan(20);
    expect(service.n).toBeLessThanOrEqual((window_ms * 1e6) / interval_ns);
    expect(response?.n).toBe(service.n);
    expect(response?.min_ns).toBeGreaterThanOrEqual(service.min_ns);
  });

  test('mmap_munmap: one map and one unmap each', () => {
    onePerOperation(calls('mmap', 'p.mmap_munmap'), 'mmap_munmap');
    onePerOperation(calls('munmap', 'p.mmap_munmap'), 'mmap_munmap');
  });
  test('malloc_free: of blocks that are mappings to glibc, one map and one unmap each', () => {
    onePerOperation(calls('mmap', 'p.malloc_free'), 'malloc_free');
    onePerOperation(calls('munmap', 'p.malloc_free'), 'malloc_free');
  });
  test('thread_start_join: each thread that it started gives its stack back', () => {
    onePerOperation(calls('madvise.DONTNEED', 'started'), 'thread_start_join');
  });
  test.each(['first_fault', 'warm_fault'] as const)('%s: a fault each, and no call of its own', (probe) => {
    expect(n(probe)).toBeGreaterThan(20);
    expect(seen.minorFaults(`p.${probe}`)).toBeGreaterThanOrEqual(n(probe));
    expectNoCalls(probe);
  });
  test('timer: the sleep of 50 µs is in every sample, and no call of its own', () => {
    expect(of(seen.after, 'timer').service.min_ns).toBeGreaterThanOrEqual(50_000);
    expectNoCalls('timer');
  });
  test('heap_allocation and request: their bytes on the heap', () => {
    // 2,000 trials before the window are in it, and objects have headers.
    for (const [probe, thread, bytes] of [
      ['heap_allocation', 'p.heap_allocati', 20_000],
      ['request', 'p.request', 29 * 1024],
    ] as const) {
      const operations = 2000 + n(probe);
      expect(allocated_bytes(thread) / operations).toBeGreaterThan(bytes * 0.95);
      expect(allocated_bytes(thread) / operations).toBeLessThan(bytes * 1.3);
    }
  });

  test('heap_wave: G1 Service gives heap back', () => {
    expect(calls('mmap.NONE', 'G1 Service')).toBeGreaterThan(0);
    expect(allocated_bytes('l.heap_wave')).toBeGreaterThan(30e6);
  });
  test('steady_allocation and request_service: their bytes on the heap', () => {
    expect(allocated_bytes('l.steady_alloca')).toBeGreaterThan(5e6);
    expect(allocated_bytes('l.request_servi')).toBeGreaterThan(2e6);
  });
  test('direct_buffers and mapped_files: mapped by the load, unmapped by the thread that the collector tells', () => {
    expect(calls('mmap', 'l.direct_buffer')).toBeGreaterThan(arena);
    expect(calls('mmap', 'l.mapped_files')).toBeGreaterThan(arena);
    expect(calls('munmap', 'Reference Handl')).toBeGreaterThan(arena);
  });
  test('malloc_churn: each of its threads replaces blocks', () => {
    for (const thread of ['l.malloc_churn', 'l.malloc_chu#1']) {
      expect(calls('mmap', thread)).toBeGreaterThan(arena);
      expect(calls('munmap', thread)).toBeGreaterThan(arena);
    }
  });
  test('inflater_churn: its streams’ memory comes and goes in its own thread', () => {
    expect(calls('mmap', 'l.inflater_chur')).toBeGreaterThan(arena);
    expect(calls('munmap', 'l.inflater_chur')).toBeGreaterThan(arena);
  });
  test('thread_churn: each thread gives its stack back', () => {
    expect(calls('madvise.DONTNEED', 'churned')).toBeGreaterThan(arena);
  });
  test('class_churn: classes are loaded and unloaded', () => {
    expect(Number(/^"l\.class_churn".* defined_classes=(\d+)/m.exec(seen.threads)?.[1])).toBeGreaterThan(10);
    expect(seen.unloading.match(/unloading class pauselab\.made\.C\d+/g)?.length).toBeGreaterThan(0);
  });
});
