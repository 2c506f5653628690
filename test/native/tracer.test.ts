/** Instances of tracefs that a killed tracer left: told from a living tracer's by a held lock, and by no pid. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readTrace } from '../../src/record/trace/trace.js';
import { programs } from '../../src/workload/programs.js';
import { tracerPlan } from '../../src/workload/watch/tracer.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

/** In a mount namespace of its own, as the tracer's. */
function instances(): string[] {
  const folder = scratch.fresh('tracefs');
  mkdirSync(folder);
  return execFileSync('unshare', ['-m', 'sh', '-c', 'mount -t tracefs nodev "$1" && ls "$1/instances"', 'sh', folder], {
    encoding: 'utf8',
  }).split('\n');
}

function canTrace(): boolean {
  try {
    return process.getuid?.() === 0 && instances().length > 0;
  } catch {
    return false;
  }
}

/** `parent` is what it takes for the pid of the one that starts it. */
async function tracer(
  wrapper: readonly string[],
  parent: number,
  lines = `need trace_clock mono\nbuffer_kib 64\npid ${process.pid}\n`,
): Promise<{ readonly folder: string; readonly end: (signal: NodeJS.Signals) => Promise<void> }> {
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
  return { folder, end };
}

describe.skipIf(!canTrace())('an instance', () => {
  test('of a killed tracer is removed by the next one, and that of a living one in another PID namespace is not', async () => {
    // There it is process 2, and its parent 1: pids that are others' here.
    const before = instances();
    const elsewhere = await tracer(
      ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', '"$@" & wait', 'sh'],
      1,
    );
    const [living = ''] = instances().filter((name) => /^pauselab-1-\d+$/.test(name) && !before.includes(name));
    const killed = await tracer([], process.pid);
    expect(instances()).toEqual(expect.arrayContaining([living, `pauselab-${process.pid}-0`]));
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

describe.skipIf(!canTrace())('a program from outside', () => {
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
