/** `pauselab observe` beside a process that it did not start and that records its own stalls: who judges is that. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readStalls } from '../../src/bundle/read-stalls.js';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import type { OffRecord } from '../../src/observe/observed.js';
import { kernelProgram, startObserver } from '../../src/observe/ebpf/observer.js';
import { nativeProgram } from '../native/programs.js';
import { expectNothingLeft, pauselab, repository } from '../support/pauselab.js';
import { installedJdks } from '../support/jdks.js';
import { observedMutexWaits } from '../support/mutex-waits.js';
import { observedWaits } from '../support/observed-waits.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';
import { startStalling } from '../support/stalling.js';
import { noisy, onTryFinished, withinTries } from '../support/tries.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const execute = promisify(execFile);
const page = (name: string): string => readFileSync(join(repository, name), 'utf8');
const isAllowed = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');

interface Observed {
  readonly tier: string;
  readonly answer: { readonly code: string };
  readonly monotonicStart_ns: number;
  readonly watched_ns: number;
  readonly stalls: readonly ListedStall[];
}

/** In which function of the program each thread of the chain called the kernel. */
function calledFrom(stall: ListedStall | undefined): Record<string, string | undefined> {
  const own = (name: string | null): string[] => /^\(anonymous namespace\)::(\w+)$/.exec(name ?? '')?.slice(1) ?? [];
  return Object.fromEntries(
    (stall?.evidence?.userStacks ?? []).map(({ thread, frames }) => [
      thread.name,
      frames.flatMap(({ function: name }) => own(name))[0],
    ]),
  );
}

/** The thread is blocked: it waits for mmap_lock. */
function isBlocked(pid: number, name: string): boolean {
  const task = `/proc/${pid}/task`;
  return readdirSync(task).some((tid) => {
    const read = (file: string): string => readFileSync(join(task, tid, file), 'utf8').trim();
    return read('comm') === name && read('stat').includes(') D ');
  });
}

describe('an observation', () => {
  skipEach(!isAllowed, 'needs root, and BTF of this kernel');
  // The process measures its waits itself, and both ways of observing are judged by that.
  test.each(['ebpf', 'tracefs'] as const)(
    'by %s finds each wait, with the thread, its call and who had its CPU',
    async (tier) => {
      const { observation, waits } = await observedWaits<Observed>({
        tier,
        lock: 'mmap_lock',
        seconds: 3,
        out: () => scratch.fresh('observed'),
      });
      expect(observation).toMatchObject({ tier, answer: { code: 'gives-back' } });
      const { stalls } = observation;
      for (const wait of waits) {
        const within = stalls.filter(
          ({ thread, start_ns, duration_ns }) =>
            thread?.tid === wait.tid &&
            start_ns < wait.start_ns + wait.duration_ns &&
            start_ns + duration_ns > wait.start_ns,
        );
        const [longest] = within.toSorted((x, y) => y.duration_ns - x.duration_ns);
        expect(longest?.duration_ns).toBeGreaterThan(wait.duration_ns / 2);
        expect(longest?.cause).toMatchObject({
          cause: 'mmap-lock-reader',
          grade: 'proven',
          thread: { name: 'purger', role: 'other' },
        });
        const [link] = (longest?.chain ?? []).filter(({ cause }) => cause === 'mmap-lock-reader');
        expect(link?.call).toBe('madvise.DONTNEED');
        expect(link?.cpuTakenBy.map(({ thread }) => thread.name)).toContain('hog');
        if (tier === 'ebpf') expect(calledFrom(longest)).toEqual({ writer: 'protect', purger: 'holdMmapLock' });
      }
    },
  );

  // test/long/observe-mutex.test.ts has the other ways of observing, and malloc.
  test('finds each wait for a mutex, with the thread that had it', async () => {
    const out = (): string => scratch.fresh('mutex');
    for (const stall of await observedMutexWaits({ tier: 'ebpf', lock: 'mutex', seconds: 4, out }))
      expect(stall.cause).toMatchObject({ cause: 'mutex', grade: 'proven', lock: 'futex', thread: { name: 'purger' } });
  });

  test('of a wait that goes on at both its ends has the thread that has the lock', async () => {
    await withinTries(3, 'the observation lies within a wait', async () => {
      const { pid } = startStalling(120, 10_000);
      await noisy(() => until('its writer waits', () => isBlocked(pid, 'writer')));
      const { code, stdout } = await pauselab([
        ...['observe', '--pid', String(pid), '--for', '100ms'],
        ...['--out', scratch.fresh('cut'), '--json'],
      ]);
      expect(code).toBe(0);
      const { stalls } = JSON.parse(stdout) as Observed;
      const readers = stalls.filter(({ cause }) => cause?.cause === 'mmap-lock-reader');
      expect(readers.filter(({ cause }) => cause?.thread !== null && cause?.thread?.name !== 'purger')).toEqual([]);
      noisy(() => {
        expect(readers).toContainEqual(
          expect.objectContaining({
            start_ns: 0,
            stillRunning: true,
            cause: expect.objectContaining({
              thread: expect.objectContaining({ name: 'purger' }) as unknown,
            }) as unknown,
          }),
        );
      });
    });
  });

  test('says of a process that sleeps that it was not stalled, and how much was watched', async () => {
    const { code, stdout } = await pauselab([
      ...['observe', '--pid', String(process.ppid), '--for', '1s', '--out', scratch.fresh('quiet'), '--json'],
    ]);
    expect(code).toBe(0);
    const { answer, watched_ns, missing } = JSON.parse(stdout) as {
      answer: { code: string };
      watched_ns: number;
      missing: { code: string }[];
    };
    expect(answer.code).toBe('no-stall');
    expect(watched_ns).toBeGreaterThan(0.9e9);
    expect(missing.map(({ code: gap }) => gap)).toEqual(['sleeps-not-judged']);
  });
});

