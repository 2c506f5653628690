/**
 * What every thread did during one stall, as the sampler saw it. All questions of attribution go through this module.
 * It derives an answer from the looks when the answer is first needed, and keeps it for later questions about the same
 * stall. Pure.
 *
 * The answer for a part of the stall comes from the looks inside that part. It is not cut out of the answer for the
 * whole stall: a look outside the part would then count for up to half a period inside it, and a holder would seem
 * blocked in a call that had not begun.
 */
import { grouped } from '../base/group.js';
import type { Activity } from '../facts/chain-facts.js';
import type { SampleStream, Timeline } from '../record/samples.js';
import { lettersOf, stateSpans } from '../record/states.js';
import type { Span } from './link-draft.js';
import { activitiesOf, growthBetween, ticksAround, type ActivitySpan, type Growth } from './thread-activities.js';

export interface StallTimeline {
  /** Threads of the process that the sampler saw. */
  tidsIn(pid: number): readonly number[];
  /** Threads that the sampler looked at. Without looks nothing is known of a thread but its process. */
  readonly looked: ReadonlySet<number>;
  thread(tid: number): ThreadTimeline;
}

export interface ThreadTimeline {
  /** A partition of the span. */
  activities(span: Span): readonly ActivitySpan[];
  /** Total time in one activity. */
  time_ns(span: Span, activity: Activity): number;
  /** Between the looks around the span; null if there is no look. */
  growth(span: Span): Growth | null;
  /** A look lies before the span and another after it, so that all growth inside the span was seen. */
  hasLooksAround(span: Span): boolean;
  /** Run-length coded, such as `D×54 R×1`. */
  states(span: Span): string;
}

export function stallTimeline({ timelines }: Pick<SampleStream, 'timelines'>): StallTimeline {
  const threads = new Map<number, ThreadTimeline>();
  const { tidsOf, looked } = directoryOf(timelines);
  return {
    tidsIn: (pid) => tidsOf.get(pid) ?? none,
    looked,
    thread(tid) {
      const known = threads.get(tid) ?? threadTimeline(timelines.get(tid));
      threads.set(tid, known);
      return known;
    },
  };
}

interface Directory {
  /** By process. */
  readonly tidsOf: ReadonlyMap<number, readonly number[]>;
  readonly looked: ReadonlySet<number>;
}

const none: readonly number[] = [];

/** An observation has as many stalls as threads: who is there is found out once for all of them. */
const directories = new WeakMap<SampleStream['timelines'], Directory>();

function directoryOf(timelines: SampleStream['timelines']): Directory {
  let directory = directories.get(timelines);
  if (directory === undefined) {
    const all = [...timelines.values()];
    directory = {
      tidsOf: new Map([...grouped(all, ({ pid }) => pid)].map(([pid, list]) => [pid, list.map(({ tid }) => tid)])),
      looked: new Set([...timelines].flatMap(([tid, { ticks_ns }]) => (ticks_ns.length > 0 ? [tid] : []))),
    };
    directories.set(timelines, directory);
  }
  return directory;
}

function threadTimeline(timeline: Timeline | undefined): ThreadTimeline {
  const seen = perSpan(({ start_ns, end_ns }) => stateSpans(timeline, start_ns, end_ns));
  const activities = perSpan((span) => activitiesOf(timeline, seen(span)));
  return {
    activities,
    time_ns: (span, activity) =>
      activities(span)
        .filter((one) => one.activity === activity)
        .reduce((sum, { start_ns, end_ns }) => sum + end_ns - start_ns, 0),
    growth: perSpan((span) =>
      timeline === undefined || timeline.ticks_ns.length === 0
        ? null
        : growthBetween(timeline, ...ticksAround(timeline, span)),
    ),
    hasLooksAround({ start_ns, end_ns }) {
      const [first = Infinity, last = -Infinity] = [timeline?.ticks_ns[0], timeline?.ticks_ns.at(-1)];
      return first <= start_ns && last >= end_ns;
    },
    states: (span) => lettersOf(seen(span)),
  };
}

/** Derives each answer once. */
function perSpan<Answer>(derive: (span: Span) => Answer): (span: Span) => Answer {
  const answers = new Map<string, Answer>();
  return (span) => {
    const key = `${span.start_ns} ${span.end_ns}`;
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = derive(span);
    answers.set(key, answer);
    return answer;
  };
}
