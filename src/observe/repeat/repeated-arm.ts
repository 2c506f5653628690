/** What arms of all kinds take from an observation. Pure. */
import type { RootFigures, ObservationFile } from '../../bundle/observation-schema.js';
import { weightOf } from '../../host/weights.js';
import type { NotRepeatedFact, OriginFact } from '../../facts/repetition-facts.js';
import type { WrittenArm, WrittenHogs } from '../../profile/written/profile-schema.js';

/** Of a setting of an arm, by the keys that lead to it. */
export interface SettingOrigin {
  readonly path: readonly string[];
  readonly fact: OriginFact;
}

export interface RepeatedArm {
  /** Without name and title. */
  readonly settings: Omit<WrittenArm, 'name' | 'title'>;
  readonly origins: readonly SettingOrigin[];
  /** Pattern of the names of the thread at the end of the chain, or of those that have its CPU. */
  readonly by: string;
}

/** What an arm is made of. */
export interface RootToRepeat {
  readonly figures: RootFigures;
  readonly observation: ObservationFile;
}

export type RepeatedOr = RepeatedArm | NotRepeatedFact['code'];

/** As a profile writes it, from 1 ms on. */
export function milliseconds(ns: number): string {
  return `${Math.max(1, Math.round(ns / 1e6))}ms`;
}

/**
 * Hogs are alike, and these are the competitors that had a tenth of the time. A real-time thread wins over all others, so
 * where one was seen the hogs are like that, in bursts.
 */
export function hogsOf(root: RootToRepeat): {
  readonly hogs: WrittenHogs;
  readonly nice: number | null;
  readonly origins: SettingOrigin[];
} {
  const { figures, observation } = root;
  const { competitors } = figures;
  const all_ns = competitors.reduce((sum, { total_ns }) => sum + total_ns, 0);
  const main = competitors.filter(({ total_ns }) => total_ns >= all_ns / 10);
  const [first] = [...main.filter((one) => isRealTime(one.policy)), ...main];
  if (first === undefined)
    return { hogs: { count: 0 }, nice: figures.nice, origins: [{ path: ['hogs'], fact: { code: 'no-competitor' } }] };
  const alike = isRealTime(first.policy) ? [first] : main;
  const threads_n = alike.reduce((sum, one) => sum + one.threads_n, 0);
  const { hogs_n, nice: own } = fitted(root, first, Math.min(threads_n, 64));
  return {
    hogs: {
      count: hogs_n,
      ...nice(first.nice),
      ...policy(first.policy),
      cpus: 'first',
      ...(isRealTime(first.policy) ? burst(first, observation.watched_ns) : {}),
    },
    nice: own,
    origins: [
      {
        path: ['hogs'],
        fact: {
          code: 'competitors-seen',
          isFitted: hogs_n < threads_n,
          otherNice: (own ?? 0) === (figures.nice ?? 0) ? null : { seen: figures.nice, written: own ?? 0 },
          names: alike.map(({ name }) => name),
          total_ns: alike.reduce((sum, { total_ns }) => sum + total_ns, 0),
          others: main.filter((one) => !alike.includes(one)).map(({ name }) => name),
        },
      },
    ],
  };
}

interface Fitted {
  readonly hogs_n: number;
  /** Of the holder. */
  readonly nice: number | null;
}

/**
 * How many hogs at once, and which nice value of the thread, keep it off its CPU for as long as was seen: off / on = hogs ·
 * weight of a hog / weight of the thread. Competitors that follow each other are one at a time. Where a single hog would
 * keep it off for longer, or all of them for a shorter time, threads of other groups may have had the CPU (autogroup,
 * cpu.weight): then the nice value is adapted. It is not raised for time that nobody took.
 */
