/**
 * The schema of what `pauselab gate --json` writes (gated.ts), for other tools. Its test holds real output and the
 * types against it.
 */
import { z } from 'zod';
import { jointSchema, rowSchema, sideSchema } from '../compare/compare-schema.js';
import { checkOutcomes } from './gated.js';
import { operators } from '../evidence/limit.js';
import { environmentClasses, inconclusiveMeanings } from './policy-schema.js';

const orNull = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => z.nullable(schema);

const limitSchema = z.object({
  operator: z.enum(operators),
  value: z.number().meta({ description: "In the metric's unit" }),
  values: z.array(z.number()).meta({ description: 'One a run of the candidate' }),
  violations: z.number().meta({ description: 'Runs beyond the limit' }),
  violations_share_high: orNull(z.number()).meta({
    description: 'How large the share of such runs may still be, at 95 %',
  }),
});

const checkSchema = z.object({
  kind: z.enum(['comparison', 'limit', 'evidence']),
  outcome: z
    .enum(checkOutcomes)
    .meta({ description: 'error: the evidence is missing or flawed; it passes under no policy' }),
  rule: orNull(z.string()),
  arm: orNull(z.string()),
  series: orNull(z.string()),
  metric: orNull(z.string()),
  expected: z.string().meta({ description: 'What must hold' }),
  sentence: z.string().meta({ description: 'What was found' }),
  comparison: orNull(rowSchema),
  limit: orNull(limitSchema),
});

export const gateSchema = z.object({
  schemaVersion: z.literal(1),
  verdict: z.string().meta({ description: 'The answer in plain words' }),
  outcome: z.enum(['pass', 'fail', 'inconclusive']),
  exitCode: z.union([z.literal(0), z.literal(3), z.literal(4)]),
  policy: z.object({
    source: z.string(),
    alpha: z.number(),
    minimumRuns: z.number(),
    inconclusive: z.enum(inconclusiveMeanings),
    allowDifferent: z.array(z.enum(environmentClasses)),
    allowSettings: z.array(z.string()),
  }),
  counts: z
    .object({ fail: z.number(), error: z.number(), inconclusive: z.number(), pass: z.number() })
    .meta({ description: 'Checks by outcome' }),
  together: orNull(jointSchema.extend({ sentence: z.string() })).meta({
    description: 'All comparisons of the gate as one test; null where nothing was compared',
  }),
  suites: z.array(
    z.object({
      profile: z.string(),
      candidate: sideSchema,
      baseline: orNull(sideSchema),
      checks: z.array(checkSchema),
      notes: z.array(z.string()),
    }),
  ),
});

/** It allows further keys, as later versions may add some without a new schema version. */
export function gateJsonSchema(): object {
  return { ...z.toJSONSchema(gateSchema, { io: 'input', reused: 'inline' }), title: 'pauselab gate --json' };
}