describe('the helper', () => {
  skipEach(!isAllowed, 'needs root, and BTF of this kernel');
  test('knows who woke a thread also where the thread was woken before it slept', async () => {
    const child = spawn(nativeProgram('pauselab-woken-early'), ['3'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const [sleeper, writer] = line.toString().trim().split(' ').map(Number);
    const sleeps: OffRecord[] = [];
    const observer = await startObserver({
      pids: [child.pid ?? 0],
      detail_ns: 1e6,
      threshold_ns: 30e6,
      onRecord: (record) => {
        if (record.kind === 'off' && record.thread.tid === sleeper && record.state === 'asleep') sleeps.push(record);
      },
    });
    await ended;
    await observer.finish();
    expect(sleeps.length).toBeGreaterThan(0);
    for (const { off_ns, woken_ns, waker } of sleeps) {
      expect(waker?.tid).toBe(writer);
      expect(woken_ns).toBeGreaterThan(off_ns);
    }
  });

  test('knows that a CPU was busy for which a thread waited already when the observation began', async () => {
    // On one CPU, in one session: the first has nearly none of its time.
    const onOneCpu = (nice: number): number => {
      const loop = ['taskset', '-c', '0', 'nice', '-n', String(nice), 'sh', '-c', 'while :; do :; done'] as const;
      const child = spawn(loop[0], loop.slice(1), { stdio: 'ignore' });
      onTryFinished(() => child.kill('SIGKILL'));
      return child.pid ?? 0;
    };
    const [starved, hog] = [onOneCpu(19), onOneCpu(0)];
    const isLoop = (pid: number): boolean => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sh';
    await until('both have begun', () => isLoop(starved) && isLoop(hog));
    let atStart_n = 0;
    for (let i = 0; i < 4; i += 1) {
      const waits: OffRecord[] = [];
      const takers = new Set<number>();
      const observer = await startObserver({
        pids: [starved],
        detail_ns: 1e6,
        threshold_ns: 20e6,
        onRecord: (record) => {
          if (record.kind === 'off' && record.thread.tid === starved && record.state === 'runnable') waits.push(record);
          if (record.kind === 'ran') takers.add(record.thread.tid);
        },
      });
      await until('it has a CPU', () => waits.length > 0);
      await observer.finish();
      const [first] = waits;
      // A thread that had the CPU when the observation began is not of interest.
      if (first?.taker !== null) continue;
      atStart_n += 1;
      expect(first.busy_ns).toBeGreaterThan((first.on_ns - first.off_ns) / 2);
      expect(takers).toContain(hog);
    }
    noisy(() => {
      expect(atStart_n).toBeGreaterThan(0);
    });
  });

  test('refuses a program whose records are of another version than its own', () => {
    const program = scratch.fresh('program');
    writeFileSync(
      program,
      readFileSync(kernelProgram(), 'latin1').replaceAll('records_shape', 'records_shapX'),
      'latin1',
    );
    const { status, stderr } = spawnSync(nativeProgram('pauselab-observer'), ['--check', program], {
      encoding: 'utf8',
    });
    expect(stderr).toBe(
      `${program} is of another version than pauselab-observer: its records differ; take both from one copy of ` +
        'pauselab, and run `npm run setup` there\n',
    );
    expect(status).toBe(5);
  });

  test('says which field of the kernel it misses, where the kernel has another layout', () => {
    const program = scratch.fresh('program');
    // As if task_struct had no on_cpu.
    writeFileSync(program, readFileSync(kernelProgram(), 'latin1').replaceAll('on_cpu', 'on_cpX'), 'latin1');
    const { status, stderr } = spawnSync(nativeProgram('pauselab-observer'), ['--check', program], {
      encoding: 'utf8',
    });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^the program could not be loaded: Invalid argument; the kernel's verifier says: .*struct task_struct\.on_cpX/,
      ),
    ]);
    expect(status).toBe(5);
  });
});

