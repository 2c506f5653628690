/** Threads of this process, named through /proc, stand for those of a JVM; real JVMs come last. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { nativeAddon } from '../../src/base/native.js';
import { ExitCode } from '../../src/base/failure.js';
import type { SchedulingCalls } from '../../src/workload/threads/priorities.js';
import {
  threadNames,
  unmatchedFailure,
  watchThreads,
  type WatchRule,
  type ThreadWatch,
} from '../../src/workload/threads/thread-watch.js';
import { compileMain, startTestJava, testJdks } from '../support/java.js';
import { until } from '../support/until.js';

/** Tests may run at another priority than 0 themselves. */
const inherited = getPriority();

const tids = (): number[] => readdirSync('/proc/self/task').map(Number);
const rename = (tid: number, name: string): void => {
  writeFileSync(`/proc/${process.pid}/task/${tid}/comm`, name);
};

interface TestThread {
  readonly tid: number;
  end(): Promise<void>;
}

async function startThread(name: string): Promise<TestThread> {
  const before = tids();
  const worker = new Worker('setInterval(() => undefined, 1000)', { eval: true });
  await once(worker, 'online');
  const tid = tids().find((one) => !before.includes(one)) ?? 0;
  rename(tid, name);
  const end = async (): Promise<void> => {
    await worker.terminate();
    await until('its end', () => !tids().includes(tid));
  };
  onTestFinished(end);
  return { tid, end };
}

/** Does what it is told and remembers it; tids in `gone` are no more. */
function kernel(gone: readonly number[] = []): SchedulingCalls & { readonly calls: unknown[][] } {
  const calls: unknown[][] = [];
  const state = new Map<number, { nice: number; policy: number; cpus: readonly number[] }>();
  const of = (tid: number): { nice: number; policy: number; cpus: readonly number[] } => {
    if (gone.includes(tid)) throw Object.assign(new Error('gone'), { code: 'ESRCH' });
    const value = state.get(tid) ?? { nice: 0, policy: 0, cpus: [0, 1] };
    state.set(tid, value);
    return value;
  };
  return {
    calls,
    setNice: (tid, nice) => {
      calls.push(['nice', tid, nice]);
      of(tid).nice = nice;
    },
    setPolicy: (tid, policy) => {
      calls.push(['policy', tid, policy]);
      of(tid).policy = policy;
    },
    setAffinity: (tid, cpus) => {
      calls.push(['cpus', tid, ...cpus]);
      of(tid).cpus = cpus;
    },
    setSlice: (tid, slice_ns) => {
      calls.push(['slice', tid, slice_ns]);
    },
    threadSlice: () => 0,
    threadScheduling: (tid) => of(tid),
  };
}

function watch(
  rules: readonly WatchRule[],
  scheduling: SchedulingCalls,
  rest: { now_ns?: () => bigint; mostRecords?: number; except?: readonly number[] } = {},
): ThreadWatch {
  const started = watchThreads({ pids: [process.pid], rules, scheduling, ...rest });
  onTestFinished(started.stop);
  return started;
}

describe('looks', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const nextLook = (): void => {
    vi.advanceTimersByTime(100);
  };

  test('a thread with settings of its own is set by no pattern, also later, and does not count as a match', async () => {
    const victim = await startThread('control.timer');
    const scheduling = kernel();
    const { unmatched } = watch([{ pattern: 'control*', nice: 10 }], scheduling, { except: [victim.tid] });
    expect(threadNames([process.pid], [victim.tid])).not.toContain('control.timer');
    rename(victim.tid, 'control.other');
    nextLook();
    expect(scheduling.calls).toEqual([]);
    expect(unmatched()).toEqual(['control*']);
  });

  test('threads that exist are set before it returns, the first rule that matches alone', async () => {
    const service = await startThread('G1 Service');
    const worker = await startThread('GC Thread#0');
    const scheduling = kernel();
    const { threads, unmatched } = watch(
      [
        { pattern: 'G1 S*', nice: 19 },
        { pattern: 'G*', nice: 10, policy: 'batch', cpus: [1] },
        { pattern: 'jemalloc_bg_thd', nice: 5 },
      ],
      scheduling,
    );
    expect(threads()).toEqual(
      expect.arrayContaining([
        {
          pattern: 'G1 S*',
          nice: 19,
          pid: process.pid,
          tid: service.tid,
          name: 'G1 Service',
          seenAfter_ns: expect.any(Number) as number,
          delay_ns: 0,
          actual: { nice: 19, policy: 'other', cpus: [0, 1] },
          problems: [],
        },
        expect.objectContaining({ pattern: 'G*', tid: worker.tid, actual: { nice: 10, policy: 'batch', cpus: [1] } }),
      ]),
    );
    expect(threads()).toHaveLength(2);
    expect(scheduling.calls.filter(([, tid]) => tid === service.tid)).toEqual([['nice', service.tid, 19]]);
    expect(unmatched()).toEqual(['jemalloc_bg_thd']);
  });

  test('a thread that comes later is set at the next look, once, with the time that it had to wait at most', async () => {
    let now_ns = 1000n;
    const { threads, unmatched } = watch([{ pattern: 'GC Thread*', nice: 19 }], kernel(), { now_ns: () => now_ns });
    expect(unmatched()).toEqual(['GC Thread*']);
    now_ns = 5000n;
    nextLook();
    const { tid } = await startThread('GC Thread#1');
    now_ns = 7000n;
    nextLook();
    nextLook();
    expect(threads()).toEqual([
      expect.objectContaining({ tid, name: 'GC Thread#1', seenAfter_ns: 6000, delay_ns: 2000 }),
    ]);
    expect(unmatched()).toEqual([]);
  });

  test('a thread that is renamed is looked at anew', async () => {
    let now_ns = 0n;
    const { tid } = await startThread('java');
    const { threads } = watch(
      [
        { pattern: 'ZUncommitter*', nice: 19 },
        { pattern: 'other', nice: 3 },
      ],
      kernel(),
      { now_ns: () => now_ns },
    );
    now_ns = 100n;
    nextLook();
    rename(tid, 'ZUncommitter#0');
    now_ns = 200n;
    nextLook();
    rename(tid, 'other');
    nextLook();
    expect(threads().map(({ name, nice, delay_ns }) => [name, nice, delay_ns])).toEqual([
      ['ZUncommitter#0', 19, 100],
      ['other', 3, 0],
    ]);
  });

  test('what could not be set is a problem, unless the thread has ended meanwhile', async () => {
    const gone = await startThread('gone thread');
    const kept = await startThread('kept thread');
    const refusing = {
      ...kernel([gone.tid]),
      setNice: (tid: number) => {
        throw Object.assign(new Error('no'), { code: tid === gone.tid ? 'ESRCH' : 'EPERM' });
      },
    };
    const { threads } = watch([{ pattern: '* thread', nice: -5 }], refusing);
    expect(threads().find(({ tid }) => tid === gone.tid)).toMatchObject({ actual: null, problems: [] });
    expect(threads().find(({ tid }) => tid === kept.tid)?.problems).toEqual([
      expect.objectContaining({ code: 'scheduling-refused', asked: '-5', thread: 'kept thread', errno: 'EPERM' }),
    ]);
  });

  test('of threads beyond the limit of records, one that could not be set is recorded', async () => {
    const refusing = {
      ...kernel(),
      setNice: () => {
        throw Object.assign(new Error('no'), { code: 'EPERM' });
      },
    };
    const { threads } = watch([{ pattern: 'late*', nice: 19 }], refusing, { mostRecords: 0 });
    await startThread('late one');
    await startThread('late two');
    nextLook();
    expect(threads().map(({ problems }) => problems.map(({ code }) => code))).toEqual([['scheduling-refused']]);
  });

  test('after its end nothing more is set', async () => {
    const { threads, stop } = watch([{ pattern: 'late', nice: 19 }], kernel());
    stop();
    await startThread('late');
    nextLook();
    expect(threads()).toEqual([]);
  });

  test('names that hold parentheses and blanks are read whole', async () => {
    await startThread('a) S 1 (b');
    expect(watch([{ pattern: 'a) S 1 (b', nice: 1 }], kernel()).unmatched()).toEqual([]);
  });
});

