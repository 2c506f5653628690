// What an observation of many stalls costs after its window, by records that are made up.
//
//   node bench/observe-many.mjs [stop] [convoy] [mutex] [alone] [records] [--stalls 1000,5000] [--tree TREE]
//
// CPU time per stall, for each number of stalls. Where it grows with the number, something is searched as often as there are
// stalls. `--tree` is another built tree of pauselab.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const ms = 1e6;
const target = 100;
const hog = { tid: 9, pid: 9, nice: 0, name: 'hog' };
const call = (number) => ({ number, arguments: ['7f0000000000', '80', '2', '0', '0', '0'] });
const [madvise, munmap, futex] = [28, 11, 202];
const threadOf = (i) => ({ tid: 1000 + i, pid: target, nice: 0, name: `worker-${i % 16}` });

const off = (thread, state, [off_ns, woken_ns, on_ns], more = {}) => ({
  ...{ kind: 'off', thread, state, off_ns, woken_ns, on_ns, busy_ns: 0, hasEnded: true, cpuOut: 0, cpuIn: 0 },
  ...{ waker: null, taker: null, before: null, lock: 'none', lockPid: 0, isWrite: false, contention: -1 },
  ...{
    gaveFrom_ns: null,
    gaveTo_ns: null,
    gaveWrite: false,
    call: null,
    wakerCall: null,
    stackPointer: null,
    ownStack: null,
  },
  ...{ wakerStack: null, stack: [] },
  ...more,
});

const hold = (thread, [slept_ns, acquired_ns, released_ns], isWrite) => ({
  ...{ kind: 'hold', thread, lockPid: target, isWrite, hasIt: true, isSure: true, isKernelThread: false, slept_ns },
  ...{ acquired_ns, released_ns, hasEnded: true, call: call(isWrite ? munmap : madvise), file: null },
  ...{ userStack: null, stack: [] },
});

const each = (n, of) => Array.from({ length: n }, (_, i) => of(i));

/** Each makes n stalls. */
const cases = {
  /** SIGSTOP: the threads are woken from their sleep, wait for a CPU, and stop. */
  stop: (n) => ({
    offs: each(n, threadOf).flatMap((thread, i) => [
      off(thread, 'asleep', [0, 500 * ms, 500 * ms + 40_000 * (i + 1)]),
      off(thread, 'stopped', [505 * ms + 40_000 * (i + 1), 2000 * ms, 2001 * ms + 30_000 * i], { waker: hog }),
    ]),
  }),
  /** All wait for mmap_lock while one thread has it, and then have it themselves, one after the other. */
  convoy: (n) => ({
    offs: each(n, threadOf).map((thread, i) => {
      const on_ns = 1000 * ms + 100_000 * i;
      const [waker, from_ns] = i === 0 ? [hog, 90 * ms] : [threadOf(i - 1), on_ns - 95_000];
      const gave = { gaveFrom_ns: from_ns, gaveTo_ns: on_ns - 5000, gaveWrite: true };
      const more = { waker, ...gave, lock: 'waits', lockPid: target, isWrite: true, call: call(munmap) };
      return off(thread, 'blocked', [100 * ms + 10_000 * i, on_ns - 5000, on_ns], more);
    }),
    holds: [
      hold(hog, [null, 90 * ms, 1000 * ms - 5000], false),
      ...each(n, threadOf).map((thread, i) => {
        const on_ns = 1000 * ms + 100_000 * i;
        return hold(thread, [100 * ms + 10_000 * i, on_ns, on_ns + 95_000], true);
      }),
    ],
  }),
  /** The same with a mutex. */
  mutex: (n) => ({
    offs: each(n, threadOf).map((thread, i) => {
      const on_ns = 1000 * ms + 100_000 * i;
      const calls = { call: { number: futex, arguments: ['5000', '80', '2', '0', '0', '0'] } };
      const wakerCall = { number: futex, arguments: ['5000', '81', '1', '0', '0', '0'] };
      return off(thread, 'asleep', [100 * ms + 10_000 * i, on_ns - 5000, on_ns], {
        ...calls,
        ...{ wakerCall, waker: i === 0 ? hog : threadOf(i - 1) },
      });
    }),
  }),
  /** One thread at a time has no CPU. */
  alone: (n) => ({
    offs: each(n, (i) => {
      const from_ns = 40 * ms * i;
      return off(threadOf(i), 'runnable', [from_ns, null, from_ns + 30 * ms], { taker: hog, before: hog });
    }),
    rans: each(n, (i) => ({ kind: 'ran', thread: hog, cpu: 0, start_ns: 40 * ms * i, end_ns: 40 * ms * i + 30 * ms })),
  }),
  /** 16 threads have no CPU now and then, with a hundred times as many shorter waits between. */
  records: (n) => ({
    offs: each(100 * n, (i) => {
      const from_ns = 40 * ms * Math.floor(i / 16);
      const length_ns = i % 100 === 0 ? 30 * ms : 5 * ms;
      return off(threadOf(i % 16), 'runnable', [from_ns, null, from_ns + length_ns], { taker: hog, before: hog });
    }),
  }),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stalls: { type: 'string', default: '1000,5000' },
    tree: { type: 'string', default: new URL('..', import.meta.url).pathname },
  },
});
const load = (path) => import(pathToFileURL(resolve(values.tree, 'dist', path)).href);
const { seenInKernel } = await load('observe/observed-evidence.js');
const { attributed } = await load('observe/observation.js');
const { holdersOf } = await load('observe/held.js');

/** CPU time, because other programs may have the CPU meanwhile. */
function cpu_ms() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function timeOf({ offs, holds = [], rans = [] }) {
  const end_ns = offs.reduce((most, { on_ns }) => Math.max(most, on_ns), 0) + ms;
  const end = {
    kind: 'end',
    end_ns,
    ringFull_n: 0,
    threadsMissed_n: 0,
    lockUsersMissed_n: 0,
    userStacksLost_n: 0,
    recursion_n: 0,
    cpu_us: 0,
    memoryKib: 0,
  };
  const observed = { offs, holds, rans, exits: new Map(), end };
  const options = { pids: [target], threshold_ns: 20 * ms, cpuCount: 2, detail_ns: ms, symbols: new Map() };
  const from_ms = cpu_ms();
  const seen = seenInKernel(observed, options);
  const attributed_from_ms = cpu_ms();
  const { stalls, roots } = attributed(seen);
  const holders_from_ms = cpu_ms();
  holdersOf(observed, roots, { kernel: '6.17.0', policyOf: () => null });
  const to_ms = cpu_ms();
  return {
    stalls_n: stalls.length,
    steps_ms: [attributed_from_ms - from_ms, holders_from_ms - attributed_from_ms, to_ms - holders_from_ms],
  };
}

for (const name of positionals.length > 0 ? positionals : Object.keys(cases)) {
  for (const n of values.stalls.split(',').map(Number)) {
    const records = cases[name](n);
    const { stalls_n, steps_ms } = timeOf(records);
    const all_ms = steps_ms.reduce((sum, one) => sum + one, 0);
    const [evidence, attribution, roots] = steps_ms.map((one) => `${Math.round(one)} ms`);
    console.log(
      `  ${name}: ${stalls_n} stalls: ${(all_ms / stalls_n).toFixed(2)} ms a stall ` +
        `(evidence ${evidence}, attribution ${attribution}, roots ${roots})`,
    );
  }
}
