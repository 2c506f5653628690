/** What an observation says, in sentences without a full stop. */
import { formatDuration } from '../base/text/units.js';
import type { Cause } from '../facts/blame.js';
import type { AnswerFact, ObservationGap } from '../facts/observation-facts.js';
import type { Stated } from '../facts/stated.js';
import { counted } from './text.js';
import { sentenceOf, type WordsOf } from './words-of.js';

const ofAnswers: WordsOf<AnswerFact> = {
  'no-stall': ({ threshold_ns, watched_ns, threads_n }) =>
    `in ${formatDuration(watched_ns)} none of the threads (${threads_n} at the start) was stalled for ${formatDuration(threshold_ns)} or more`,
  'gives-back': ({
    stalls_n,
    total_ns,
    givingBack_n,
    givingBack_ns,
    others,
    ofHolders_n,
    ofHolders_ns,
    unknown_n,
    unknown_ns,
  }) =>
    [
      givingBack_n === 0
        ? `giving memory back is not the reason for any of ${counted(stalls_n, 'stall')} (${formatDuration(total_ns)} in all)`
        : `giving memory back is the reason for ${givingBack_n} of ${counted(stalls_n, 'stall')} and ${formatDuration(givingBack_ns)} of ${formatDuration(total_ns)} stalled time`,
      ...others.map(
        (other) =>
          `${counted(other.stalls_n, 'stall')} (${formatDuration(other.total_ns)}) ${otherReasons[other.cause]}`,
      ),
      ...(ofHolders_n === 0
        ? []
        : [
            `besides, in ${counted(ofHolders_n, 'stall')} (${formatDuration(ofHolders_ns)}) a thread that others waited for had no CPU itself`,
          ]),
      ...(unknown_n === 0
        ? []
        : [`the reason for ${counted(unknown_n, 'stall')} (${formatDuration(unknown_ns)}) is not known`]),
    ].join('; '),
};

/** What it was instead, after the number of stalls. Of the locks: held by a call that gives nothing back. */
const otherReasons: Readonly<Record<Cause, string>> = {
  'mmap-lock-reader': 'waited for mmap_lock, which another call held for reading',
  'mmap-lock-writer': 'waited for mmap_lock, which another call held for writing',
  'vma-lock': 'waited for a VMA’s lock, which another call held',
  'allocator-mutex': 'waited for a mutex of the allocator',
  safepoint: 'waited for a safepoint of the JVM',
  'gc-pause': 'waited for a pause of the collector',
  'block-io': 'waited for a disk',
  'swap-in': 'waited for memory that came back from swap',
  'memory-reclaim': 'waited while the kernel freed memory',
  'cpu-limit': 'waited because a cgroup had used up its CPU time (cpu.max, or cpu.cfs_quota_us in cgroup v1)',
  freezer: 'came from a cgroup that was frozen',
  'not-scheduled': 'waited for a CPU',
  stopped: 'came from a signal or a debugger, which stopped the thread',
  steal: 'came from the hypervisor, which took the CPU',
  running: 'came from the work of the thread itself',
  unknown: 'came from nothing that is known',
};

const ofGaps: WordsOf<ObservationGap> = {
  'records-dropped': ({ records_n }) =>
    `${counted(records_n, 'record')} did not fit into the buffer of the kernel: stalls and their reasons may be missing`,
  'threads-not-followed': ({ threads_n }) =>
    `${counted(threads_n, 'thread')} could not be followed, because another thread had the same slot: their stalls are missing`,
  'nested-locks': ({ locks_n }) =>
    `${counted(locks_n, 'lock')} of a target was taken by a thread that had one already; pauselab followed the first`,
  'events-missed': ({ events_n }) => `${counted(events_n, 'event')} of the kernel came while another was handled`,
  'target-ended': ({ pid, name }) =>
    `${name} (${pid}) ended before the observation did, so nothing after that is known`,
  'sleeps-not-judged': () =>
    'a thread that sleeps is not counted as stalled, because threads sleep between their jobs: waits for monitors, futexes and the network are not in these figures',
  'symbols-hidden': () => 'the names of kernel functions are hidden (kernel.kptr_restrict), so stacks are not shown',
};

export function statedAnswer(fact: AnswerFact): Stated<AnswerFact> {
  return { ...fact, sentence: sentenceOf(ofAnswers, fact) };
}

export function statedGap(fact: ObservationGap): Stated<ObservationGap> {
  return { ...fact, sentence: sentenceOf(ofGaps, fact) };
}
