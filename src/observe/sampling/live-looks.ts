/**
 * Stalls as looks show them, while looks go on. Only the last looks are read again, so that it costs no more in an hour
 * than in a minute. Pure.
 */
import { partitionPoint } from '../../base/sorted.js';
import type { SampleStream, Timeline } from '../../record/samples.js';
import type { StackReading } from '../../record/stacks.js';
import { lookedEvidence, lookedStalls, safepointsSeen, type LookOptions } from './sampling-evidence.js';
import { settled_ns, type SettledStalls } from '../tier.js';

/** Who held a lock is inferred from what threads do while nobody waits, too. */
const remembered_ns = 60_000_000_000;
/** Of a wait that goes on, the looks at its beginning are read again. */
const searched_ns = 10_000_000_000;
/** Reading the last looks again takes a while with a thousand threads. */
const every_ns = 1_000_000_000;

export interface SeenLooks {
  readonly samples: SampleStream;
  /** By time. */
  readonly waits: readonly StackReading[];
}

export interface LiveLooks {
  /** Looks so far: the same objects each time, which grow. */
  advance(seen: SeenLooks): void;
  /** Stalls so far that have been over for `settled_ns`. */
  stalls_n(): number;
  /** Those that were not returned before. */
  take(): SettledStalls | null;
}

export function liveLooks(options: LookOptions): LiveLooks {
  let seen: SeenLooks | null = null;
  let searchedTo_ns = 0;
  let stalls_n = 0;
  let due: SettledStalls['stalls'] = [];
  return {
    advance(now) {
      seen = now;
      const until_ns = (now.samples.ticks_ns.at(-1) ?? 0) - settled_ns;
      if (until_ns - searchedTo_ns < every_ns) return;
      const recent = looksSince(now, searchedTo_ns - searched_ns);
      const found = lookedStalls(recent.samples, recent.waits, options).filter(({ stall }) => {
        const end_ns = stall.start_ns + stall.duration_ns;
        // A wait that goes on ends at the last look.
        return end_ns > searchedTo_ns && end_ns <= until_ns;
      });
      searchedTo_ns = until_ns;
      stalls_n += found.length;
      due = [...due, ...found];
    },
    stalls_n: () => stalls_n,
    take() {
      if (due.length === 0 || seen === null) return null;
      const stalls = due;
      due = [];
      const start_ns = stalls.reduce((least_ns, { stall }) => Math.min(least_ns, stall.start_ns), Infinity);
      const recent = looksSince(seen, start_ns - remembered_ns);
      return {
        stalls,
        evidence: lookedEvidence(recent, options),
        eventsOf: safepointsSeen(recent.samples, recent.waits, options),
      };
    },
  };
}

/** Of each thread the states from `from_ns` on, and the two before, which say how long the first of these lasts. */
function looksSince({ samples, waits }: SeenLooks, from_ns: number): SeenLooks {
  const timelines = [...samples.timelines].flatMap(([tid, timeline]): [number, Timeline][] => {
    const { changes } = timeline;
    const first = Math.max(0, partitionPoint(changes, ({ time_ns }) => time_ns < from_ns) - 2);
    return changes.at(-1)?.state === 'X' && (changes.at(-1)?.time_ns ?? 0) < from_ns
      ? []
      : [[tid, { ...timeline, changes: changes.slice(first) }]];
  });
  return {
    samples: { ticks_ns: samples.ticks_ns, period_ns: samples.period_ns, timelines: new Map(timelines) },
    waits: waits.slice(partitionPoint(waits, ({ time_ns }) => time_ns < from_ns)),
  };
}
