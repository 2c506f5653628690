/**
 * The schema of what `pauselab compare --json` writes (compared.ts), for other tools. Its test holds real output and the
 * types against it.
 */
import { z } from 'zod';
import { decidedVerdicts, decisionReasons } from './decide.js';
import { metricUnits } from './metrics.js';

const orNull = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => z.nullable(schema);
const number = z.number();
const pair = <T extends z.ZodType>(schema: T) => z.object({ a: schema, b: schema });

/** A 95 % interval; a limit is null where there is none, or where it is beyond all numbers. */
const interval = z.object({ estimate: number, low: orNull(number), high: orNull(number) });
const share = z.object({ share: number, low: number, high: number });

export const factsSchema = z.object({
  profile: orNull(z.string()),
  profileHash: orNull(z.string()),
  kernel: orNull(z.string()),
  preemption: orNull(z.string()),
  hz: orNull(number),
  cpuModel: orNull(z.string()),
  cpus: orNull(number),
  memoryBytes: orNull(number),
  tool: orNull(z.string()),
  jdks: z.array(z.string()),
});

export const sideSchema = z.object({
  label: z.string(),
  path: z.string(),
  kind: z.enum(['bundle', 'log']),
  facts: factsSchema,
  degraded: z.array(z.string()),
});

export const rowSchema = z.object({
  key: z.string().meta({ description: 'One of a kind in the document' }),
  candidate: z.string(),
  arms: pair(z.string()),
  series: z.string(),
  metric: z.string(),
  title: z.string(),
  unit: z.enum(metricUnits).meta({ description: 'Of values, means, differences and the absolute margin: share of the window (1 is all of it), a number a minute, nanoseconds (time), a number, bytes, or a flag (0 or 1)' }),
  margin: z.object({ relative: number, absolute: number }),
  values: pair(z.array(number)).meta({ description: 'One a run' }),
  window_ns: z.object({ shortest: number, longest: number }),
  runs: pair(number),
  mean: pair(orNull(number)),
  difference: orNull(interval).meta({ description: 'B less A, of the means over the runs' }),
  ratio: orNull(interval).meta({ description: 'B by A, of the means; null where A is 0 and B is not' }),
  shift: orNull(interval).meta({ description: 'Of the typical run (Hodges and Lehmann)' }),
  p: orNull(number),
  pAdjusted: orNull(number).meta({ description: 'For all metrics of the document (Holm); null where no division of the runs could have shown anything' }),
  resolution: orNull(number).meta({ description: 'The smallest p that these values could have given' }),
  affected: orNull(pair(share)).meta({ description: 'Runs whose value is not 0, and how large their true share may be' }),
  verdict: z.enum(decidedVerdicts),
  reason: z.enum(decisionReasons),
  refusal: orNull(z.string()),
  sentence: z.string(),
  wouldDecide: orNull(z.object({ runs: orNull(number).meta({ description: 'A side, in all; null: none up to 1,000' }), of: z.enum(['difference', 'equivalence']) })),
});

export const comparisonSchema = z.object({
  schemaVersion: z.literal(1),
  verdict: z.string().meta({ description: 'The answer in plain words' }),
  alpha: number,
  reference: sideSchema,
  candidates: z.array(sideSchema),
  rows: z.array(rowSchema),
  notes: z.array(z.string()),
});

/** It allows further keys, as later versions may add some without a new schema version. */
export function comparisonJsonSchema(): object {
  return { ...z.toJSONSchema(comparisonSchema, { io: 'input', reused: 'inline' }), title: 'pauselab compare --json' };
}
