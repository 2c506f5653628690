/**
 * What pauselab-observer writes (native/observer/observer.cc): a line of JSON for each interval that lasts. Times are
 * relative to the start of the observation, in ns; what began before it has a negative one.
 */
import { z } from 'zod';
import type { BlamedThread } from '../bundle/stalls-schema.js';
import type { BlamedPolicy } from '../facts/blame.js';

const threadSchema = z.object({
  tid: z.number(),
  /** Of its process; 0 and tid 0: an idle CPU. */
  pid: z.number(),
  nice: z.number(),
  name: z.string(),
});

/** Arguments in hexadecimal, as they stood in the registers. Null: in a page fault, or it is a kernel thread. */
const callSchema = z.nullable(z.object({ number: z.number(), arguments: z.array(z.string()) }));
/** Addresses in hexadecimal, innermost frame first. */
const stackSchema = z.array(z.string());
/** By frame pointers; null: it was not read, or there is none. `atStackPointer`: the word there, when the kernel was entered. */
const userStackSchema = z.nullable(z.object({ frames: stackSchema, atStackPointer: z.tuple([z.string()]) }));

const offSchema = z.object({
  kind: z.literal('off'),
  thread: threadSchema,
  /** In which it was switched out. */
  state: z.enum(['runnable', 'asleep', 'blocked', 'stopped']),
  off_ns: z.number(),
  /** Null: it was runnable all the time, or nobody has woken it yet. */
  woken_ns: z.nullable(z.number()),
  on_ns: z.number(),
  /** How long at least CPUs were busy while it waited in their queues; 0: not known. */
  busy_ns: z.number(),
  /** False: the observation ended first. */
  hasEnded: z.boolean(),
  cpuOut: z.number(),
  cpuIn: z.number(),
  waker: z.nullable(threadSchema),
  /** Who got its CPU, and who had the CPU on which it came back; null: it was idle. */
  taker: z.nullable(threadSchema),
  before: z.nullable(threadSchema),
  /** What it has to do with the mmap_lock of the process `lockPid`; it holds the lock for write, and is blocked. */
  lock: z.enum(['none', 'waits', 'holds']),
  lockPid: z.number(),
  isWrite: z.boolean(),
  /** From when at least to when the waker had the lock that it waits for, however short; null: it did not give it back. */
  gaveFrom_ns: z.nullable(z.number()),
  gaveTo_ns: z.nullable(z.number()),
  gaveWrite: z.boolean(),
  /** Flags of the sleeping lock that it waited for (LCB_F_…, include/trace/events/lock.h); -1: none. */
  contention: z.number(),
  call: callSchema,
  /** In which the waker was; null as above, or where the wait was short. */
  wakerCall: callSchema,
  /** Where the thread's stack is, outside of the kernel, in hexadecimal; null: not known. */
  stackPointer: z.nullable(z.string()),
  /** Of the thread, where it was switched out with an mmap_lock in hand. */
  ownStack: userStackSchema,
  /** Of the waker, where it may have given back what the thread waited for, and the wait was long. */
  wakerStack: userStackSchema,
  stack: stackSchema,
});

/** The thread slept for the lock and got it, or it had the lock and gave it back to a thread that slept for it. */
const holdSchema = z.object({
  kind: z.literal('hold'),
  thread: threadSchema,
  lockPid: z.number(),
  isWrite: z.boolean(),
  /** False: it gave up waiting. */
  hasIt: z.boolean(),
  /** False: it was the last reader that took the lock, and may have given it back while another reader has it. */
  isSure: z.boolean(),
  isKernelThread: z.boolean(),
  /** When it went to sleep for the lock; null: it did not. */
  slept_ns: z.nullable(z.number()),
  /** At the latest. */
  acquired_ns: z.number(),
  released_ns: z.number(),
  hasEnded: z.boolean(),
  call: callSchema,
  /** Which it reads or writes; null where it makes another call, or had closed it. */
  file: z.nullable(z.string()),
  /** At the end of its wait, or where it gave the lock back. */
  userStack: userStackSchema,
  stack: stackSchema,
});

const ranSchema = z.object({
  kind: z.literal('ran'),
  thread: threadSchema,
  cpu: z.number(),
  start_ns: z.number(),
  end_ns: z.number(),
});

const exitSchema = z.object({ kind: z.literal('exit'), thread: threadSchema, at_ns: z.number() });

const readySchema = z.object({ kind: z.literal('ready'), start_ns: z.number(), detail_ns: z.number() });

const endSchema = z.object({
  kind: z.literal('end'),
  end_ns: z.number(),
  /** Records that did not fit into the ring buffer. */
  ringFull_n: z.number(),
  /** Threads of the targets that were not followed, because another thread had their slot. */
  threadsMissed_n: z.number(),
  /** Times at which a thread waited for a target's lock, or had it, and was not followed for the same reason. */
  lockUsersMissed_n: z.number(),
  /** Stacks of programs that did not fit into their map. */
  userStacksLost_n: z.number(),
  /** Events that came while a program ran on their CPU. */
  recursion_n: z.number(),
  cpu_us: z.number(),
  memoryKib: z.number(),
});

const recordSchema = z.discriminatedUnion('kind', [
  offSchema,
  holdSchema,
  ranSchema,
  exitSchema,
  readySchema,
  endSchema,
]);

/** `policy`: where /proc had it with the name; the records of programs in the kernel have none. */
export type ObservedThread = z.infer<typeof threadSchema> & { readonly policy?: BlamedPolicy };
export type UserStack = NonNullable<z.infer<typeof userStackSchema>>;
export type ObservedCall = NonNullable<z.infer<typeof callSchema>>;
export type OffRecord = z.infer<typeof offSchema>;
export type HoldRecord = z.infer<typeof holdSchema>;
export type RanRecord = z.infer<typeof ranSchema>;
export type ReadyRecord = z.infer<typeof readySchema>;
export type EndRecord = z.infer<typeof endSchema>;
export type ObservedRecord = z.infer<typeof recordSchema>;

/** Throws on a line that the observer cannot have written. */
export function parseObserved(line: string): ObservedRecord {
  return recordSchema.parse(JSON.parse(line));
}

/** In the order in which they came, which is that of their ends. */
export interface KeptRecords {
  readonly offs: readonly OffRecord[];
  readonly holds: readonly HoldRecord[];
  readonly rans: readonly RanRecord[];
}

/** Of a whole observation. */
export interface Observed extends KeptRecords {
  /** When each thread ended, by tid. */
  readonly exits: ReadonlyMap<number, number>;
  readonly end: EndRecord;
}

export function blamedThread({ name, tid, nice }: ObservedThread, role: BlamedThread['role']): BlamedThread {
  return { name, tid, role, nice };
}

/**
 * When the thread became ready to run; the time at which it ran, where it was not woken before. A sleeper that counts as
 * woken in the very moment in which it went to sleep was woken shortly before, and then slept: after SIGCONT a thread
 * goes on with its timed sleep.
 */
export function readyAt({ state, off_ns, woken_ns, on_ns }: OffRecord): number {
  return woken_ns === null || (state === 'asleep' && woken_ns === off_ns) ? on_ns : woken_ns;
}
