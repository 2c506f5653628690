/**
 * Links of a chain. They partition the time of a stall; the cause of the whole stall is the cause that took most of
 * that time. Pure.
 */
import type { LinkFact } from '../facts/chain-facts.js';
import { grouped, joinedLists } from '../base/group.js';
import { grades } from '../facts/blame.js';
import type { ChainLink, StallCause } from '../bundle/stalls-schema.js';
import { linkSentence } from '../words/chain-words.js';
import { isAlike } from './alike.js';
import { unknownLink, type LinkDraft, type Span } from './link-draft.js';
import { draftsOf, isHandover, isHandovers, mostOf, type Piece } from './handovers.js';

/**
 * More evidence must not weaken an answer. If `better` has no cause, or only a possible cause, the answer of `other`
 * stands with its grade, provided that it is stronger and no evidence rules it out.
 */
export function reconciled(better: readonly Piece[], other: readonly LinkDraft[], span: Span): Piece[] {
  const others = partition(other, span);
  const ofOthers = (part: Span): LinkDraft[] =>
    others
      .filter((one) => one.start_ns < part.end_ns && one.end_ns > part.start_ns)
      .map((one) => clipped(one, Math.max(one.start_ns, part.start_ns), Math.min(one.end_ns, part.end_ns)));
  const all = [...better, ...uncovered(span, better).flatMap(ofOthers)];
  if (others.every(({ cause }) => cause === 'unknown')) return partition(all, span);
  const found: LinkDraft[] = [];
  for (const part of partition(joinedLists(all, draftsOf), span)) {
    if (part.grade !== 'possible' && !isSymptom(part)) {
      found.push(part);
      continue;
    }
    const stronger = ofOthers(part).filter((one) => isStronger(one, part));
    for (const one of stronger) found.push(one);
    for (const rest of uncovered(part, stronger)) found.push(clipped(part, rest.start_ns, rest.end_ns));
  }
  return found;
}

function isStronger(one: LinkDraft, than: LinkDraft): boolean {
  if (
    one.cause === 'unknown' ||
    than.rulesOut.includes(one.cause) ||
    (one.thread !== null && than.clears(one.thread.tid))
  )
    return false;
  if (isSymptom(than)) return one.steps.length > 0 && one.grade !== 'possible';
  return than.cause === 'unknown' || one.grade !== 'possible';
}

/** A pause whose cause was not found. */
function isSymptom({ cause, thread }: LinkDraft): boolean {
  return (cause === 'safepoint' || cause === 'gc-pause') && thread === null;
}

/** The parts of a span that `covers` leaves free. */
export function uncovered(span: Span, covers: readonly Span[]): Span[] {
  const parts: Span[] = [];
  let from_ns = span.start_ns;
  for (const { start_ns, end_ns } of covers.toSorted((a, b) => a.start_ns - b.start_ns)) {
    if (start_ns > from_ns) parts.push({ start_ns: from_ns, end_ns: Math.min(start_ns, span.end_ns) });
    from_ns = Math.max(from_ns, end_ns);
  }
  if (from_ns < span.end_ns) parts.push({ start_ns: from_ns, end_ns: span.end_ns });
  return parts.filter((part) => part.end_ns > part.start_ns);
}

/** `drafts` may have gaps, overlap each other or reach beyond the stall. Time without a draft is unknown. */
export function chainOf(drafts: readonly Piece[], stall: Span, victim: string): ChainLink[] {
  return merged(withoutHandovers(merged(partition(drafts, stall)))).map((link) => finished(link, victim));
}

