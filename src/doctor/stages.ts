/**
 * The questions of the lock table, in order. Each stage tests the calls that earlier stages left open, group by group,
 * and then retries those that it could not decide.
 */
import type { Lock } from '../catalogue/lock-row.js';
import type { LockClass } from '../catalogue/locks.js';
import { byFamily, bySmallFamily, fitsInRegion, inRegion, oneByOne, withKnown, type KnownCalls } from './probes.js';
import { describeSeen, modeOfMmapLock, takesMmapLock, takesVmaLock, wasQueuedWriter } from './lock-verdict.js';
import { seriesOf, type Probe, type TrialInput, type TrialResult } from './trial.js';

/** Facts about a call. */
export interface Facts {
  readonly takesMmapLock?: boolean;
  readonly mode?: 'mmap_lock write' | 'mmap_lock read';
  readonly takesVmaLock?: boolean;
}

/** `reader`: holds mmap_lock for read; `writer`: changes the VMA in which victims of layout `same` lie. */
export type HolderKind = 'reader' | 'writer';

export type Question = Pick<TrialInput, 'probes' | 'enough' | 'inTurn'> & { readonly holder: HolderKind };

export interface Stage {
  title(count: number): string;
  /** `declared`: the catalogue's declaration for this kernel. */
  asks(probe: Probe, facts: Facts, declared: LockClass): boolean;
  /** Groups for the first attempt and for retries. */
  readonly groups: readonly [(probes: readonly Probe[]) => Probe[][], (probes: readonly Probe[]) => Probe[][]];
  readonly attempts: number;
  question(group: readonly Probe[], known: KnownCalls): Question;
  /** Null if the trial does not decide it. */
  judge(probe: Probe, trial: TrialResult, group: readonly Probe[], known: KnownCalls): Facts | null;
  /** What the trial saw of a call that stays open. */
  figures(probe: Probe, trial: TrialResult, known: KnownCalls): string;
}

const modeIn = (trial: TrialResult, probe: Probe, { reader }: KnownCalls): Facts['mode'] | null =>
  modeOfMmapLock(trial.seen(probe), { reader: trial.seen(reader), held_n: trial.held_n });

const figuresBesideReader: Stage['figures'] = (probe, trial, { reader }) =>
  `beside a reader preempted in ${trial.held_n} calls: ${describeSeen(trial.seen(probe))}; ` +
  `the known reader: ${describeSeen(trial.seen(reader))}`;

/** A loaded machine needs several attempts. */
const mostAttempts = 3;

