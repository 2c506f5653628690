/**
 * stalls.json: every stall of a run, with its chain of blame. Times are relative to go. docs/attribution.md explains
 * causes and grades.
 */
import { z } from 'zod';
import { schemaVersion } from './version.js';
import { activities, type LinkReason } from '../facts/chain-facts.js';
import { userMoments } from '../facts/user-stack-facts.js';
import { statedList } from './stated-schema.js';
import { blamedPolicies, causes, grades, locks, steps } from '../facts/blame.js';

const ns = z.number();
const orNull = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => z.nullable(schema);

export const threadSchema = z.object({
  /** Name on the board, or the comm of a thread that is not on the board. */
  name: z.string(),
  tid: z.number(),
  /** `other`: an unplanned thread of the workload, such as a JVM's; `outside`: a thread of another program. */
  role: z.enum(['victim', 'holder', 'toucher', 'hog', 'load', 'other', 'outside']),
  /** As the profile sets it; null if unset. */
  nice: orNull(z.number()),
  /** Its scheduling policy (sched(7)), where it is not the normal one; absent: the normal one, or it is not known. */
  policy: z.enum(blamedPolicies).optional(),
});

/** A step between the victim and the cause: what delayed the victim, and through which threads. */
const stepSchema = z.object({
  /**
   * `gc-pause`, `safepoint`: the JVM stopped the victim. `time-to-safepoint`: the JVM waited for threads to stop.
   * `vm-operation`: the waiter asked the VM thread for an operation. `late-thread`: the JVM waited for this thread to
   * stop, or to do the work of the pause. `page-fault`: the waiter touched memory, which takes mmap_lock. `mutex`: this
   * thread held a mutex and waited itself.
   */
  step: z.enum(steps),
  /** The event in the JVM's log. */
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
  /** The lock that the thread held, and its mode. */
  lock: orNull(z.enum(locks)),
  /**
   * The thread did not have the lock yet. It was the writer at the head of the queue and had been woken to take the lock;
   * threads behind it wait, although the lock may be free. Or it had been woken to take a mutex. Only a trace or an
   * observation shows this.
   */
  isNext: z.boolean().default(false),
  /**
   * The thread was in state D, so it waited for a lock, perhaps for this lock: a thread outside the process may hold it.
   * The grade is at most `possible`.
   */
  holderWaited: z.boolean().default(false),
  /** The blamed thread: it held the lock, or had the victim's CPU. Null if no such thread was seen. */
  thread: orNull(threadSchema),
  /** The call of the thread, such as `madvise_free across VMAs` or `mmap`; null if unknown. */
  call: orNull(z.string()),
  /** Threads between the victim and the blamed thread, nearest to the victim first, such as a writer in the queue. */
  via: z.array(threadSchema),
  /** What the thread did meanwhile. If not exact: an upper bound of the time off its CPU. Null if unknown. */
  holder: orNull(
    z.object({
      running_ns: ns,
      preempted_ns: ns,
      blocked_ns: ns,
      isExact: z.boolean(),
      /** Its cgroup used up its CPU time (cpu.max) meanwhile, which may be why it had no CPU. */
      mayBeLimited: z.literal(true).optional(),
    }),
  ),
  /** Threads that ran on its CPU while it was preempted, longest first. Only a trace shows them. */
  cpuTakenBy: z.array(z.object({ thread: threadSchema, duration_ns: ns })),
  /** Steps from the victim to the cause; empty if the victim waited directly for the cause. */
  steps: z.array(stepSchema).default([]),
  /** What limits the certainty; null if nothing does, and in a bundle of schema version 1. */
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
  /** The evidence of the chain. */
  sources: z.array(z.enum(['states', 'calls', 'run delay', 'system call', 'log', 'steal', 'trace', 'stacks'])),
  /** Relevant threads, the victim first, with their states during the stall, for a small timeline. */
  threads: z.array(
    z.object({
      thread: threadSchema,
      /** Readings of its state, as in `states`. */
      states: z.string(),
      /** Growth of its counters between the readings around the stall: an upper bound. Null without readings. */
      onCpu_ns: orNull(ns),
      runDelay_ns: orNull(ns),
      spans: z.array(z.object({ start_ns: ns, end_ns: ns, activity: z.enum(activities) })),
    }),
  ),
  /** Events of the JVM's log that overlap the stall. */
  events: z.array(z.object({ name: z.string(), label: z.string(), start_ns: ns, duration_ns: ns })),
  /**
   * Name of the system call in which the victim waited; `none`: it was in a page fault. Null if it could not be read.
   */
  systemCall: orNull(z.string()),
  /** Share of the time of all CPUs that the hypervisor took, over about a second around the stall. */
  steal_share: orNull(z.number()),
  /** Kernel stacks during the stall, innermost frame first; only with --trace. */
  stacks: z.array(z.object({ thread: threadSchema, time_ns: ns, state: z.string(), frames: z.array(z.string()) })),
  /**
   * Where programs had called the kernel: of a thread of the chain as it gave back what others waited for or lost its CPU
   * with it, and of the victim as its wait ended. Only of an observation by eBPF.
   */
  userStacks: z
    .array(
      z.object({
        thread: threadSchema,
        moment: z.enum(userMoments),
        frames: z.array(
          z.object({
            function: orNull(z.string()),
            module: orNull(z.string()),
            offset: orNull(z.string()),
            isInferred: z.boolean(),
          }),
        ),
        isCut: z.boolean(),
      }),
    )
    .default([]),
  /** Missing evidence. */
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
  /** Until the last look. */
  stillRunning: z.boolean(),
  /** The thread ended during the stall (state X), which ended the stall. */
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
  /** The links partition the time of the stall: each begins where the link before it ends. Null as above. */
  chain: orNull(z.array(linkSchema)).default(null),
  /** The main cause: it took the most time, summed over all links with the same cause, lock and thread. */
  cause: orNull(causeSchema).default(null),
  /** With a trace: the cause of the same stall by the evidence without the trace, for a comparison. */
  causeWithoutTrace: orNull(causeSchema).default(null),
  evidence: orNull(evidenceSchema).default(null),
});

export const traceSchema = z.object({
  /** Number of events. */
  events_n: z.number(),
  /**
   * Duration of a call of mprotect without and with the trace, measured before the run; null in a bundle of an older
   * version.
   */
  call_ns: orNull(z.object({ without: ns, with: ns })).default(null),
  /** Events that the kernel dropped or overwrote, or that could not be read. */
  lost_n: z.number(),
  /** The time without missing events, relative to go. */
  coveredFrom_ns: ns,
  coveredTo_ns: ns,
  /** Events that this kernel lacks. */
  missingEvents: z.array(z.string()),
  /** Number of kernel stacks. */
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