/** Covers exactly [start, end), in order: each draft begins where the draft before it ended. */
export function partition(drafts: readonly LinkDraft[], span: Span): LinkDraft[];
export function partition(drafts: readonly Piece[], span: Span): Piece[];
export function partition(drafts: readonly Piece[], { start_ns, end_ns }: Span): Piece[] {
  const parts: Piece[] = [];
  let covered_ns = start_ns;
  for (const one of drafts.toSorted((a, b) => a.start_ns - b.start_ns)) {
    const from_ns = Math.max(one.start_ns, covered_ns);
    const to_ns = Math.min(one.end_ns, end_ns);
    if (to_ns <= from_ns) continue;
    if (from_ns > covered_ns)
      parts.push(unknownLink({ start_ns: covered_ns, end_ns: from_ns }, { code: 'nothing-seen' }));
    const isCut = from_ns > one.start_ns || to_ns < one.end_ns;
    if (!isCut) parts.push(one);
    else if (isHandovers(one))
      for (const part of partition(draftsOf(one), { start_ns: from_ns, end_ns: to_ns })) parts.push(part);
    else parts.push(clipped(one, from_ns, to_ns));
    covered_ns = to_ns;
  }
  if (covered_ns < end_ns) parts.push(unknownLink({ start_ns: covered_ns, end_ns }, { code: 'nothing-seen' }));
  return parts;
}

/** Cuts the times of a draft in proportion, because their place inside the link is unknown. */
export function clipped(one: LinkDraft, start_ns: number, end_ns: number): LinkDraft {
  if (start_ns === one.start_ns && end_ns === one.end_ns) return one;
  const share = (end_ns - start_ns) / (one.end_ns - one.start_ns);
  if (share >= 1) return { ...one, start_ns, end_ns };
  const cut = (time_ns: number): number => Math.round(time_ns * share);
  return {
    ...one,
    start_ns,
    end_ns,
    holder:
      one.holder === null
        ? null
        : {
            ...one.holder,
            running_ns: cut(one.holder.running_ns),
            preempted_ns: cut(one.holder.preempted_ns),
            blocked_ns: cut(one.holder.blocked_ns),
          },
    cpuTakenBy: one.cpuTakenBy.map(({ thread, duration_ns }) => ({ thread, duration_ns: cut(duration_ns) })),
    steps: one.steps.map((step) => (step.thread === null ? step : { ...step, duration_ns: cut(step.duration_ns) })),
  };
}

/**
 * A convoy that dissolves makes hundreds of handovers of a microsecond each. A series of handovers below 5 ms in total is
 * added to the link before it, or to the link after it at the beginning. A longer series is a separate link, named after
 * the cause that took most of its time.
 */
const mostHandovers_ns = 5_000_000;

function withoutHandovers(links: readonly Piece[]): LinkDraft[] {
  const kept: LinkDraft[] = [];
  let series: Piece[] = [];
  const settle = (): void => {
    const [first] = series;
    const end_ns = series.at(-1)?.end_ns ?? 0;
    const last = kept.at(-1);
    if (first === undefined) return;
    if (last !== undefined && end_ns - first.start_ns < mostHandovers_ns) kept[kept.length - 1] = { ...last, end_ns };
    else kept.push({ ...mostOf(series), start_ns: first.start_ns, end_ns });
    series = [];
  };
  for (const link of links) {
    if (isHandovers(link) || isHandover(link)) {
      series.push(link);
      continue;
    }
    // At the beginning no link comes before the series.
    if (kept.length === 0 && series.length > 0 && link.start_ns - (series[0]?.start_ns ?? 0) < mostHandovers_ns) {
      kept.push({ ...link, start_ns: series[0]?.start_ns ?? link.start_ns });
      series = [];
      continue;
    }
    settle();
    kept.push(link);
  }
  settle();
  return kept;
}

function merged(parts: readonly LinkDraft[]): LinkDraft[];
function merged(parts: readonly Piece[]): Piece[];
function merged(parts: readonly Piece[]): Piece[] {
  const links: Piece[] = [];
  /** Of the drafts that became the last link. */
  let first: LinkDraft | null = null;
  for (const part of parts) {
    const last = links.at(-1);
    if (isHandovers(part)) {
      links.push(part);
      first = null;
    } else if (first !== null && last !== undefined && !isHandovers(last) && isAlike(first, part)) {
      links[links.length - 1] = joined(last, part);
    } else {
      links.push(part);
      first = part;
    }
  }
  return links;
}

