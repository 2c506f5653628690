/** What /proc says beside the records of an observation. */
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { procFacts } from '../../src/observe/proc-facts.js';
import { seenInKernel } from '../../src/observe/observed-evidence.js';
import { attributed } from '../../src/observe/observation.js';
import { targetOf } from '../../src/observe/target.js';
import { spinLocksIn } from '../../src/observe/unseen-locks.js';
import { statedGap } from '../../src/words/observation-words.js';
import { hold, observed, observedThread, off } from '../support/observed.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

const sleeper = spawn('chrt', ['-i', '0', 'sleep', '60']);
const pid = sleeper.pid ?? 0;
afterAll(() => {
  sleeper.kill('SIGKILL');
});
const name = 'sleep';

test('the policy of a thread is in its sentence instead of its nice value, also after its end', async () => {
  await until('chrt to start sleep', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === `${name}\n`);
  const facts = procFacts([targetOf(pid)]);
  const [purger, victim] = [observedThread(name, pid, pid), observedThread('mapper', 2 ** 22 + 1, pid)];
  const seen = seenInKernel(
    observed({
      offs: [
        off(victim, { from: 100, woken: 400, to: 401 }, { lock: 'waits', lockPid: pid, isWrite: true, waker: purger }),
      ],
      holds: [hold(purger, { from: 95, to: 400 }, { lockPid: pid })],
    }),
    { pids: [pid], threshold_ns: 20e6, detail_ns: 1e6, cpuCount: 2, symbols: null },
  );
  const sentence = (): string | undefined =>
    attributed({ ...seen, evidence: facts.addTo(seen.evidence) }).stalls[0]?.cause?.sentence;
  expect(sentence()).toContain('held for reading by `sleep` (SCHED_IDLE)');
  execFileSync('kill', ['-KILL', String(pid)]);
  await until('sleep to end', () => sleeper.exitCode !== null || sleeper.signalCode !== null);
  expect(sentence()).toContain('held for reading by `sleep` (SCHED_IDLE)');
  expect(attributed(seen).stalls[0]?.cause?.sentence).toContain('(nice 0)');
});

test('a policy that came with the thread is not read again, and the usual one is not named', () => {
  const facts = procFacts([]);
  const name = readFileSync(`/proc/${process.pid}/comm`, 'utf8').trimEnd();
  const { evidence } = seenInKernel(observed({}), {
    ...{ pids: [], threshold_ns: 20e6, detail_ns: 1e6, cpuCount: 2, symbols: null },
  });
  const addedTo = (policy: 'idle' | 'other') => {
    const thread = { name, tid: process.pid, role: 'other', nice: 0, policy } as const;
    return facts.addTo({ ...evidence, threads: new Map([[process.pid, thread]]) }).threads.get(process.pid);
  };
  // This process is SCHED_OTHER.
  expect(addedTo('idle')?.policy).toBe('idle');
  expect(addedTo('other')).not.toHaveProperty('policy');
});

describe('locks of tcmalloc', () => {
  test('are not seen, in a process that has mapped its library', async () => {
    // Any library will do: it is known by its name.
    const maps = readFileSync('/proc/self/maps', 'utf8');
    const libm = /\/\S*\/libm\.so\.6$/m.exec(maps)?.[0] ?? '';
    const library = join(scratch.fresh('preloaded'), 'libtcmalloc_minimal.so.4');
    mkdirSync(dirname(library));
    copyFileSync(libm, library);
    const child = spawn('sleep', ['60'], { env: { ...process.env, LD_PRELOAD: library } });
    const of = child.pid ?? 0;
    try {
      await until('sleep to start', () => readFileSync(`/proc/${of}/maps`, 'utf8').includes(library));
      expect(procFacts([targetOf(process.ppid), targetOf(of)]).gaps).toContainEqual({
        code: 'allocator-locks-unseen',
        pid: of,
        file: 'libtcmalloc_minimal.so.4',
        processes_n: 1,
      });
    } finally {
      child.kill('SIGKILL');
    }
  });

  test.each([
    ['/usr/lib/libtcmalloc_minimal.so.4.5.10', 'libtcmalloc_minimal.so.4.5.10'],
    ['/opt/my app/libtcmalloc.so.4 (deleted)', 'libtcmalloc.so.4'],
    ['/usr/lib/libjemalloc.so.2', null],
    ['/srv/libtcmalloc.so.d/libc.so.6', null],
  ])('of %s: %s', (path, file) => {
    expect(spinLocksIn(`7f10-7f20 r--p 00000000 fe:01 11                     ${path}\n`)).toBe(file);
  });

  test('are named with the processes', () => {
    const gap = { code: 'allocator-locks-unseen', pid: 4711, file: 'libtcmalloc.so.4', processes_n: 3 } as const;
    expect(statedGap(gap).sentence).toBe(
      'process 4711 and 2 others use tcmalloc (libtcmalloc.so.4), whose locks are spin locks that sleep with a timeout: waits for them, as for a thread that gives memory of the page heap back, are not in these figures',
    );
  });
});
