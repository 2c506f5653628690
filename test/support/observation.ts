/** Observations made by hand: stalls at given times, in a bundle as `pauselab observe` writes it. */
import type { ObservationFile } from '../../src/bundle/observation-schema.js';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import { createBundle } from '../../src/bundle/store.js';
import { schemaVersion } from '../../src/bundle/version.js';
import { rootOfStall } from '../../src/bundle/stall-root.js';
import { grouped } from '../../src/base/group.js';
import { answerOf } from '../../src/observe/observation.js';
import type { Grade } from '../../src/facts/blame.js';
import type { StallReasonFact } from '../../src/facts/observation-facts.js';
import { statedAnswer, statedGap } from '../../src/words/observation-words.js';
import { exampleLink, exampleStall } from './stalls.js';

const ms = 1e6;

export interface FakeStall {
  readonly at_ms: number;
  readonly length_ms: number;
  readonly thread?: string;
  /**
   * By a call that gives memory back; otherwise it waited for a CPU. Null: the call of the holder was not seen. `pause`: of
   * the JVM, for which no thread is to blame.
   */
  readonly givesBack?: boolean | 'pause' | null;
  readonly grade?: Grade;
  readonly stillRunning?: boolean;
}

export function fakeStall({
  at_ms,
  length_ms,
  thread = 'worker-0 (101)',
  givesBack = true,
  grade = 'likely',
  stillRunning = false,
}: FakeStall): ListedStall {
  const [start_ns, duration_ns] = [at_ms * ms, length_ms * ms];
  const blame =
    givesBack === 'pause'
      ? ({ cause: 'gc-pause', lock: null, call: null } as const)
      : givesBack === null
        ? ({ cause: 'mmap-lock-holder', lock: 'mmap_lock', call: null } as const)
        : givesBack
          ? ({ cause: 'mmap-lock-reader', lock: 'mmap_lock read', call: 'madvise.FREE' } as const)
          : ({ cause: 'not-scheduled', lock: null, call: null } as const);
  const isBlamed = givesBack === true || givesBack === null;
  const link = {
    ...exampleLink,
    ...blame,
    grade,
    start_ns,
    end_ns: start_ns + duration_ns,
    duration_ns,
    thread: isBlamed ? exampleLink.thread : null,
    sentence: isBlamed ? `${thread} waited for \`holder\`` : `${thread} had no CPU`,
  };
  return {
    ...exampleStall,
    series: thread,
    start_ns,
    duration_ns,
    intended_ns: start_ns,
    stillRunning,
    overlappingHolderCalls: [],
    overlappingHolderCalls_n: 0,
    chain: [link],
    cause: { ...exampleStall.cause, ...link },
    evidence: null,
  };
}

export interface FakeObservation extends Partial<ObservationFile> {
  readonly stalls?: readonly FakeStall[];
}

function reasonsOf(stalls: readonly ListedStall[]): StallReasonFact[] {
  return [...grouped(stalls, ({ cause }) => cause?.cause).values()].flatMap((alike) => {
    const root = alike[0] === undefined ? null : rootOfStall(alike[0]);
    if (root === null) return [];
    const { cause, call, givesBack } = root;
    return {
      ...{ cause: cause.cause, grade: cause.grade, thread: cause.thread, call, givesBack: givesBack === 'yes' },
      stalls_n: alike.length,
      possible_n: alike.filter((one) => one.cause?.grade === 'possible').length,
      total_ns: alike.reduce((sum, { duration_ns }) => sum + duration_ns, 0),
      longest_ns: Math.max(...alike.map(({ duration_ns }) => duration_ns)),
      threads_n: new Set(alike.map(({ series }) => series)).size,
    };
  });
}

export function observationFile(stalls: readonly ListedStall[], more: Partial<ObservationFile> = {}): ObservationFile {
  const [threshold_ns, watched_ns] = [more.threshold_ns ?? 20 * ms, more.watched_ns ?? 60e9];
  const reasons = reasonsOf(stalls);
  return {
    schemaVersion,
    kind: 'observation',
    tool: { name: 'pauselab', version: '1.2.3' },
    startedAt: '2026-01-31T12:00:00.000Z',
    monotonicStart_ns: 5e12,
    argv: ['observe', '--pid', '100'],
    kernel: '6.18.1',
    cpus: 2,
    tier: 'ebpf',
    refusedTiers: [],
    targets: [{ pid: 100, name: 'java', threads_n: 23, rssBytes: null, jvm: null }],
    threshold_ns,
    detail_ns: 1 * ms,
    watched_ns,
    cost: { cpu_ns: 120 * ms, memoryBytes: 12 * 2 ** 20 },
    answer: statedAnswer(answerOf(reasons, { threshold_ns, watched_ns, threads_n: 23 })),
    reasons,
    holders: [],
    missing: [statedGap({ code: 'sleeps-not-judged' })],
    ...more,
  };
}

/** Returns the path. */
export function writeObservation(path: string, { stalls = [], ...more }: FakeObservation = {}): string {
  const listed = stalls.map(fakeStall);
  createBundle(path).writeObservation(observationFile(listed, more), {
    schemaVersion,
    trace: null,
    stalls: listed,
    slow: [],
  });
  return path;
}
