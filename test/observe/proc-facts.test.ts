/** What /proc says beside the records of an observation. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { procFacts } from '../../src/observe/proc-facts.js';
import { seenInKernel } from '../../src/observe/ebpf-evidence.js';
import { attributed } from '../../src/observe/observation.js';
import { targetOf } from '../../src/observe/target.js';
import { hold, observed, observedThread, off } from '../support/observed.js';
import { until } from '../support/until.js';

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

test('a process without a limit was not kept back', () => {
  const facts = procFacts([{ ...targetOf(process.ppid) }]);
  const { throttled } = facts.addTo(
    seenInKernel(observed({}), { pids: [], threshold_ns: 20e6, detail_ns: 1e6, cpuCount: 2, symbols: null }).evidence,
  );
  expect([...(throttled ?? [])]).toEqual([[process.ppid, expect.toSatisfy((one) => one === false || one === null)]]);
  expect(facts.gaps()).toEqual([]);
});