const jdk17 = installedJdks().find(({ version }) => Number.parseInt(version, 10) === 17);

describe('the worked example', () => {
  skipEach(!isAllowed || jdk17 === undefined, 'needs root, BTF of this kernel, and JDK 17');
  const [, block = ''] = /^```sh worked\n([\s\S]*?)^```$/m.exec(page('docs/observe.md')) ?? [];

  test('finds the thread that gives memory back, and makes its report', async () => {
    const script = [
      'set -eu',
      `pauselab() { '${process.execPath}' '${repository}/dist/main.js' "$@"; }`,
      // Also where a command of the example fails.
      "trap 'kill $(jobs -p) 2> /dev/null || :' EXIT",
      block.replace('--for 20s', '--for 6s'),
    ].join('\n');
    const { stdout, folder } = await withinTries(3, 'the worked example stalls', async () => {
      const cwd = scratch.fresh('worked');
      mkdirSync(cwd);
      symlinkSync(join(repository, 'bench'), join(cwd, 'bench'));
      const { stdout: text } = await execute('bash', ['-c', script], {
        cwd,
        timeout: 120_000,
        env: { ...process.env, PATH: `${dirname(jdk17?.java ?? '')}:${process.env.PATH ?? ''}` },
      });
      noisy(() => {
        expect(text).toContain('mmap-lock-reader by planted');
      });
      return { stdout: text, folder: cwd };
    });
    expect(stdout).toMatch(/^Giving memory back is the reason for /m);
    expect(stdout).toMatch(/^mmap-lock-reader by planted +madvise\.DONTNEED +yes +(?:proven|likely) /m);
    const called = readStalls(join(folder, 'results/worked'))
      .stalls.flatMap(({ stall }) => stall.evidence?.userStacks ?? [])
      .filter(({ thread, moment }) => thread.name === 'planted' && moment === 'gave-back')
      .map(({ frames }) => frames[0]?.function);
    expect(called).toContain('madvise');
    expect(readFileSync(join(folder, 'worked.html'), 'utf8')).toContain('planted');
  });
});

expectNothingLeft();
