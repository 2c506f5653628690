/** What is learned about the JVMs among the targets, before, during and after the window. */
import { cleanUp } from '../../base/clean-up.js';
import type { LoggedEvent } from '../../attribution/evidence.js';
import type { ObservedJvm } from '../../bundle/observed-jvm-schema.js';
import { flagsVersion } from '../../catalogue/memory-flags.js';
import type { JvmGap, JvmLeftover } from '../../facts/observed-jvm-facts.js';
import { readIfThere } from '../../host/files.js';
import { statedLeftover } from '../../words/observed-jvm-words.js';
import { attachTo, type AttachedJvm } from './jvm-attach.js';
import { eventsOfLog, eventTotals, monotonicOffset_ns, withUnlogged, type LogWindow } from './jvm-log-events.js';
import { accessProblem, jvmAt, readCounters, type RunningJvm } from './jvm-process.js';
import { withFullNames, type FullNames } from './jvm-threads.js';
import type { JvmCounters } from './jvm-perf-data.js';
import type { Target } from '../target.js';
import type { WatchResult } from '../tier.js';

export interface JvmKnowledge {
  /** By pid; processes that are no JVM are absent. */
  readonly jvms: ReadonlyMap<number, ObservedJvm>;
  /** By pid, of JVMs whose log was read. */
  readonly events: ReadonlyMap<number, readonly LoggedEvent[]>;
  readonly names: FullNames;
  readonly gaps: readonly JvmGap[];
}

export interface JvmLearning {
  /** After the window. Switches logs off that were switched on. */
  finish(window: Omit<LogWindow, 'clockOffset_ns'>): Promise<JvmKnowledge>;
  /** Where the window failed. */
  release(): Promise<void>;
}

export interface LearningOptions {
  readonly attaches: boolean;
  readonly note: (text: string) => void;
}

interface Looked {
  readonly target: Target;
  readonly jvm: RunningJvm | null;
}

function unknownKind({ target: { pid, name }, jvm }: Looked): JvmGap[] {
  const errno = jvm === null ? accessProblem(pid) : null;
  return errno === null ? [] : [{ code: 'jvm-unknown', pid, name, errno }];
}

interface Before {
  readonly target: Target;
  readonly jvm: RunningJvm;
  readonly counters: JvmCounters | null;
}

export async function learnFromJvms(
  targets: readonly Target[],
  { attaches, note }: LearningOptions,
): Promise<JvmLearning> {
  const found = targets.map((target) => ({ target, jvm: jvmAt(target.pid) }));
  const offsets = new Map(
    targets.map(({ pid }) => [pid, monotonicOffset_ns(readIfThere(`/proc/${pid}/timens_offsets`))]),
  );
  const attached: AttachedJvm[] = [];
  const release = (): Promise<void> => cleanUp(...attached.splice(0).map((one) => () => one.release()));
  try {
    if (attaches) for (const { target, jvm } of found) attached.push(await attachTo(target, jvm, note));
  } catch (error) {
    await release();
    throw error;
  }
  const before = found.flatMap(({ target, jvm }): Before[] =>
    jvm === null ? [] : [{ target, jvm, counters: readCounters(jvm) }],
  );
  return {
    release,
    finish: async (window) => {
      const after = new Map(before.map(({ jvm }) => [jvm.pid, readCounters(jvm)]));
      const parts = await Promise.all(
        attached.splice(0).map(async (one) => {
          const { log, gaps, left } = await one.finish();
          const clockOffset_ns = offsets.get(one.target.pid) ?? 0n;
          return { one, gaps, left, events: log === null ? null : eventsOfLog(log, { ...window, clockOffset_ns }) };
        }),
      );
      return {
        jvms: new Map(
          before.map((of) => [
            of.jvm.pid,
            observedJvm(
              of,
              after.get(of.jvm.pid) ?? null,
              attachedPart(parts.find(({ one }) => one.target === of.target)),
            ),
          ]),
        ),
        events: new Map(
          parts.flatMap(({ one, events }) => (events === null ? [] : [[one.target.pid, events] as const])),
        ),
        names: new Map(parts.flatMap(({ one }) => [...one.names])),
        gaps: [...found.flatMap(unknownKind), ...parts.flatMap(({ gaps }) => gaps)],
      };
    },
  };
}

/** The events of a JVM's log take the place of safepoints that were seen from outside. */
export function withKnowledge(seen: WatchResult, { names, events, gaps }: JvmKnowledge): WatchResult {
  const hasGap = (of: number): boolean =>
    gaps.some(({ code, pid }) => pid === of && (code === 'jvm-log-incomplete' || code === 'jvm-log-long'));
  return {
    ...withFullNames(seen, names),
    eventsOf: new Map([
      ...seen.eventsOf,
      ...[...events].map(([pid, logged]) => {
        const outside = seen.eventsOf.get(pid) ?? [];
        return [pid, withUnlogged(logged, outside, { hasGap: hasGap(pid) })] as const;
      }),
    ]),
    gaps: [...gaps, ...seen.gaps],
  };
}

interface FinishedPart {
  readonly one: AttachedJvm;
  readonly left: readonly JvmLeftover[];
  readonly events: readonly LoggedEvent[] | null;
}

function attachedPart(part: FinishedPart | undefined): ObservedJvm['attached'] {
  return part === undefined
    ? null
    : {
        flags: [...part.one.flags],
        threads_n: part.one.names.size,
        events: part.events === null ? null : eventTotals(part.events),
        left: part.left.map(statedLeftover),
      };
}

function observedJvm(
  { jvm: { version, collector, command, flags, logFiles }, counters }: Before,
  after: JvmCounters | null,
  attached: ObservedJvm['attached'],
): ObservedJvm {
  const mutable = (of: JvmCounters | null): ObservedJvm['counters']['before'] =>
    of === null ? null : { ...of, collections: of.collections.map((one) => ({ ...one })) };
  return {
    version,
    collector,
    main: command.main,
    flags: [...flags],
    flagsVersion,
    logFiles: [...logFiles],
    counters: { before: mutable(counters), after: mutable(after) },
    attached,
  };
}
