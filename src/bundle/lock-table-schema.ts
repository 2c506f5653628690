/**
 * A file of a lock atlas (`pauselab doctor --kernel … --out`): the lock of each call on one kernel. It has what was
 * found, and not what was declared: a reader compares it with its own catalogue.
 */
import { z } from 'zod';
import { foundLocks, lockRanges } from '../catalogue/lock-row.js';
import { schemaVersion } from './version.js';

const foundRowSchema = z.object({
  operation: z.string(),
  layout: z.enum(lockRanges),
  lock: z.enum(foundLocks),
  errno: z.nullable(z.string()),
  figures: z.nullable(z.string()),
});

export const lockTableSchema = z.object({
  schemaVersion: z.literal(schemaVersion),
  kind: z.literal('lock-table'),
  /** Its name beside the other kernels: the label, or the release. */
  kernel: z.string(),
  asked: z.string(),
  release: z.string(),
  imageSha256: z.string(),
  /** In force. */
  preempt: z.nullable(z.string()),
  accelerator: z.enum(['kvm', 'tcg']),
  qemu: z.string(),
  tool: z.object({
    version: z.string(),
    /** Checksum of the names of all calls that are tested. */
    callsSha256: z.string(),
  }),
  startedAt: z.string(),
  fit: z.boolean(),
  /** Reasons why the guest is unfit; then there are no rows. */
  unfit: z.array(z.string()),
  /** How many times open rows were tested. */
  examinations_n: z.number(),
  locks: z.array(foundRowSchema),
});

export type LockTableFile = z.infer<typeof lockTableSchema>;
