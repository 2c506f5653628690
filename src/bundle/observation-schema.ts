/**
 * observation.json: a process that ran already, what stalled it, and what could not be seen. Its stalls are in
 * runs/observed/stalls.json, as those of a run are. Times are in ns; those of stalls count from `startedAt`.
 */
import { z } from 'zod';
import { blamedPolicies, causes, grades } from '../facts/blame.js';
import { tiers } from '../facts/observation-facts.js';
import { observedJvmSchema } from './observed-jvm-schema.js';
import { statedList, statedSchema } from './stated-schema.js';
import { threadSchema } from './stalls-schema.js';
import { schemaVersion } from './version.js';

const ns = z.number();

/** Policies of sched(7). */
const policySchema = z.nullable(z.enum(blamedPolicies));

/** What was seen of a root beyond its stalls, so that a profile can repeat it. */
const holderSchema = z.object({
  cause: z.enum(causes),
  call: z.nullable(z.string()),
  thread: z.nullable(threadSchema),
  /** Threads that are alike to it. */
  threads_n: z.number(),
  /** In its call. */
  nice: z.nullable(z.number()),
  /** When the observation ended; null: the thread had ended, or there is none. */
  policy: policySchema,
  /** Spans of time in which it stalled threads, and the middle length. */
  episodes_n: z.number(),
  episodeMedian_ns: z.nullable(ns),
  /** The middle length of its stalls. */
  stallMedian_ns: z.nullable(ns),
  /** Its holds of mmap_lock that stalled threads; null: none was reported. */
  held: z.nullable(z.object({ n: z.number(), median_ns: ns, longest_ns: ns, onCpuMedian_ns: ns, offCpu_ns: ns })),
  /** How long its threads were on a CPU and off it while they stalled others, added up; null: no thread is to blame. */
  meanwhile: z.nullable(z.object({ onCpu_ns: ns, offCpu_ns: ns })),
  /** Of its calls that stalled threads; null: the call has no range in its arguments. */
  range: z.nullable(
    z.object({
      distinct_n: z.number(),
      medianBytes: z.number(),
      largestBytes: z.number(),
      /** The largest power of two that divides all addresses and sizes, at most 2 MiB. */
      alignmentBytes: z.number(),
    }),
  ),
  /** Whether the range spanned several VMAs; null: its lock does not depend on that. */
  crossed: z.nullable(z.enum(['yes', 'no', 'unknown'])),
  /** Threads that had its CPU, or that of the stalled thread, longest first. */
  competitors: z.array(
    z.object({
      name: z.string(),
      nice: z.nullable(z.number()),
      policy: policySchema,
      /** Those with a tenth of the time of all competitors, at least 1. */
      threads_n: z.number(),
      total_ns: ns,
      /** Spans in which they had the CPU without a break, and the middle length; null: only their sum is known. */
      spans_n: z.number(),
      spanMedian_ns: z.nullable(ns),
    }),
  ),
  /** Most of the stalled threads stalled others meanwhile. */
  stalledThemselves: z.boolean(),
  /** In which calls the stalled threads waited, and for what; most frequent first. */
  waiters: z.array(
    z.object({
      /** Null: in a page fault, or not in the kernel. */
      call: z.nullable(z.string()),
      mode: z.enum(['mmap_lock read', 'mmap_lock write', 'cpu', 'other']),
      waits_n: z.number(),
      threads_n: z.number(),
      nice: z.number(),
    }),
  ),
});

export const observationSchema = z.object({
  schemaVersion: z.literal(schemaVersion),
  kind: z.literal('observation'),
  tool: z.object({ name: z.literal('pauselab'), version: z.string() }),
  startedAt: z.string(),
  /** CLOCK_MONOTONIC then, as System.nanoTime() has it: a log of the process itself can be laid beside the stalls. */
  monotonicStart_ns: ns,
  argv: z.array(z.string()),
  kernel: z.string(),
  /** Of the machine; null: an older version did not write it. */
  cpus: z.nullable(z.number()).default(null),
  /** By what it was seen. */
  tier: z.enum(tiers),
  /** Ways of observing that show more and were not possible, each with its `tier`. */
  refusedTiers: statedList.default([]),
  targets: z.array(
    z.object({
      pid: z.number(),
      name: z.string(),
      /** Another name that it had at the end, as after an execve; absent: the same, or it had ended. */
      nameAtEnd: z.string().optional(),
      /** When the observation began. */
      threads_n: z.number(),
      /** Null for a process that is no JVM. */
      jvm: z.nullable(observedJvmSchema).default(null),
      /** Resident memory then; null: not read. */
      rssBytes: z.nullable(z.number()).default(null),
    }),
  ),
  threshold_ns: ns,
  /** Shorter intervals were not reported. */
  detail_ns: ns,
  watched_ns: ns,
  /** What watching took: CPU time and memory of the helper; not what its programs in the kernel took. */
  cost: z.object({ cpu_ns: ns, memoryBytes: z.number() }),
  answer: statedSchema,
  /** By root, most stalled time first. */
  reasons: z.array(
    z.object({
      cause: z.enum(causes),
      grade: z.enum(grades),
      thread: z.nullable(threadSchema),
      call: z.nullable(z.string()),
      givesBack: z.boolean(),
      stalls_n: z.number(),
      /** Of these with the grade `possible`; absent: an earlier version did not write it. */
      possible_n: z.number().optional(),
      total_ns: ns,
      longest_ns: ns,
      threads_n: z.number(),
    }),
  ),
  /** One for each reason, in the same order; empty if another tier observed, and in a bundle of an earlier version. */
  holders: z.array(holderSchema).default([]),
  /** What was not seen. */
  missing: statedList,
});

export type RootFigures = z.infer<typeof holderSchema>;
export type ObservedTarget = ObservationFile['targets'][number];
export type ObservationFile = z.infer<typeof observationSchema>;
