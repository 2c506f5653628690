/** An observation with a way of observing that is made up: how it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { observe, type ObserveAsked } from '../../src/jobs/observe.js';
import type { Tier } from '../../src/jobs/observe-tier.js';
import type { Watch, WatchResult } from '../../src/observe/tier.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const never = new Promise<never>(() => undefined);
const broken = Promise.reject(new Error('broken'));
broken.catch(() => undefined);
let target: ChildProcess;
beforeAll(() => {
  target = spawn('sleep', ['600'], { stdio: 'ignore' });
});
afterAll(() => {
  target.kill('SIGKILL');
});

const nothing: WatchResult = {
  stalls: [],
  evidence: {
    ...{ victims: [], holders: [], named: [], threads: new Map(), events: [], steal: [], cpuCount: 1, missing: [] },
    samples: { timelines: new Map(), ticks_ns: [], period_ns: 1e7 },
    trace: null,
  },
  eventsOf: new Map(),
  gaps: [],
  detail_ns: 1e6,
  watched_ns: 1e8,
  cost: { cpu_ns: 0, memoryBytes: 0 },
  records: null,
};

/** Returns what `observe` gives, and how often it ended the watch. */
function observing(more: Partial<Watch>, asked: Partial<ObserveAsked> = {}) {
  const ends = { n: 0 };
  const watch: Watch = {
    start_ns: 0,
    ended: never,
    stalls_n: () => 0,
    newStalls: () => null,
    isFull: () => false,
    ...more,
    finish: () => {
      ends.n += 1;
      return more.finish?.() ?? Promise.resolve(nothing);
    },
  };
  const tier: Tier = { name: 'sampling', whyNot: () => Promise.resolve(null), watch: () => Promise.resolve(watch) };
  const out = join(scratch.fresh('observe'), 'out');
  const all = {
    ...{ pids: [target.pid ?? 0], names: [], mainClasses: [], cgroups: [], tier: null, jvm: false, out },
    ...{ threshold_ns: 2e7, for_ns: Infinity, untilStalls_n: null, follow: null, ...asked },
  };
  const result = observe(all, { argv: ['node', 'pauselab', 'observe'], install: false, note: () => undefined }, [tier]);
  return { ends, out, result };
}

const follow = { onStalls: () => undefined, hasLeft: never };

test.each([
  ['in a look', { isFull: () => expect.fail('a look') }, {}],
  // No integer, so it cannot be converted.
  ['before the first look', { start_ns: NaN }, {}],
  ['in the live view', { newStalls: () => expect.fail('a look') }, { follow }],
  ['in the count of stalls', { stalls_n: () => expect.fail('a look') }, { untilStalls_n: 1 }],
] as const)('a failure %s ends the watch, and is what is said', async (_, more, asked) => {
  const { ends, out, result } = observing({ ...more, finish: () => Promise.reject(new Error('the end')) }, asked);
  await expect(result).rejects.toThrow(/a look|NaN/);
  expect(ends.n).toBe(1);
  expect(existsSync(out)).toBe(false);
});

test.each([
  ['after its time', {}, { for_ns: 3e7 }],
  ['where the watch ends', { ended: Promise.resolve() }, {}],
  ['where the watch breaks', { ended: broken }, {}],
  ['where nobody looks on', {}, { follow: { ...follow, hasLeft: Promise.resolve() } }],
  ['with enough stalls', { stalls_n: () => 3 }, { untilStalls_n: 3 }],
] as const)('an observation ends %s, once', async (_, more, asked) => {
  const { ends, out, result } = observing(more, asked);
  expect((await result).bundle).toBe(out);
  expect(ends.n).toBe(1);
});

test('an observation whose watch is full says so', async () => {
  const { observation } = await observing({ isFull: () => true }).result;
  expect(observation.missing.map(({ code }) => code)).toContain('records-limit');
});

test('the cost is that of pauselab and of its helper, by every way of observing', async () => {
  const ofHelper = { cpu_ns: 3600e9, memoryBytes: 2 ** 40 };
  const used_ns = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1000;
  };
  // Work in the watch, as reading records is.
  const worked_ns = 50e6;
  const work = (): void => {
    const until_ns = used_ns() + worked_ns;
    while (used_ns() < until_ns);
  };
  const before_ns = used_ns();
  const { observation } = await observing({
    ended: Promise.resolve(),
    finish: () => {
      work();
      return Promise.resolve({ ...nothing, cost: ofHelper });
    },
  }).result;
  expect(observation.cost.cpu_ns - ofHelper.cpu_ns).toBeGreaterThanOrEqual(worked_ns);
  expect(observation.cost.cpu_ns - ofHelper.cpu_ns).toBeLessThanOrEqual(used_ns() - before_ns);
  expect(observation.cost.memoryBytes - ofHelper.memoryBytes).toBeGreaterThan(2 ** 20);
});
