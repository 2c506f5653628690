/** A stall as stalls.json lists it: a writer that waited 500 ms for a preempted holder. */
import type { BlamedThread, ChainLink, ListedStall, StallsFile } from '../../src/bundle/stalls-schema.js';

const ms = 1e6;

export const writerThread: BlamedThread = { name: 'writer.mprotect', tid: 11, role: 'victim', nice: 0 };
export const holderThread: BlamedThread = { name: 'holder', tid: 12, role: 'holder', nice: 19 };

export const exampleLink: ChainLink = {
  start_ns: 1000 * ms,
  end_ns: 1500 * ms,
  duration_ns: 500 * ms,
  cause: 'mmap-lock-reader',
  grade: 'likely',
  lock: 'mmap_lock read',
  isNext: false,
  holderWaited: false,
  thread: holderThread,
  call: 'madvise_free across VMAs',
  via: [],
  holder: { running_ns: 0, preempted_ns: 480 * ms, blocked_ns: 0, isExact: false },
  cpuTakenBy: [],
  steps: [],
  why: null,
  sentence:
    'writer.mprotect waited 500 ms for mmap_lock, held for reading by `holder` (madvise_free across VMAs, nice 19), which was ready to run but had no CPU for at most 480 ms',
};

export const exampleStall: ListedStall = {
  series: 'writer.mprotect',
  start_ns: 1000 * ms,
  duration_ns: 500 * ms,
  intended_ns: 1000 * ms,
  stillRunning: false,
  threadEnded: false,
  recorded: true,
  states: 'D×50',
  stateShares: { D: 1 },
  dominant: 'D',
  ownRunDelayAtMost_ns: 0,
  overlappingHolderCalls: [
    {
      holder: 'holder.madvise_free',
      start_ns: 990 * ms,
      end_ns: 1500 * ms,
      call: 'release',
      crossed: true,
      bytes: 4096,
      runDelayAtMost_ns: 480 * ms,
    },
  ],
  overlappingHolderCalls_n: 1,
  thread: writerThread,
  chain: [exampleLink],
  cause: {
    cause: 'mmap-lock-reader',
    grade: 'likely',
    lock: 'mmap_lock read',
    thread: holderThread,
    duration_ns: 500 * ms,
    steps: [],
    sentence: exampleLink.sentence,
  },
  causeWithoutTrace: null,
  evidence: {
    sources: ['states', 'calls', 'run delay'],
    threads: [
      {
        thread: writerThread,
        states: 'D×50',
        onCpu_ns: 0,
        runDelay_ns: 0,
        spans: [{ start_ns: 1000 * ms, end_ns: 1500 * ms, activity: 'blocked' }],
      },
      {
        thread: holderThread,
        states: 'R×50',
        onCpu_ns: 20 * ms,
        runDelay_ns: 480 * ms,
        spans: [{ start_ns: 1000 * ms, end_ns: 1500 * ms, activity: 'runnable' }],
      },
    ],
    events: [],
    systemCall: 'mprotect',
    steal_share: 0,
    stacks: [],
    userStacks: [],
    missing: [],
  },
};

export const noStalls: StallsFile = { schemaVersion: 2, trace: null, stalls: [], slow: [] };
