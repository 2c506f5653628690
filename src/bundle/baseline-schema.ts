/**
 * `baseline.json`: what a stored baseline is of. Beside it lies a bundle of which the whole-run histograms are kept.
 */
import { z } from 'zod';

export const baselineVersion = 1;

const orNull = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => z.nullable(schema);

export const baselineSchema = z.object({
  schemaVersion: z.literal(baselineVersion),
  name: z.string(),
  savedAt: z.string(),
  /** The bundle's folder, as it was named. */
  savedFrom: z.string(),
  /** When its experiment began. */
  measuredAt: z.string(),
  /** Complete, undisturbed runs, all arms together. */
  runs: z.number(),
  /** What it may be compared with: the same profile (by the hash of what it measures), kernel, machine and JDK. */
  key: z.object({
    profile: z.string(),
    profileHash: z.string(),
    /** Of the place where it was measured; null: it has none, or a version without labels saved it. */
    label: orNull(z.string()).default(null),
    kernel: orNull(z.string()),
    /** CPUs, memory and added words of a guest, and the checksum of its image; null: no guest, or not known. */
    guest: orNull(z.string()).default(null),
    image: orNull(z.string()).default(null),
    preemption: orNull(z.string()),
    hz: orNull(z.number()),
    cpuModel: orNull(z.string()),
    cpus: orNull(z.number()),
    memoryBytes: orNull(z.number()),
    jdks: z.array(z.string()),
    /** Of a bundle of several kernels: each, in its order; `kernel` then names them all. */
    kernels: z
      .array(
        z.object({
          label: orNull(z.string()).default(null),
          kernel: orNull(z.string()),
          guest: orNull(z.string()).default(null),
          image: orNull(z.string()).default(null),
          preemption: orNull(z.string()),
          hz: orNull(z.number()),
        }),
      )
      .exactOptional(),
  }),
});

export type BaselineFile = z.infer<typeof baselineSchema>;

/** For other tools. */
export function baselineJsonSchema(): object {
  return { ...z.toJSONSchema(baselineSchema, { io: 'input', reused: 'inline' }), title: 'pauselab baseline.json' };
}
