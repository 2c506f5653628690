/** The root of a stall: its main cause, the call of the thread that is to blame, and whether it was giving memory back. */
import type { ChainLink, ListedStall, StallCause } from './stalls-schema.js';
import type { Collector } from '../catalogue/collectors.js';
import { givesBackOf, type GivesBack } from '../catalogue/gives-back.js';

interface StallRoot {
  readonly cause: StallCause;
  /** The links of its chain that name it. */
  readonly links: readonly ChainLink[];
  /** In the names of src/catalogue/calls.ts; null where it is not known, or there was none. */
  readonly call: string | null;
  readonly givesBack: GivesBack;
}

/** Null without attribution. `collector`: of the JVM that was watched; null: not known. */
export function rootOfStall(
  { cause, chain }: Pick<ListedStall, 'cause' | 'chain'>,
  collector: Collector | null = null,
): StallRoot | null {
  if (cause === null) return null;
  const links = (chain ?? []).filter(
    (link) => link.cause === cause.cause && link.lock === cause.lock && link.thread?.tid === cause.thread?.tid,
  );
  const [longest] = links.toSorted((a, b) => b.duration_ns - a.duration_ns);
  const call = longest?.call ?? null;
  return { cause, links, call, givesBack: givesBackOf(cause, call, cause.grade, collector) };
}