function fitted(root: RootToRepeat, hog: RootFigures['competitors'][number], most: number): Fitted {
  const { meanwhile, nice: seen, policy: own, episodes_n } = root.figures;
  const isByWeight = !isRealTime(hog.policy) && !isRealTime(own);
  if (meanwhile === null || meanwhile.onCpu_ns === 0 || !isByWeight) return { hogs_n: most, nice: seen };
  const weight = (value: number | null, of: RootFigures['policy']): number =>
    weightOf({ nice: value ?? 0, policy: of === 'idle' ? 'idle' : 'other' });
  const { onCpu_ns, offCpu_ns } = meanwhile;
  const hogsBeside = (ratio: number, value: number | null): number =>
    (ratio * weight(value, own)) / weight(hog.nice, hog.policy);
  const closest = (ratio: number, hogs_n: number): number => {
    const distance = (value: number): number => Math.abs(Math.log(hogsBeside(ratio, value) / hogs_n));
    return niceValues.toSorted((a, b) => distance(a) - distance(b))[0] ?? 0;
  };
  const ratio = offCpu_ns / onCpu_ns;
  const hogs = hogsBeside(ratio, seen);
  const asSeen = { hogs_n: Math.min(most, Math.max(1, Math.round(hogs))), nice: seen };
  // A thread of SCHED_IDLE has one weight, whatever its nice value.
  if (own === 'idle') return asSeen;
  if (hogs < leastHogs) return { hogs_n: 1, nice: Math.min(closest(ratio, 1), seen ?? 0) };
  // In a short call the thread had its CPU for less than the slice that it had used up.
  const ofSlices = offCpu_ns / Math.max(onCpu_ns, episodes_n * slice_ns);
  if (hogsBeside(ofSlices, seen) > most / leastHogs && wasTaken(root, offCpu_ns))
    return { hogs_n: most, nice: Math.max(closest(ofSlices, most), seen ?? 0) };
  return asSeen;
}

/**
 * Whether others had the CPU for most of the time for which the thread was off it. In the rest it slept, waited for a
 * disk, or its cgroup had used up its CPU time.
 */
function wasTaken({ figures, observation }: RootToRepeat, offCpu_ns: number): boolean {
  if (observation.missing.some(({ code }) => code === 'cgroup-throttled' || code === 'throttling-unread')) return false;
  const taken_ns = figures.competitors.reduce((sum, { total_ns }) => sum + total_ns, 0);
  return taken_ns / waitersAtOnce({ figures, observation }) > offCpu_ns / 2;
}

/** What competitors took is added up over the stalled threads, of which several wait for the thread at once. */
function waitersAtOnce({ figures, observation: { holders, reasons } }: RootToRepeat): number {
  const stalled_ns = reasons[holders.indexOf(figures)]?.total_ns ?? 0;
  const { onCpu_ns, offCpu_ns } = figures.meanwhile ?? { onCpu_ns: 0, offCpu_ns: 0 };
  return Math.max(1, stalled_ns / (onCpu_ns + offCpu_ns));
}

/** Below it a hog keeps the thread off its CPU for too long by more than half. */
const leastHogs = 0.65;
/** Of the fair scheduler: about 3 ms, up to the tick that ends it. */
const slice_ns = 4e6;
const niceValues = Array.from({ length: 20 }, (_, value) => value);

/** As long and as often as it had the CPU. A profile takes from 1 ms to 10 s. */
function burst(
  { spans_n, spanMedian_ns }: RootFigures['competitors'][number],
  watched_ns: number,
): Pick<WrittenHogs, 'burst'> {
  if (spanMedian_ns === null) return {};
  const sleep_ns = watched_ns / spans_n - spanMedian_ns;
  const within = (ns: number): string => milliseconds(Math.min(ns, 10e9));
  return { burst: { run: within(spanMedian_ns), sleep: within(sleep_ns) } };
}

/** Those for a lock: a thread that also waited for a CPU did so after the lock. */
export function waitsToRepeat({ waiters }: RootFigures): RootFigures['waiters'] {
  return waiters.filter(({ mode }) => mode !== 'cpu');
}

export function nice(value: number | null): { readonly nice?: number } {
  return value === null || value === 0 ? {} : { nice: value };
}

type WrittenPolicy = NonNullable<WrittenHogs['policy']>;

export function policy(seen: RootFigures['policy']): { readonly policy?: WrittenPolicy } {
  return seen === null || seen === 'other' || seen === 'deadline' ? {} : { policy: seen };
}

export function isRealTime(seen: RootFigures['policy']): boolean {
  return seen === 'fifo' || seen === 'rr';
}
