/**
 * Instances of tracefs that a killed tracer left: removed by its guardian, or else by the next tracer, which tells them
 * from a living tracer's by a held lock, and by no pid. And what a tracer gives while it traces.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { traceStream } from '../../src/observe/tracefs/tracefs-stream.js';
import { readTrace, type TraceEvent } from '../../src/record/trace/trace.js';
import { programs } from '../../src/workload/programs.js';
import { tracerPlan } from '../../src/workload/watch/tracer.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';
import { canTrace, traceInstances } from '../support/tracefs.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

const instances = (): string[] => traceInstances(scratch.fresh('tracefs'));

/** `parent` is what it takes for the pid of the one that starts it. */
async function tracer(
  wrapper: readonly string[],
  parent: number,
  lines = `need trace_clock mono\nbuffer_kib 64\npid ${process.pid}\n`,
): Promise<{
  readonly folder: string;
  readonly pid: number;
  readonly end: (signal: NodeJS.Signals) => Promise<void>;
}> {
  const folder = scratch.fresh('trace');
  mkdirSync(folder);
  const plan = scratch.write('plan', lines);
  const words = [...wrapper, programs.tracer(), folder, String(parent), plan];
  const child = spawn(words[0] ?? '', words.slice(1), { stdio: 'inherit' });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  onTestFinished(() => end('SIGKILL'));
  await until('the tracer is ready', () => existsSync(join(folder, 'ready')));
  return { folder, pid: child.pid ?? 0, end };
}

describe('an instance', () => {
  skipEach(!canTrace(scratch.fresh('tracefs')), 'needs root, and tracefs');
  test('of a killed tracer is removed by its guardian, as is that of other programs', async () => {
    const { pid, end } = await tracer([], process.pid, tracerPlan([process.pid], 1, [process.pid]));
    const own = (): string[] => instances().filter((name) => name.startsWith(`pauselab-${process.pid}-`));
    expect(own()).toHaveLength(2);
    const guardian = Number(execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }));
    await end('SIGKILL');
    await until('its instances are removed', () => own().length === 0);
    await until('the guardian has ended', () => !existsSync(`/proc/${guardian}`));
  });

  test('of a tracer that was killed with its guardian is removed by the next one, and that of a living one in another PID namespace is not', async () => {
    // There it is process 2, and its parent 1: pids that are others' here.
    const before = instances();
    const elsewhere = await tracer(
      ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', '"$@" & wait', 'sh'],
      1,
    );
    const [living = ''] = instances().filter((name) => /^pauselab-1-\d+$/.test(name) && !before.includes(name));
    const killed = await tracer([], process.pid);
    expect(instances()).toEqual(expect.arrayContaining([living, `pauselab-${process.pid}-0`]));
    const guardian = Number(execFileSync('pgrep', ['-P', String(killed.pid)], { encoding: 'utf8' }));
    process.kill(guardian, 'SIGKILL');
    await killed.end('SIGKILL');
    expect(instances()).toContain(`pauselab-${process.pid}-0`);

    await (await tracer([], process.pid)).end('SIGTERM');
    expect(instances()).toContain(living);
    expect(instances()).not.toContain(`pauselab-${process.pid}-0`);

    await elsewhere.end('SIGKILL');
    await until('what it left is removed', async () => {
      await (await tracer([], process.pid)).end('SIGTERM');
      return !instances().includes(living);
    });
  });
});

describe('a program from outside', () => {
  skipEach(!canTrace(scratch.fresh('tracefs')), 'needs root, and tracefs');
  test('that takes the mmap_lock of a watched process is in the trace, and other locks of it are not', async () => {
    const watched = spawn('sleep', ['60'], { stdio: 'ignore' });
    onTestFinished(() => {
      watched.kill('SIGKILL');
    });
    const pid = watched.pid ?? 0;
    const { folder, end } = await tracer([], process.pid, tracerPlan([pid], 1, [pid]));
    const begun = process.hrtime.bigint();
    const reader = spawnSync('cat', [`/proc/${pid}/smaps_rollup`], { stdio: 'ignore' });
    await end('SIGTERM');
    const { events, outside, missingEvents } = readTrace(folder, begun, { start_ns: 0, end_ns: 60e9 });
    expect(outside.problem).toBeNull();
    const locked = events.filter((event) => event.kind === 'lock-acquired' || event.kind === 'lock-released');
    if (missingEvents.length === 0) expect(locked.map(({ tid }) => tid)).toContain(reader.pid);
    // A process maps files when it starts, in its own address space.
    expect(new Set(locked.map(({ mm }) => mm)).size).toBe(1);
  });
});

describe('a trace that goes on', () => {
  skipEach(!canTrace(scratch.fresh('tracefs')), 'needs root, and tracefs');
  test('gives its events so far as often as asked, each once', async () => {
    const plan = tracerPlan([process.pid], 1, [process.pid]);
    const begun = process.hrtime.bigint();
    const { folder, pid, end } = await tracer([], process.pid, plan);
    const stream = traceStream(folder, begun, readFileSync(join(folder, 'outside-missing'), 'utf8') === '');
    const all: TraceEvent[] = [];
    const now_ns = (): number => Number(process.hrtime.bigint() - begun);
    const take = (from: string, until_ns: number, isLast: boolean): void => {
      const { events, lost_n } = stream.take(from, until_ns, isLast);
      expect(lost_n).toBe(0);
      expect(events.length).toBeGreaterThan(0);
      all.push(...events);
    };
    for (let piece = 0; piece < 2; piece += 1) {
      spawnSync('true');
      const until_ns = now_ns();
      process.kill(pid, 'SIGUSR2');
      await until('the events are there', () => existsSync(join(folder, 'drain')));
      take(join(folder, 'drain'), until_ns, false);
      rmSync(join(folder, 'drain'), { recursive: true });
    }
    spawnSync('true');
    await end('SIGTERM');
    take(folder, now_ns(), true);
    const times = all.map(({ time_ns }) => time_ns);
    expect(times.filter((time, i) => time < (times[i - 1] ?? 0))).toEqual([]);
    const keys = all.map((event) => `${event.kind} ${event.time_ns} ${event.cpu}`);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