function joined(a: LinkDraft, b: LinkDraft): LinkDraft {
  const taken = new Map(a.cpuTakenBy.map((one) => [one.thread.tid, one]));
  for (const one of b.cpuTakenBy)
    taken.set(one.thread.tid, { ...one, duration_ns: one.duration_ns + (taken.get(one.thread.tid)?.duration_ns ?? 0) });
  return {
    ...a,
    end_ns: b.end_ns,
    holder: addTimes(a.holder, b.holder),
    cpuTakenBy: [...taken.values()].sort((one, other) => other.duration_ns - one.duration_ns),
    steps: a.steps.map((step, i) =>
      step.thread === null ? step : { ...step, duration_ns: step.duration_ns + (b.steps[i]?.duration_ns ?? 0) },
    ),
  };
}

function addTimes(a: LinkDraft['holder'], b: LinkDraft['holder']): LinkDraft['holder'] {
  if (a === null || b === null) return a ?? b;
  return {
    running_ns: a.running_ns + b.running_ns,
    preempted_ns: a.preempted_ns + b.preempted_ns,
    blocked_ns: a.blocked_ns + b.blocked_ns,
    isExact: a.isExact && b.isExact,
    ...(a.mayBeLimited === true || b.mayBeLimited === true ? ({ mayBeLimited: true } as const) : {}),
  };
}

function finished(
  {
    start_ns,
    end_ns,
    cause,
    grade,
    lock,
    isNext,
    holderWaited,
    thread,
    call,
    via,
    holder,
    cpuTakenBy,
    steps,
    why,
  }: LinkDraft,
  victim: string,
): ChainLink {
  const link = {
    start_ns,
    end_ns,
    duration_ns: end_ns - start_ns,
    cause,
    grade,
    lock,
    isNext,
    holderWaited,
    thread,
    call,
    via,
    holder,
    cpuTakenBy,
    steps,
    why,
  };
  return { ...link, sentence: linkSentence(link, victim) };
}

/** Whether what it says of one wait for a CPU holds for all of them: without it a sentence would give another reason. */
function isOfWhole(why: LinkFact['why']): boolean {
  return why?.code === 'limit-used-up' || why?.code === 'limit-unread';
}

/**
 * The cause of the whole stall. Links of the same cause, lock and thread count together. Their grade is the weakest
 * grade that covers a tenth of their time.
 */
export function causeOf(chain: readonly ChainLink[], victim: string): StallCause {
  const groups = grouped(chain, ({ cause, lock, thread }) => JSON.stringify([cause, lock, thread?.tid]));
  const time = (links: readonly ChainLink[]): number => links.reduce((sum, { duration_ns }) => sum + duration_ns, 0);
  const [most = []] = [...groups.values()].sort((a, b) => time(b) - time(a));
  const [first] = most.toSorted((a, b) => b.duration_ns - a.duration_ns);
  if (first === undefined) throw new Error('a chain has no link');
  const duration_ns = time(most);
  const grade =
    grades.findLast((one) => time(most.filter((link) => link.grade === one)) >= duration_ns / 10) ?? first.grade;
  const whole: LinkFact = {
    ...first,
    duration_ns,
    grade,
    // The reason of an unknown link also applies to the whole stall, and so does what holds for the whole observation.
    why: first.cause === 'unknown' || isOfWhole(first.why) ? first.why : null,
    holder: most.map(({ holder }) => holder).reduce(addTimes, null),
    cpuTakenBy: first.cpuTakenBy,
  };
  const { cause, lock, thread, steps } = first;
  return {
    steps,
    cause,
    grade,
    lock,
    thread,
    duration_ns,
    sentence: most.length === 1 ? first.sentence : linkSentence(whole, victim),
  };
}
