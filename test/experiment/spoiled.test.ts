import { describe, expect, test } from 'vitest';
import { spoiledBy, spoiledByHost, spoiledByStop } from '../../src/experiment/run/spoiled.js';
import type { RunLoad } from '../../src/experiment/run/run-meters.js';
import type { Disturbance } from '../../src/facts/run-facts.js';
import type { SampleStream } from '../../src/record/samples.js';
import { stated } from '../../src/words/run-words.js';

const limits = { steal_share: 0.05, foreignLoad_share: 0.25, retries: 2 };
const calm: RunLoad = {
  steal_share: 0.05,
  foreignLoad_share: 0.25,
  ownLoad_share: 0,
  clockSource: 'tsc',
  clockSourceChanged: false,
};

const sentences = (all: readonly Disturbance[]): string[] => all.map((one) => stated(one).sentence);

test('at its limits a run is still evidence', () => {
  expect(spoiledBy(calm, limits)).toEqual([]);
});

test.each<[Partial<RunLoad>, string]>([
  [
    { foreignLoad_share: null },
    'the CPU time of other programs was not read over three quarters of the window, because pauselab got no CPU in time or a process of the run had ended',
  ],
  [{ steal_share: 0.0501 }, 'the hypervisor took 5.01 % of the CPU time (limit 5 %)'],
  [{ foreignLoad_share: 0.4 }, 'other programs used 40 % of the CPU time (limit 25 %)'],
  [{ clockSource: 'hpet', clockSourceChanged: true }, 'the kernel changed its clock source to hpet'],
  [{ clockSource: null, clockSourceChanged: true }, 'the kernel changed its clock source to an unreadable one'],
])('%j spoils it', (load, reason) => {
  expect(sentences(spoiledBy({ ...calm, ...load }, limits))).toEqual([reason]);
});

test('a limit of 100 % accepts any other load, also one that was not read', () => {
  const any = { ...limits, foreignLoad_share: 1 };
  expect(spoiledBy({ ...calm, foreignLoad_share: 1 }, any)).toEqual([]);
  expect(spoiledBy({ ...calm, foreignLoad_share: null }, any)).toEqual([]);
  expect(spoiledBy({ ...calm, foreignLoad_share: null }, { ...any, foreignLoad_share: 0.99 })).toEqual([
    { code: 'load-unread' },
  ]);
});

test('every reason is named', () => {
  expect(
    spoiledBy(
      { steal_share: 1, foreignLoad_share: 1, ownLoad_share: 0, clockSource: 'hpet', clockSourceChanged: true },
      limits,
    ),
  ).toHaveLength(3);
});

test('what the host did to a guest spoils its run: CPUs kept waiting, a clock that went wrong', () => {
  expect(spoiledByHost({ runDelay_share: 0.05, clock_ratio: 1.04 }, 10e9, limits)).toEqual([]);
  expect(sentences(spoiledByHost({ runDelay_share: 0.06, clock_ratio: 1 }, 10e9, limits))).toEqual([
    "the host kept the guest's CPUs waiting for 6 % of the time (limit 5 %)",
  ]);
  expect(sentences(spoiledByHost({ runDelay_share: 0, clock_ratio: 0.9 }, 10e9, limits))).toEqual([
    "the guest's clock went 0.90 times as fast as the host's",
  ]);
});

test('in a short run a clock is not called wrong for what may be a message read late', () => {
  expect(spoiledByHost({ runDelay_share: 0, clock_ratio: 1.06 }, 1e9, limits)).toEqual([]);
  expect(spoiledByHost({ runDelay_share: 0, clock_ratio: 31 }, 1e9, limits)).toHaveLength(1);
});

describe('a workload that did not work all through its window', () => {
  const ms = 1e6;
  const window = { windowStart_ns: 200 * ms, windowEnd_ns: 3200 * ms, drainEnd_ns: 3500 * ms };

  /** A look every 10 ms, but for gaps; a thread that sleeps, but for when it was stopped. Times in milliseconds. */
  function samples({
    gap = [0, 0],
    stopped = [0, 0],
    letter = 'T',
  }: {
    gap?: [number, number];
    stopped?: [number, number];
    letter?: string;
  }): SampleStream {
    const inside = (time_ns: number, [from, to]: [number, number]): boolean =>
      time_ns >= from * ms && time_ns < to * ms;
    const ticks_ns = Array.from({ length: 360 }, (_, i) => i * 10 * ms).filter((time_ns) => !inside(time_ns, gap));
    const changes = ticks_ns.map((time_ns, tick) => ({
      tick,
      time_ns,
      state: inside(time_ns, stopped) ? letter : 'S',
      onCpu_ns: 0,
      runDelay_ns: 0,
    }));
    return {
      timelines: new Map([[7, { pid: 7, tid: 7, comm: 'writer', changes, period_ns: 10 * ms, ticks_ns }]]),
      ticks_ns,
      period_ns: 10 * ms,
    };
  }

  const kinds = (stream: SampleStream): string[] => spoiledByStop(stream, window).map(({ code }) => code);

  test('was stopped by a signal or a debugger', () => {
    expect(spoiledByStop(samples({ stopped: [1000, 1700] }), window)).toEqual([
      { code: 'stopped', duration_ns: 700 * ms },
    ]);
    expect(kinds(samples({ stopped: [1000, 1050], letter: 't' }))).toEqual(['stopped']);
    // Before and after it is no matter.
    expect(kinds(samples({ stopped: [0, 150] }))).toEqual([]);
    expect(kinds(samples({ stopped: [3300, 3500] }))).toEqual([]);
  });

  test('may not have worked while nobody looked', () => {
    expect(spoiledByStop(samples({ gap: [1000, 2000] }), window)).toEqual([
      { code: 'not-looked', duration_ns: 1010 * ms },
    ]);
    expect(kinds(samples({ gap: [2600, 3600] }))).toEqual(['not-looked']);
    expect(kinds(samples({ gap: [0, 900] }))).toEqual(['not-looked']);
    // Why not is told already.
    expect(
      spoiledByStop(samples({ gap: [1000, 2000] }), window, [
        { code: 'states-unknown', sampler: { end: 'did-not-end' }, from_ns: null },
      ]),
    ).toEqual([]);
    // As long as a busy machine keeps a sampler off its CPU.
    expect(kinds(samples({ gap: [1000, 1300] }))).toEqual([]);
  });

  test('is whole else; a sampler that never looked is told of by another reason', () => {
    expect(kinds(samples({}))).toEqual([]);
    expect(kinds({ timelines: new Map(), ticks_ns: [], period_ns: 10 * ms })).toEqual([]);
  });
});
