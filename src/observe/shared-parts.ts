/**
 * Records of one observation name the same threads and have the same stacks again and again. Kept once each, a
 * record takes a third of the memory, and an observation may have millions of them.
 */
import type { ObservedRecord, ObservedThread, UserStack } from './observed.js';

type SharedPart = 'thread' | 'waker' | 'taker' | 'before' | 'stack' | 'userStack' | 'ownStack' | 'wakerStack';

/** Returns the record with parts that it shares with earlier ones. */
export function sharedParts(): <One extends ObservedRecord>(record: One) => One {
  const threads = new Map<string, ObservedThread>();
  const stacks = new Map<string, string[]>();
  const userStacks = new Map<string, UserStack>();
  const thread = (one: ObservedThread | null): ObservedThread | null =>
    one === null ? null : once(threads, `${one.tid} ${one.pid} ${one.nice} ${one.name}`, one);
  const userStack = (one: UserStack | null): UserStack | null =>
    one === null ? null : once(userStacks, `${one.atStackPointer[0]} ${one.frames.join(' ')}`, one);
  return (record) => {
    const parts: Partial<Record<SharedPart, unknown>> = {};
    if ('thread' in record) parts.thread = thread(record.thread);
    if ('stack' in record) parts.stack = once(stacks, record.stack.join(' '), record.stack);
    if (record.kind === 'hold') parts.userStack = userStack(record.userStack);
    if (record.kind === 'off') {
      parts.ownStack = userStack(record.ownStack);
      parts.wakerStack = userStack(record.wakerStack);
      parts.waker = thread(record.waker);
      parts.taker = thread(record.taker);
      parts.before = thread(record.before);
    }
    return Object.assign(record, parts);
  };
}

function once<Part>(known: Map<string, Part>, key: string, part: Part): Part {
  const earlier = known.get(key);
  if (earlier !== undefined) return earlier;
  known.set(key, part);
  return part;
}
