/**
 * Answers of a guest (said.ts), as the host reads them (kernel/guest/frames.ts carries them). The host does not trust
 * the guest: a kernel under test may do anything to the programs on it. So the host checks names and sizes in every
 * answer before a bundle stores any part of it.
 */
import { z } from 'zod';
import { failureCodes } from '../../base/failure.js';
import { parseJson } from '../../base/json.js';
import { bundleSchemas, manifestSchema, runSchema, seriesSchema } from '../../bundle/bundle-schema.js';
import { foundLocks, lockRanges } from '../../catalogue/lock-row.js';
import type { HostFacts } from '../../host/facts.js';
import { lastUsedIndex, type SparseCounts } from '../../record/histogram/counts.js';
import { protocol } from './protocol.js';

const text = (most: number): z.ZodString => z.string().max(most);
const finite = z.number();

const countsSchema = z
  .object({
    n: finite,
    /** Null if n is 0: JSON has no Infinity. */
    min_ns: finite.nullable(),
    max_ns: finite,
    sum_ns: finite,
    overRange: finite,
    index: z.array(z.int().min(0).max(lastUsedIndex)).max(lastUsedIndex + 1),
    count: z.array(finite.min(0)).max(lastUsedIndex + 1),
  })
  .refine(
    ({ index, count }) =>
      index.length === count.length && index.every((one, i) => i === 0 || one > (index[i - 1] ?? one)),
    'the counters are inconsistent',
  )
  .transform(({ min_ns, index, count, ...rest }): SparseCounts => ({
    ...rest,
    min_ns: min_ns ?? Infinity,
    index: Uint32Array.from(index),
    count: Float64Array.from(count),
  }));

const analysisSchema = z.object({
  window_ns: finite,
  series: z
    .array(
      z.object({
        name: text(200),
        service: countsSchema,
        response: countsSchema.nullable(),
        interval_ns: finite,
        figures: seriesSchema,
      }),
    )
    .max(1000),
  holder: z.object({ service: countsSchema, figures: runSchema.shape.holder.unwrap() }).nullable(),
});

/** A file of the run's folder: a plain name that is not hidden and does not leave the folder. */
const fileName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,80}(?:\.[A-Za-z0-9_-]{1,40}){1,3}$/)
  .refine((name) => name !== 'run.json', 'only the host writes run.json');
const files = z
  .record(fileName, text(64 * 1024 * 1024))
  .refine((all) => Object.keys(all).length <= 64, 'too many files')
  .refine((all) => isStallList(all['stalls.json']), 'stalls.json is not a list of stalls');

/** The only file among these that pauselab reads as JSON. */
function isStallList(text: string | undefined): boolean {
  try {
    return text === undefined || bundleSchemas.stalls.safeParse(parseJson(text)).success;
  } catch {
    return false;
  }
}

/** The text is printed unchanged, so it must not contain control characters. */
const word = z
  .string()
  .max(100)
  .regex(/^[\x20-\x7e]*$/);

/** The part of an examination (doctor/examine.ts) that concerns the guest's kernel. */
const examinedSchema = z.object({
  type: z.literal('examined'),
  fit: z.boolean(),
  /** Reasons why the guest is unfit. */
  unfit: z.array(word).max(100),
  locks: z
    .array(
      z.object({
        operation: word,
        layout: z.enum(lockRanges),
        lock: z.enum(foundLocks),
        errno: word.nullable(),
        figures: text(1000).nullable(),
      }),
    )
    .max(500),
});

export type Examined = Omit<z.infer<typeof examinedSchema>, 'type'>;

const ranSchema = z.object({
  type: z.literal('ran'),
  file: runSchema,
  files,
  analysis: analysisSchema,
  log: z
    .array(z.object({ name: text(200), counts: countsSchema, long_count: finite, inWindow_ns: finite.nullable() }))
    .max(1000),
});

const factsSchema = z.object({
  kernel: text(200),
  kernelVersion: text(500),
  preemption: text(50).nullable(),
  hz: finite.nullable(),
  schedFeatures: z.array(word).max(500).nullable(),
  perVmaLocks: z.boolean().nullable(),
  cpuModel: text(200),
  cpus: z.array(z.int()).max(4096),
  cores: finite,
  memoryBytes: finite,
  memoryLimitBytes: finite.nullable(),
  hypervisor: z.boolean().nullable(),
  transparentHugePages: text(50).nullable(),
  autogroup: z.boolean().nullable(),
  clockSource: text(50).nullable(),
  maxMapCount: finite.nullable(),
  bootId: text(100).nullable(),
  node: text(50),
  root: z.boolean(),
}) satisfies z.ZodType<HostFacts>;

export const answerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), protocol: z.literal(protocol), uptime_s: finite }),
  z.object({ type: z.literal('facts'), facts: factsSchema, mitigations: z.record(text(100), text(500)) }),
  z.object({ type: z.literal('progress'), text: text(500) }),
  /** `clock_ns`: CLOCK_MONOTONIC of the guest, which the host compares with its clock. */
  z.object({ type: z.literal('phase'), phase: z.enum(['preparing', 'measuring', 'analysing']), clock_ns: finite }),
  z.object({
    type: z.literal('sized'),
    regions: z.array(z.tuple([text(300), manifestSchema.shape.calibration.element])).max(1000),
  }),
  ranSchema,
  examinedSchema,
  z.object({
    type: z.literal('failed'),
    code: z.enum(failureCodes),
    sentence: text(4000),
  }),
  /** A bug of pauselab in the guest. */
  z.object({ type: z.literal('broken'), text: text(8000) }),
]);

export type Answer = z.infer<typeof answerSchema>;
/** The answer of the guest before it is checked and its counters become arrays again. */
export type Said = z.input<typeof answerSchema>;
