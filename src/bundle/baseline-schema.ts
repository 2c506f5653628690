/**
 * `baseline.json`: what a stored baseline was measured on. Beside it is a bundle that keeps only whole-run histograms.
 */
import { z } from 'zod';

export const baselineVersion = 1;

const orNull = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => z.nullable(schema);

export const baselineSchema = z.object({
  schemaVersion: z.literal(baselineVersion),
  name: z.string(),
  savedAt: z.string(),
  /** The folder of the bundle, as the user named it. */
  savedFrom: z.string(),
  /** When the experiment began. */
  measuredAt: z.string(),
  /** Number of complete, undisturbed runs of all arms. */
  runs: z.number(),
  /** A candidate must have the same profile (by the hash of what it measures), kernel, machine and JDK. */
  key: z.object({
    profile: z.string(),
    profileHash: z.string(),
    /** Label of the place; null: it has no label, or a version without labels saved it. */
    label: orNull(z.string()).default(null),
    kernel: orNull(z.string()),
    /** CPUs, memory and added words of a guest, and the checksum of its image; null: no guest, or unknown. */
    guest: orNull(z.string()).default(null),
    image: orNull(z.string()).default(null),
    preemption: orNull(z.string()),
    hz: orNull(z.number()),
    cpuModel: orNull(z.string()),
    cpus: orNull(z.number()),
    memoryBytes: orNull(z.number()),
    jdks: z.array(z.string()),
    /** The kernels of a bundle of several, in its order; `kernel` then names all of them. */
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
