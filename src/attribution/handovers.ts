/**
 * A convoy that dissolves hands its lock over every few microseconds, and each of its n waiters waited for up to n of
 * these handovers. They end in one link of the waiter, so until then a row of them is a range of drafts that all waiters
 * share, and only numbers are looked at for each waiter. Pure.
 */
import type { Cause } from '../facts/blame.js';
import { joinedLists } from '../base/group.js';
import { isAlike } from './alike.js';
import type { LinkDraft, Span } from './link-draft.js';
import type { QueuePart } from './lock-queues.js';
import type { LockWait } from './trace-model.js';

/** A link of less than 1 ms is a handover. */
const handover_ns = 1_000_000;

/** Who is to blame for a part, and where it depends on who waits, by that. */
export interface DecidedPart {
  readonly drafts: readonly LinkDraft[];
  readonly of: ((wait: LockWait) => readonly LinkDraft[]) | null;
}

/** Drafts of a list, none of which is alike to one outside of them. */
export interface Handovers extends Span {
  readonly shared: SharedDrafts;
  readonly from: number;
  /** Behind the last. */
  readonly to: number;
}

export type Piece = LinkDraft | Handovers;

export function isHandovers(piece: Piece): piece is Handovers {
  return 'shared' in piece;
}

export function isHandover({ start_ns, end_ns }: Span): boolean {
  return end_ns - start_ns < handover_ns;
}

export function draftsOf(piece: Piece): readonly LinkDraft[] {
  return isHandovers(piece) ? piece.shared.draftsIn(piece) : [piece];
}

/** A number for each cause and thread, and a place for its time. */
export interface Blames {
  readonly numberOf: (draft: LinkDraft) => number;
  /** All are 0 while nobody counts. */
  readonly times_ns: number[];
}

export function newBlames(): Blames {
  const numbers = new Map<Cause, Map<number | null, number>>();
  const times_ns: number[] = [];
  return {
    times_ns,
    numberOf({ cause, thread }) {
      const ofCause = numbers.get(cause) ?? new Map<number | null, number>();
      numbers.set(cause, ofCause);
      const tid = thread?.tid ?? null;
      const number = ofCause.get(tid) ?? times_ns.length;
      if (number === times_ns.length) times_ns.push(0);
      ofCause.set(tid, number);
      return number;
    },
  };
}

/** What waiters share for the parts of a lock's time. */
export interface SharedDrafts {
  readonly blames: Blames;
  /** Of the drafts of handovers, by part. */
  readonly numbers: Int32Array;
  readonly lengths_ns: Float64Array;
  /** For the parts in [from, to) of the wait. */
  piecesOf(wait: LockWait, range: { readonly from: number; readonly to: number }): Piece[];
  /** The same for all who wait; null: there is none. */
  draftAt(part: number): LinkDraft | null;
  draftsIn(range: { readonly from: number; readonly to: number }): LinkDraft[];
}

/** Of `groups`. */
const [unknown, none] = [0, -1];