test('a process that is gone has no threads, and a pattern without one is said with the names that there are', () => {
  const watched = watchThreads({
    pids: [4_194_305],
    rules: [{ pattern: 'G1 Sevice', nice: 19 }],
    scheduling: kernel(),
  });
  watched.stop();
  expect(watched.threads()).toEqual([]);
  const failure = unmatchedFailure(watched.unmatched(), threadNames([process.pid]));
  expect(failure.exitCode).toBe(ExitCode.unfit);
  expect(failure.message).toMatch(
    /^no thread matches the profile's pattern "G1 Sevice"; the process has .*; correct the pattern/,
  );
});

const jdks = await testJdks();
const classes = compileMain(`
  System.out.println("ready");
  for (int i = 0; i < 1000; i++) {
    var thread = new Thread(() -> { try { Thread.sleep(1000000); } catch (InterruptedException e) { } }, "late-worker-thread-" + i);
    thread.setDaemon(true);
    thread.start();
    Thread.sleep(50);
  }`);

describe.each(jdks)('JDK $feature', (jdk) => {
  test('collector threads are set while the JVM runs, later ones as they come, and the rest is left alone', async () => {
    const program = await startTestJava({
      jdk,
      main: { classPath: [classes], mainClass: 'Main' },
      jvmArgs: ['-XX:-UseSerialGC', '-XX:+UseG1GC'],
    });
    await until('main', () => program.output().includes('ready'));
    const watched = watchThreads({
      pids: [program.pid],
      rules: [
        { pattern: 'G1 Service', nice: 19 },
        { pattern: 'GC Thread*', nice: 10 },
        { pattern: 'late-worker-thread-*', nice: 7, policy: 'batch' },
      ],
    });
    onTestFinished(watched.stop);
    const early = watched.threads().length;
    await until('a later thread', () => watched.threads().filter(({ delay_ns }) => delay_ns > 0).length >= 3);
    const [latest] = watched.threads().slice(-1);
    console.log(
      `JDK ${jdk.feature}: ${early} threads at the first look; the last of ${watched.threads().length} had its name for at most ${((latest?.delay_ns ?? 0) / 1e6).toFixed(0)} ms before it was set`,
    );
    expect(watched.unmatched()).toEqual([]);
    expect(watched.threads().flatMap(({ problems }) => problems)).toEqual([]);
    const comms = new Map(
      readdirSync(`/proc/${program.pid}/task`).map((tid) => [
        Number(tid),
        readFileSync(`/proc/${program.pid}/task/${tid}/comm`, 'utf8').trim(),
      ]),
    );
    const set = new Map(watched.threads().map(({ tid, nice }) => [tid, nice]));
    for (const [tid, comm] of comms) {
      // One that came after the last look has not been set yet.
      if (set.has(tid) || !comm.startsWith('late'))
        expect([comm, nativeAddon().threadScheduling(tid).nice]).toEqual([comm, set.get(tid) ?? inherited]);
    }
    expect(latest?.name).toMatch(/^late-w/);
    expect(latest?.actual).toMatchObject({ nice: 7, policy: 'batch' });
  });
});
