/**
 * stalls.json: every stall of a run, with its chain of blame. Times are relative to go. What a cause and a grade mean,
 * and how each is told, is in docs/attribution.md.
 */
import { z } from 'zod';
import { schemaVersion } from './version.js';
import { activities, type LinkReason } from '../facts/chain-facts.js';
import { statedList } from './stated-schema.js';
import { causes, grades, locks, steps } from '../facts/blame.js';

const ns = z.number();
const orNull = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => z.nullable(schema);

export const threadSchema = z.object({
  /** Its name on the board; of a thread that is not there its comm. */
  name: z.string(),
  tid: z.number(),
  /** `other`: a thread of the workload that nobody planned, as a JVM's own; `outside`: one of another program. */
  role: z.enum(['victim', 'holder', 'toucher', 'hog', 'load', 'other', 'outside']),
  /** As asked for; null where nobody set it. */
  nice: orNull(z.number()),
});

/** Between the victim and the cause: what the victim saw of it, and who passed it on. */
const stepSchema = z.object({
  /**
   * `gc-pause`, `safepoint`: the JVM stopped the victim. `time-to-safepoint`: it waited for threads to stop.
   * `late-thread`: for this one, or for one that does the work of the pause. `page-fault`: the waiter touched memory,
   * which takes mmap_lock.
   */
  step: z.enum(steps),
  /** Of the JVM's log. */
  label: orNull(z.string()),
  thread: orNull(threadSchema),
  /** What the thread did. */
  activity: orNull(z.enum(activities)),
  duration_ns: ns,
});

const linkSchema = z.object({
  start_ns: ns,
  end_ns: ns,
  duration_ns: ns,
  cause: z.enum(causes),
  grade: z.enum(grades),
  /** The lock that the thread held, in the way in which it held it. */
  lock: orNull(z.enum(locks)),
  /**
   * It did not have the lock yet: it was the writer at the head of the queue, had been woken to take it, and all that
   * are queued behind it wait for that, although the lock may be free. Only a trace tells.
   */
  isNext: z.boolean().default(false),
  /**
   * The thread was in state D itself, so it waited for a lock, perhaps for this one: a thread outside the process may
   * have it. Never more than possible.
   */
  holderWaited: z.boolean().default(false),
  /** Who is to blame: who held the lock, or who had the victim's CPU. Null where nobody was seen. */
  thread: orNull(threadSchema),
  /** What the thread was doing, such as `madvise_free across VMAs` or `mmap`; null where it is not known. */
  call: orNull(z.string()),
  /** Who stood between the victim and that thread, nearest to the victim first: a writer in the queue. */
  via: z.array(threadSchema),
  /** What the thread did meanwhile. Not exact: an upper bound of the time off its CPU. Null where it is not known. */
  holder: orNull(z.object({ running_ns: ns, preempted_ns: ns, blocked_ns: ns, isExact: z.boolean() })),
  /** Who ran on the thread's CPU while it was preempted, longest first; only a trace tells. */
  cpuTakenBy: z.array(z.object({ thread: threadSchema, duration_ns: ns })),
  /** From the victim to the cause; empty where the victim itself waited for it. */
  steps: z.array(stepSchema).default([]),
  /** Why it says no more than it does; null where it says all, and in a bundle of schema version 1. */
  why: orNull(z.looseObject({ code: z.string() }) as unknown as z.ZodType<LinkReason, LinkReason>).default(null),
  sentence: z.string(),
});

const causeSchema = linkSchema.pick({
  steps: true,
  duration_ns: true,
  cause: true,
  grade: true,
  lock: true,
  thread: true,
  sentence: true,
});

