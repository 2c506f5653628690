/**
 * The published schema of what `pauselab gate --json` writes (src/verdict/gate/gated.ts), for other tools, beside its
 * test as compare-schema.ts.
 */
import { z } from 'zod';
import { gateCodes, type CheckReason, type GateNote } from '../../src/facts/gate-facts.js';
import { metricUnits } from '../../src/facts/metric-facts.js';
import { jointSchema, rowSchema, sideSchema, statedAs } from './compare-schema.js';
import { checkOutcomes } from '../../src/verdict/gate/gated.js';
import { operators } from '../../src/verdict/evidence/limit.js';
import { environmentClasses, inconclusiveMeanings } from '../../src/verdict/gate/policy-schema.js';

const orNull = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => z.nullable(schema);

const limitSchema = z.object({
  operator: z.enum(operators),
  value: z.number().meta({ description: "In the metric's unit" }),
  values: z.array(z.number()).meta({ description: 'A value for each run of the candidate' }),
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
  reason: statedAs<CheckReason>().meta({ description: 'What was found: a code, its figures and a sentence' }),
  comparison: orNull(rowSchema),
  limit: orNull(limitSchema),
});

const conclusionSchema = z.object({
  code: z.enum(gateCodes).meta({ description: 'The exit code follows from it' }),
  judged_n: z.number().meta({ description: 'Checks that judge a metric' }),
  fail_n: z.number(),
  error_n: z.number(),
  inconclusive_n: z.number(),
  profiles_n: z.number(),
  suites_n: z.number(),
  first: orNull(
    z.object({
      profile: z.string(),
      arm: orNull(z.string()),
      series: orNull(z.string()),
      metric: orNull(z.string()),
      reason: z.string().meta({ description: 'The code of its reason' }),
    }),
  ).meta({ description: 'The first check that decided it' }),
  passNeeds: orNull(
    z.object({
      runs_n: orNull(z.number()).meta({
        description: 'A side; null: unknown, or a comparison is beyond its margin, by chance or not',
      }),
      showWorse_n: orNull(z.number()).meta({
        description:
          'Runs a side that would show that it is worse, if it is as much worse as these runs show; null: it does not look so, or unknown',
      }),
      showWorse_p: orNull(z.number()).meta({
        description: 'The probability that chance alone shows as much in that comparison; null: not known',
      }),
      margins: z.array(
        z.object({
          metric: z.string(),
          title: z.string(),
          unit: z.enum(metricUnits),
          margin: z.object({ relative: z.number(), absolute: z.number() }),
        }),
      ),
    }),
  ).meta({ description: 'What would let similar runs pass; null unless inconclusive' }),
});

export const gateSchema = z.object({
  schemaVersion: z.literal(2),
  verdict: z.string().meta({ description: 'The conclusion in plain words' }),
  conclusion: conclusionSchema,
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
  together: orNull(
    jointSchema.extend({
      figures_n: z.number(),
      regressed_n: z.number(),
      beyond_n: z.number().meta({ description: 'Figures beyond their margins' }),
      sentence: z.string(),
    }),
  ).meta({
    description: 'All comparisons of the gate as one test; null where nothing was compared',
  }),
  suites: z.array(
    z.object({
      profile: z.string(),
      candidate: sideSchema,
      baseline: orNull(sideSchema),
      checks: z.array(checkSchema),
      notes: z.array(statedAs<GateNote>()),
    }),
  ),
});

/** It allows further keys, as later versions may add some without a new schema version. */
export function gateJsonSchema(): object {
  return { ...z.toJSONSchema(gateSchema, { io: 'input', reused: 'inline' }), title: 'pauselab gate --json' };
}
