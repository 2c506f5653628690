/** Which drafts of links say the same, so that neighbours become a single link. Pure. */
import { derivedOnce } from '../base/derived.js';
import type { LinkDraft } from './link-draft.js';

export function isAlike(a: LinkDraft, b: LinkDraft): boolean {
  return (
    // Most neighbours differ by this already.
    a.cause === b.cause &&
    a.thread?.tid === b.thread?.tid &&
    a.isNext === b.isNext &&
    a.grade === b.grade &&
    a.call === b.call &&
    keyOf(a) === keyOf(b)
  );
}

/** The waiters of a convoy share their drafts. */
const keyOf = derivedOnce(
  ({ cause, grade, lock, isNext, holderWaited, thread, call, via, why, holder, steps }: LinkDraft): string =>
    JSON.stringify([
      cause,
      grade,
      lock,
      isNext,
      holderWaited,
      thread?.tid,
      call,
      via.map(({ tid }) => tid),
      why,
      holder?.isExact,
      steps.map((one) => [one.step, one.thread?.tid, one.label, one.activity]),
    ]),
);
