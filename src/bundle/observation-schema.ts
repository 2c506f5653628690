/**
 * observation.json: a process that ran already, what stalled it, and what could not be seen. Its stalls are in
 * runs/observed/stalls.json, as those of a run are. Times are in ns; those of stalls count from `startedAt`.
 */
import { z } from 'zod';
import { causes, grades } from '../facts/blame.js';
import { tiers } from '../facts/observation-facts.js';
import { observedJvmSchema } from './observed-jvm-schema.js';
import { statedList, statedSchema } from './stated-schema.js';
import { threadSchema } from './stalls-schema.js';
import { schemaVersion } from './version.js';

const ns = z.number();

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
      /** When the observation began. */
      threads_n: z.number(),
      /** Null for a process that is no JVM. */
      jvm: z.nullable(observedJvmSchema).default(null),
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
      total_ns: ns,
      longest_ns: ns,
      threads_n: z.number(),
    }),
  ),
  /** What was not seen. */
  missing: statedList,
});

export type ObservationFile = z.infer<typeof observationSchema>;