/** `decide` is asked once for each part, when a thread waited for it. */
export function sharedDrafts(
  parts: readonly QueuePart[],
  blames: Blames,
  decide: (part: QueuePart) => DecidedPart,
): SharedDrafts {
  const decided = Array.from({ length: parts.length }, (): DecidedPart | null => null);
  const numbers = new Int32Array(parts.length);
  const lengths_ns = new Float64Array(parts.length);
  /** Drafts that are alike, and shorter than a handover together, have the number of the first of them, plus 1. */
  const groups = new Int32Array(parts.length);
  const at = (i: number): DecidedPart | null => {
    const part = parts[i];
    return part === undefined ? null : (decided[i] ??= decide(part));
  };
  const draftAt = (i: number): LinkDraft | null => {
    const one = at(i);
    return one?.of === null && one.drafts.length === 1 ? (one.drafts[0] ?? null) : null;
  };
  const groupOf = (i: number): number => {
    if (groups[i] === unknown) findGroup(i);
    return groups[i] ?? none;
  };
  const findGroup = (i: number): void => {
    const draft = draftAt(i);
    let [from, to] = [i, i + 1];
    let length_ns = draft === null ? Infinity : draft.end_ns - draft.start_ns;
    const extend = (other: LinkDraft | null): boolean => {
      if (draft === null || other === null || length_ns >= handover_ns || !isAlike(draft, other)) return false;
      length_ns += other.end_ns - other.start_ns;
      return true;
    };
    while (extend(draftAt(from - 1))) from -= 1;
    while (extend(draftAt(to))) to += 1;
    // What a wait makes of its neighbour may be alike to it.
    if ((from > 0 && draftAt(from - 1) === null) || (to < parts.length && draftAt(to) === null)) length_ns = Infinity;
    groups.fill(length_ns < handover_ns ? from + 1 : none, from, to);
    for (let j = from; j < to; j += 1) {
      const one = draftAt(j);
      if (one === null) continue;
      numbers[j] = blames.numberOf(one);
      lengths_ns[j] = one.end_ns - one.start_ns;
    }
  };
  const shared: SharedDrafts = {
    blames,
    numbers,
    lengths_ns,
    draftAt,
    draftsIn: ({ from, to }) => joinedLists(decided.slice(from, to), (one) => one?.drafts ?? []),
    piecesOf(wait, { from, to }) {
      const pieces: Piece[] = [];
      if (from >= to) return pieces;
      // The drafts outside of the range may be alike to these.
      const [first, last] = [groupOf(from), groupOf(to - 1)];
      const isInner = (i: number): boolean => {
        const group = groupOf(i);
        return group !== none && group !== first && group !== last;
      };
      for (let i = from; i < to; i += 1) {
        if (!isInner(i)) {
          const one = at(i);
          for (const draft of one?.of?.(wait) ?? one?.drafts ?? []) pieces.push(draft);
          continue;
        }
        const begin = i;
        while (i + 1 < to && isInner(i + 1)) i += 1;
        const [start, end] = [draftAt(begin), draftAt(i)];
        if (start !== null && end !== null)
          pieces.push({ shared, start_ns: start.start_ns, end_ns: end.end_ns, from: begin, to: i + 1 });
      }
      return pieces;
    },
  };
  return shared;
}

/**
 * The cause and thread with the longest total time stand for all. With less than half of the time the grade is
 * `possible`.
 */
export function mostOf(handovers: readonly Piece[]): LinkDraft {
  const { numberOf, times_ns } = handovers.find(isHandovers)?.shared.blames ?? newBlames();
  const each = (look: (number: number, length_ns: number, piece: Piece, i: number) => void): void => {
    for (const piece of handovers) {
      if (!isHandovers(piece)) {
        look(numberOf(piece), piece.end_ns - piece.start_ns, piece, 0);
        continue;
      }
      const { numbers, lengths_ns } = piece.shared;
      for (let i = piece.from; i < piece.to; i += 1) look(numbers[i] ?? 0, lengths_ns[i] ?? 0, piece, i);
    }
  };
  let all_ns = 0;
  each((number, length_ns) => {
    all_ns += length_ns;
    times_ns[number] = (times_ns[number] ?? 0) + length_ns;
  });
  let [most, most_ns] = [-1, 0];
  each((number) => {
    const time_ns = times_ns[number] ?? 0;
    if (time_ns > most_ns) [most, most_ns] = [number, time_ns];
  });
  let last: Piece | null = null;
  let lastPart = 0;
  each((number, _, piece, i) => {
    times_ns[number] = 0;
    if (number === most) [last, lastPart] = [piece, i];
  });
  const found = last as Piece | null;
  if (found === null) throw new Error('there are no handovers');
  const one = isHandovers(found) ? found.shared.draftAt(lastPart) : found;
  if (one === null) throw new Error('a handover has no draft');
  return { ...one, grade: most_ns >= all_ns / 2 ? one.grade : 'possible', holder: null, cpuTakenBy: [] };
}
