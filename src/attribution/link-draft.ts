/** A link of a chain before it is finished, and what makes one. Pure. */
import type { ChainLink } from '../bundle/stalls-schema.js';
import { grades, type Cause, type Grade } from '../facts/blame.js';
import type { LinkReason } from '../facts/chain-facts.js';

/** A link without its sentence. Adjacent drafts with the same content are joined. */
export type LinkDraft = Omit<ChainLink, 'duration_ns' | 'sentence'> & {
  /** For an unknown cause: causes that the evidence rules out. */
  readonly rulesOut: readonly Cause[];
  /** For an unknown cause: whether the thread is not to blame, because it waited itself. */
  readonly clears: (tid: number) => boolean;
};

export interface Span {
  readonly start_ns: number;
  readonly end_ns: number;
}

/** Shorter delays of a thread are ordinary. */
export const leastFollowed_ns = 10_000_000;
/** So many threads may wait for each other. */
export const mostThreads = 5;

const none: readonly never[] = [];
const nobody = (): boolean => false;

/** A convoy of thousands makes millions of drafts, and each property is named here because to spread objects takes longer. */
export function draft(span: Span, cause: ChainLink['cause'], grade: Grade, more: Partial<LinkDraft> = {}): LinkDraft {
  const { lock = null, thread = null, call = null, holder = null, why = null, isNext = false } = more;
  return {
    lock,
    isNext,
    holderWaited: more.holderWaited ?? false,
    thread,
    call,
    via: more.via ?? [],
    holder,
    cpuTakenBy: more.cpuTakenBy ?? [],
    steps: more.steps ?? [],
    why,
    rulesOut: more.rulesOut ?? none,
    clears: more.clears ?? nobody,
    start_ns: span.start_ns,
    end_ns: span.end_ns,
    cause,
    grade,
  };
}

/** The cause is unknown: the grade is always `possible`. */
export function unknownLink(
  span: Span,
  why: LinkReason,
  excluded: Partial<Pick<LinkDraft, 'rulesOut' | 'clears'>> = {},
): LinkDraft {
  return draft(span, 'unknown', 'possible', { why, ...excluded });
}

export function weaker(one: Grade, other: Grade): Grade {
  return grades.indexOf(one) > grades.indexOf(other) ? one : other;
}