const evidenceSchema = z.object({
  /** What the chain was made from. */
  sources: z.array(z.enum(['states', 'calls', 'run delay', 'system call', 'log', 'steal', 'trace', 'stacks'])),
  /** Threads that matter to it, the victim first, with what each did over the stall: for a small timeline. */
  threads: z.array(
    z.object({
      thread: threadSchema,
      /** Its looks, as in `states`. */
      states: z.string(),
      /** Growth of its counters between the looks around the stall: an upper bound. Null where it was not looked at. */
      onCpu_ns: orNull(ns),
      runDelay_ns: orNull(ns),
      spans: z.array(z.object({ start_ns: ns, end_ns: ns, activity: z.enum(activities) })),
    }),
  ),
  /** Events of the JVM's log that overlap it. */
  events: z.array(z.object({ name: z.string(), label: z.string(), start_ns: ns, duration_ns: ns })),
  /**
   * System call in which the victim waited, by name; `none`: it was in a page fault. Null where it could not be read.
   */
  systemCall: orNull(z.string()),
  /** Share of all CPUs' time that the hypervisor took, over the second or so around it. */
  steal_share: orNull(z.number()),
  /** Kernel stacks read while it lasted, innermost frame first; only with --trace. */
  stacks: z.array(z.object({ thread: threadSchema, time_ns: ns, state: z.string(), frames: z.array(z.string()) })),
  /** What would have told more and is missing. */
  missing: statedList,
});

const callSchema = z.object({
  holder: z.string(),
  start_ns: ns,
  end_ns: ns,
  call: orNull(z.string()),
  crossed: z.boolean(),
  bytes: z.number(),
  runDelayAtMost_ns: ns,
});

const slowSchema = z.object({
  series: z.string(),
  start_ns: ns,
  duration_ns: ns,
  intended_ns: ns,
  /** Up to the last look. */
  stillRunning: z.boolean(),
  /** Its thread ended in the middle of it (state X), and the stall with it. */
  threadEnded: z.boolean().default(false),
  recorded: z.boolean(),
});

const stallSchema = slowSchema.extend({
  states: z.string(),
  stateShares: z.record(z.string(), z.number()),
  dominant: z.enum(['D', 'S', 'R', 'other', 'unobserved']),
  ownRunDelayAtMost_ns: orNull(ns),
  overlappingHolderCalls: z.array(callSchema),
  overlappingHolderCalls_n: z.number(),
  /** The victim; null in a bundle of a version without attribution. */
  thread: orNull(threadSchema).default(null),
  /** Its links partition the stall's time: each begins where the one before ends. Null as above. */
  chain: orNull(z.array(linkSchema)).default(null),
  /** Of the whole: what took most of its time, over all links of one cause, lock and thread. */
  cause: orNull(causeSchema).default(null),
  /** With a trace: what is said without it, from the same stall; for a check of the one by the other. */
  causeWithoutTrace: orNull(causeSchema).default(null),
  evidence: orNull(evidenceSchema).default(null),
});

export const traceSchema = z.object({
  /** Events read. */
  events_n: z.number(),
  /**
   * What a call of mprotect took without and with the trace, measured before the run; null in a bundle of an older
   * version.
   */
  call_ns: orNull(z.object({ without: ns, with: ns })).default(null),
  /** Events that the kernel dropped or overwrote, and those that could not be read. */
  lost_n: z.number(),
  /** From when to when nothing is missing, relative to go. */
  coveredFrom_ns: ns,
  coveredTo_ns: ns,
  /** Events that this kernel does not have. */
  missingEvents: z.array(z.string()),
  /** Kernel stacks that were read. */
  stacks_n: z.number(),
});

export const stallsSchema = z.object({
  schemaVersion: z.literal(schemaVersion),
  /** Null for a run without --trace. */
  trace: orNull(traceSchema).default(null),
  stalls: z.array(stallSchema),
  slow: z.array(slowSchema),
});

export type StallsFile = z.infer<typeof stallsSchema>;
export type ListedStall = StallsFile['stalls'][number];
export type ChainLink = z.infer<typeof linkSchema>;
export type StallCause = NonNullable<ListedStall['cause']>;
export type StallEvidence = z.infer<typeof evidenceSchema>;
export type { Activity, BlamedThread, ChainStep } from '../facts/chain-facts.js';
export type TraceFigures = z.infer<typeof traceSchema>;
