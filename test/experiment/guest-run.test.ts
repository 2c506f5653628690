/** Runs in an emulated guest whose JVM crashes before its window: it is started again, and that is recorded. */
import { describe, expect, test } from 'vitest';
import { Failure, type FailureCode } from '../../src/base/failure.js';
import type { RunFile } from '../../src/bundle/bundle-schema.js';
import { hasFailed, hasFigures, lostItsPlace } from '../../src/bundle/stored.js';
import { runInGuest } from '../../src/experiment/place/guest-run.js';
import { lastingGuest } from '../../src/experiment/place/lasting-guest.js';
import { sayRan } from '../../src/experiment/place/said.js';
import { failedStart } from '../../src/experiment/run/failed-start.js';
import type { RunInput, RunOutput } from '../../src/experiment/run/one-run.js';
import { MachineLost, type Machine } from '../../src/kernel/guest/guest-machine.js';
import { loadResolved } from '../../src/profile/written/load.js';

const nothing = (): void => undefined;
const profile = await loadResolved('convoy');
const [arm] = profile.arms;
if (arm === undefined) throw new Error('the profile has arms');
const input: RunInput = {
  ...{ name: '000-a', profile, arm, kernel: 'k', repetition: 1, regionBytes: 0, allowDegraded: false, trace: false },
  interrupted: new Promise(nothing),
  onPhase: nothing,
  onSnapshot: nothing,
};
const failing = (code: FailureCode): RunOutput =>
  failedStart({
    request: input,
    startedAt: '2026-01-01T00:00:00.000Z',
    failure: new Failure(code, 'SIGILL'),
    files: {},
  });

/** A guest whose attempts at the run end like this, in turn. */
async function fileAfter(
  ends: readonly (RunOutput | 'complete' | 'lost' | 'lost after a signal')[],
  note: (text: string) => void = nothing,
): Promise<RunFile> {
  let n = 0;
  let signal = nothing;
  const interrupted = new Promise<void>((resolve) => {
    signal = resolve;
  });
  const machine: Machine = {
    ...{ pid: process.pid, vcpus: [1], hello: null, channel: 'virtio', boot_ms: 1, commandLine: '', command: [] },
    request: async (_, __, take) => {
      const end = ends[n];
      n += 1;
      if (end === undefined) throw new Error('it was started too often');
      if (end === 'lost after a signal') {
        signal();
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (end === 'lost' || end === 'lost after a signal') throw new MachineLost('the guest is gone');
      const whole = failing('workload');
      const ran = end === 'complete' ? { ...whole, file: { ...whole.file, status: end, failures: [] } } : end;
      for (const clock_ns of [1, 2]) {
        take({ type: 'phase', phase: 'measuring', clock_ns });
        await new Promise((resolve) => setImmediate(resolve));
      }
      const taken = take(JSON.parse(JSON.stringify(sayRan(ran))));
      if (taken === undefined) throw new Error('no run');
      return taken;
    },
    send: nothing,
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    console: () => 'its console',
    close: () => Promise.resolve(),
  };
  const { file } = await runInGuest(machine, { ...input, interrupted }, { emulated: true, note });
  expect(n).toBe(ends.length);
  return file;
}

const crash = failing('jvm-crashed');

test.each([
  ['in the end measured', 'complete', ['complete', 0]],
  ['whose last start fails for another reason', failing('unfit'), ['failed', 1]],
  ['whose guest is lost at last', 'lost', ['failed', 1]],
] as const)('a run %s keeps the crashes before', async (_, last, [status, failures_n]) => {
  const file = await fileAfter([crash, crash, last]);
  expect([file.status, file.failures.length]).toEqual([status, failures_n]);
  expect(file.machine.guest?.failedStarts).toMatchObject([{ code: 'jvm-crashed' }, { code: 'jvm-crashed' }]);
});

test('after the last crash the run is kept, with the crashes before', async () => {
  const file = await fileAfter([crash, crash, crash]);
  expect(file).toMatchObject({ status: 'failed', failures: [{ code: 'jvm-crashed' }] });
  expect(file.machine.guest?.failedStarts).toHaveLength(2);
});

test('each start that is made again is said once', async () => {
  const notes: string[] = [];
  await fileAfter([crash, crash, 'complete'], (text) => notes.push(text));
  expect(notes).toEqual(
    Array.from(
      { length: 2 },
      () => expect.stringMatching(/^in the guest: .*\. It is started again, because this/) as string,
    ),
  );
});

test('a guest that does not answer after a signal makes no failed run, but one that was cut short', async () => {
  const file = await fileAfter(['lost after a signal']);
  expect(file).toMatchObject({ status: 'partial', interrupted: true, failures: [{ code: 'guest-lost' }] });
  expect([hasFailed(file), hasFigures(file), lostItsPlace(file)]).toEqual([false, false, true]);
  const lost = await fileAfter(['lost']);
  expect(lost.interrupted).toBeUndefined();
  expect(hasFailed(lost)).toBe(true);
  // As an older version recorded it.
  expect(hasFailed({ ...lost, status: 'partial' })).toBe(true);
});

describe('a guest that is lost', () => {
  const lost = new MachineLost('QEMU ended by SIGKILL');
  const machine = (closed: string[]): Machine => ({
    ...{ pid: process.pid, vcpus: [1], hello: null, channel: 'virtio', boot_ms: 1, commandLine: '', command: [] },
    request: () => Promise.reject(new Error('nobody asks it')),
    send: nothing,
    pause: () => Promise.reject(lost),
    resume: () => Promise.reject(lost),
    console: () => (closed.length === 0 ? 'its console' : ''),
    close: () => {
      closed.push('closed');
      return Promise.resolve();
    },
  });

  test.each(['pause', 'resume'] as const)('while others run fails its next run and not theirs: %s', async (step) => {
    const closed: string[] = [];
    const guest = lastingGuest(machine(closed), () => Promise.reject(new Error('it is gone')));
    await guest[step]();
    await guest.resume();
    const { file, files } = await guest.run(input);
    expect(file).toMatchObject({ status: 'failed', failures: [{ code: 'guest-lost' }] });
    expect(file.failures[0]?.sentence).toContain('QEMU ended by SIGKILL; the guest had sent no part of this run');
    expect([files['console.log'], guest.console()]).toEqual(['its console', 'its console']);
    await guest.close();
    expect(closed).toEqual(['closed']);
  });

  test('in a run is ended at once: it may hang, and use the CPUs of the others', async () => {
    const closed: string[] = [];
    const guest = lastingGuest(machine(closed), () => Promise.resolve(failing('guest-lost')));
    await guest.run(input);
    expect([closed, guest.console()]).toEqual([['closed'], 'its console']);
    await guest.pause();
  });
});
