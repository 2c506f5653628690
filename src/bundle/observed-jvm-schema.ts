/** What an observation learned about a process that is a JVM. */
import { z } from 'zod';
import { statedList } from './stated-schema.js';

const ns = z.number();

const countersSchema = z.nullable(
  z.object({
    safepoints_n: z.nullable(z.number()),
    safepoint_ns: z.nullable(ns),
    safepointReach_ns: z.nullable(ns),
    heapCommittedBytes: z.nullable(z.number()),
    heapUsedBytes: z.nullable(z.number()),
    collections: z.array(z.object({ name: z.string(), collections_n: z.number(), total_ns: ns })),
  }),
);

export const observedJvmSchema = z.object({
  version: z.nullable(z.string()),
  collector: z.nullable(z.string()),
  /** Main class, jar, module or source file. */
  main: z.nullable(z.string()),
  /** Of the collector and of memory, as they were given. */
  flags: z.array(z.string()),
  /** Which flags were kept, here and in `attached` (src/catalogue/memory-flags.ts); earlier versions did not write it. */
  flagsVersion: z.number().default(1),
  /** That it writes already. */
  logFiles: z.array(z.string()),
  counters: z.object({ before: countersSchema, after: countersSchema }),
  /** Null without --jvm. */
  attached: z.nullable(
    z.object({
      /** Of the collector and of memory, also those that the JVM chose. */
      flags: z.array(z.string()),
      /** Whose full names are known. */
      threads_n: z.number(),
      /** Of its log, in the window; null: it could not be read. */
      events: z.nullable(z.array(z.object({ name: z.string(), events_n: z.number(), total_ns: ns, longest_ns: ns }))),
      /** What may be left of the observation in this JVM. */
      left: statedList,
    }),
  ),
});

export type ObservedJvm = z.infer<typeof observedJvmSchema>;