export const stages: readonly Stage[] = [
  {
    title: (count) => `which of ${count} calls take mmap_lock`,
    asks: () => true,
    groups: [byFamily, bySmallFamily],
    attempts: mostAttempts,
    question: (group, { reader, writer }) => ({ holder: 'reader', probes: withKnown(group, [reader, writer]) }),
    judge: (probe, trial, _, { reader, writer }) => {
      const takes = takesMmapLock(trial.seen(probe), { reader: trial.seen(reader), writer: trial.seen(writer) });
      return takes === null ? null : { takesMmapLock: takes };
    },
    figures: (probe, trial, { reader, writer }) =>
      `behind a queued writer: ${describeSeen(trial.seen(probe))}; ` +
      `the known reader: ${describeSeen(trial.seen(reader))}; the known writer: ${describeSeen(trial.seen(writer))}`,
  },
  // Declared readers pass beside the holder, so a single trial tests them. Declared writers take turns in another
  // trial. Calls that neither trial decides (an undeclared writer makes every reader look like a writer) are tested one
  // by one.
  {
    title: (count) => `which of ${count} take it for read`,
    asks: (_, { takesMmapLock: takes }, declared) => takes === true && declared === 'mmap_lock read',
    groups: [byFamily, bySmallFamily],
    attempts: 2,
    question: (group, { reader }) => ({ holder: 'reader', probes: withKnown(group, [reader]) }),
    judge: (probe, trial, _, known) =>
      modeIn(trial, probe, known) === 'mmap_lock read' ? { mode: 'mmap_lock read' } : null,
    figures: figuresBesideReader,
  },
  {
    title: (count) => `which of ${count} take it for write`,
    asks: (_, { takesMmapLock: takes, mode }, declared) =>
      takes === true && mode === undefined && declared === 'mmap_lock write',
    groups: [byFamily, byFamily],
    attempts: mostAttempts,
    // Without this, the first turn would be in the warm-up, before the hog starts.
    question: (group, { reader }) => ({ holder: 'reader', probes: [reader, ...group], inTurn: group }),
    judge: (probe, trial, group, { reader }) => {
      const others = group.filter((other) => other !== probe).flatMap((other) => trial.waits(other));
      return wasQueuedWriter(trial.waits(probe), others, trial.waits(reader)) ? { mode: 'mmap_lock write' } : null;
    },
    figures: figuresBesideReader,
  },
  {
    title: (count) => `which of ${count} others take the lock of a VMA`,
    asks: (probe, { takesMmapLock: takes }) => takes === false && fitsInRegion(probe),
    groups: [byFamily, byFamily],
    attempts: mostAttempts,
    question: (group, { reader }) => ({ holder: 'writer', probes: withKnown(group.map(inRegion), [reader]) }),
    judge: (probe, trial, _, { reader }) => {
      const takes = takesVmaLock(trial.seen(inRegion(probe)), { reader: trial.seen(reader) });
      return takes === null ? null : { takesVmaLock: takes };
    },
    figures: (probe, trial, { reader }) =>
      `in the VMA that a writer changes: ${describeSeen(trial.seen(inRegion(probe)))}; ` +
      `the known reader: ${describeSeen(trial.seen(reader))}`,
  },
  {
    title: (count) => `${count} undecided calls, one by one`,
    asks: (_, { takesMmapLock: takes, mode }) => takes === true && mode === undefined,
    groups: [oneByOne, oneByOne],
    attempts: mostAttempts,
    question: (group, { reader }) => {
      const probes = withKnown(group, [reader]);
      return { holder: 'reader', probes, enough: probes };
    },
    judge: (probe, trial, _, known) => {
      const mode = modeIn(trial, probe, known);
      return mode === null || mode === undefined ? null : { mode };
    },
    figures: figuresBesideReader,
  },
];

export function lockOf({ takesMmapLock: takes, mode, takesVmaLock: takesVma }: Facts): Lock {
  if (takes === undefined) return 'undecided';
  if (takes) return mode ?? 'undecided';
  if (takesVma === undefined) return 'no mmap_lock';
  return takesVma ? 'VMA lock' : 'none';
}

export interface Asking {
  readonly declared: (probe: Probe) => LockClass;
  readonly trial: (question: Question, group: readonly Probe[], patience: number) => Promise<TrialResult>;
  /** False if there is no time left for the nth attempt of a stage. */
  readonly mayAsk: (attempt: number) => boolean;
  readonly progress: (text: string) => void;
}

export interface Answers {
  readonly facts: ReadonlyMap<string, Facts>;
  /** What the last inconclusive trial saw of each call. */
  readonly figures: ReadonlyMap<string, string>;
}

export async function askAll(asked: readonly Probe[], known: KnownCalls, asking: Asking): Promise<Answers> {
  const facts = new Map<string, Facts>(asked.map((probe) => [seriesOf(probe), {}]));
  const figures = new Map<string, string>();
  for (const stage of stages) {
    const open = asked.filter((probe) => stage.asks(probe, facts.get(seriesOf(probe)) ?? {}, asking.declared(probe)));
    if (open.length > 0) asking.progress(stage.title(open.length));
    for await (const { probe, found, seen } of askStage(stage, open, known, asking)) {
      const key = seriesOf(probe);
      if (found === null) figures.set(key, seen);
      else facts.set(key, { ...facts.get(key), ...found });
    }
  }
  return { facts, figures };
}

interface Answer {
  readonly probe: Probe;
  readonly found: Facts | null;
  readonly seen: string;
}

async function* askStage(
  stage: Stage,
  asked: readonly Probe[],
  known: KnownCalls,
  { trial: runOne, mayAsk }: Asking,
): AsyncGenerator<Answer> {
  let open = asked;
  for (let attempt = 1; attempt <= stage.attempts; attempt += 1) {
    const groups = stage.groups[attempt === 1 ? 0 : 1](open);
    open = [];
    for (const group of groups) {
      if (!mayAsk(attempt)) return;
      const trial = await runOne(stage.question(group, known), group, attempt);
      for (const probe of group) {
        const found = stage.judge(probe, trial, group, known);
        if (found === null) open = [...open, probe];
        yield { probe, found, seen: stage.figures(probe, trial, known) };
      }
    }
  }
}
