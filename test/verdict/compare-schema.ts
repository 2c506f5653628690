/**
 * The published schema of what `pauselab compare --json` writes (src/verdict/compare/compared.ts), for other tools.
 * pauselab never reads such a document, so the schema is beside the test that compares it with the types and with real
 * output.
 */
import { z } from 'zod';
import { statedSchema } from '../../src/bundle/stated-schema.js';
import {
  decisionReasons,
  valuePers,
  type Caveat,
  type CompareConclusion,
  type CompareNote,
  type Refusal,
} from '../../src/facts/compare-facts.js';
import { metricUnits } from '../../src/facts/metric-facts.js';
import type { ExpectedRootFact } from '../../src/facts/repetition-facts.js';
import type { IncompleteSide } from '../../src/facts/side-facts.js';
import type { Stated } from '../../src/facts/stated.js';
import { sideKinds } from '../../src/verdict/evidence/side.js';
import { decidedVerdicts } from '../../src/verdict/compare/decide.js';
import { jointFindings } from '../../src/verdict/compare/joint.js';

/** The code decides which figures it has. */
export const statedAs = <Fact extends { readonly code: string }>() =>
  statedSchema as unknown as z.ZodType<Stated<Fact>, Stated<Fact>>;

const orNull = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => z.nullable(schema);
const number = z.number();
const pair = <T extends z.ZodType>(schema: T) => z.object({ a: schema, b: schema });

/**
 * A 95 % interval, in a gate a 90 % interval (each end at 95 %). A limit is null if there is none, or if it is
 * infinite.
 */
const interval = z.object({ estimate: number, low: orNull(number), high: orNull(number) });
const share = z.object({ share: number, low: number, high: number });

const factsSchema = z.object({
  profile: orNull(z.string()),
  profileHash: orNull(z.string()),
  label: orNull(z.string()).meta({ description: 'Of the place where it was measured; null: no label' }),
  kernel: orNull(z.string()),
  guest: orNull(z.string()).meta({ description: 'CPUs, memory and added words of a guest; null: no guest' }),
  image: orNull(z.string()).meta({ description: 'Of a guest’s kernel, by its checksum; null: no guest' }),
  preemption: orNull(z.string()),
  hz: orNull(number),
  transparentHugePages: orNull(z.string()),
  autogroup: orNull(z.boolean()),
  clockSource: orNull(z.string()),
  schedFeatures: orNull(z.array(z.string())).meta({ description: 'Of the scheduler; null: not known' }),
  cpuModel: orNull(z.string()),
  cpus: orNull(number),
  memoryBytes: orNull(number),
  tool: orNull(z.string()),
  trace: orNull(z.boolean()).meta({ description: 'Whether the runs were traced (--trace)' }),
  jdks: z.array(z.string()),
  allocators: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      ofJdk: z.literal(true).optional().meta({ description: 'A C library that a fetched JDK brought' }),
    }),
  ),
});

const incompleteSchema = z.looseObject({ code: z.string() }) as unknown as z.ZodType<IncompleteSide, IncompleteSide>;

export const sideSchema = z.object({
  label: z.string(),
  path: z.string(),
  kind: z.enum(sideKinds),
  facts: factsSchema,
  degraded: z.array(statedSchema),
  incomplete: orNull(incompleteSchema).meta({ description: 'Why its experiment is not whole, by a code' }),
  notWhole: z
    .array(z.object({ side: z.string(), incomplete: incompleteSchema }))
    .optional()
    .meta({ description: 'Of boots: each bundle that is not whole, by its path' }),
  startedAt: orNull(z.string()).meta({ description: 'UTC; null of a log' }),
  measured_ns: z.record(z.string(), number).meta({
    description: 'How long its runs took, by arm: from go to the end of the drain, including runs that are left out',
  }),
});

export const rowSchema = z.object({
  key: z.string().meta({ description: 'Unique in the document' }),
  candidate: z.string(),
  arms: pair(z.string()),
  series: z.string(),
  metric: z.string(),
  title: z.string(),
  unit: z.enum(metricUnits).meta({
    description:
      'Of values, means, differences and the absolute margin: share of the window (1 is all of it), a number a minute, nanoseconds (time), a number, bytes, or a flag (0 or 1)',
  }),
  valuePer: z.enum(valuePers).meta({
    description: 'What a value is of: a run of an experiment, or a slice of time of an observation',
  }),
  margin: z.object({ relative: number, absolute: number }),
  values: pair(z.array(number)).meta({ description: 'A value for each run or slice' }),
  window_ns: z.object({ shortest: number, longest: number }),
  runs: pair(number),
  mean: pair(orNull(number)),
  difference: orNull(interval).meta({ description: 'B less A, of the means over the runs' }),
  ratio: orNull(interval).meta({ description: 'B by A, of the means; null where A is 0 and B is not' }),
  shift: orNull(interval).meta({ description: 'Of the typical run (Hodges and Lehmann)' }),
  p: orNull(number),
  pAdjusted: orNull(number).meta({
    description:
      'For all metrics of the document, in the joint test; null if no division of the runs could have shown anything',
  }),
  resolution: orNull(number).meta({ description: 'The smallest p that these values could have given' }),
  score: orNull(number).meta({ description: 'Standard errors beyond the margin; 0 inside it' }),
  noWorse: orNull(
    z.object({
      holds: z.boolean(),
      bound: orNull(number).meta({ description: 'How much worse it may be, each bound at 95 %' }),
      boundRelative: orNull(number).meta({ description: 'The same as a share of the baseline' }),
      setAside: z
        .union([z.literal(0), z.literal(1)])
        .meta({ description: 'Runs of each side, the highest, that were left out of the mean' }),
    }),
  ).meta({ description: 'Of a gate: whether it is shown to be no worse than the margin allows' }),
  affected: orNull(pair(share)).meta({
    description: 'Runs whose value is not 0, and how large their true share may be',
  }),
  verdict: z.enum(decidedVerdicts),
  reason: z.enum(decisionReasons),
  refusal: orNull(statedAs<Refusal>()),
  caveat: orNull(statedAs<Caveat>()).meta({
    description: 'Why figures that are not refused may be too good, or what was counted for that reason',
  }),
  sentence: z.string(),
  wouldDecide: orNull(
    z.object({
      runs: orNull(number).meta({ description: 'A side, in all; null: none up to 1,000' }),
      of: z.enum(['difference', 'equivalence']),
    }),
  ),
});

export const jointSchema = z.object({
  finding: z.enum(jointFindings).meta({
    description:
      'unnamed: something differs, and no single figure is certain to; undecidable: no outcome of these runs could have shown anything',
  }),
  p: number.meta({ description: 'The probability that chance alone shows as much in any figure' }),
  pLargest: number,
  pSum: number,
  smallestP: number.meta({ description: 'The smallest p that any outcome of these runs could have had' }),
  sidedness: z.enum(['one', 'two']),
  divisions: number.meta({ description: 'Ways to divide the rounds that were looked at' }),
  exact: z.boolean(),
});

export const comparisonSchema = z.object({
  schemaVersion: z.literal(2),
  verdict: z.string().meta({ description: 'The answer in plain words: the sentences of the conclusions' }),
  conclusions: z.array(statedAs<CompareConclusion>()).meta({ description: 'One for each candidate' }),
  alpha: number,
  reference: sideSchema,
  candidates: z.array(sideSchema),
  joint: z
    .array(jointSchema.extend({ candidate: z.string() }))
    .meta({ description: 'All metrics of a candidate as one test' }),
  rows: z.array(rowSchema),
  notes: z.array(statedAs<CompareNote>()),
  expected: z.array(z.object({ path: z.string(), roots: z.array(statedAs<ExpectedRootFact>()) })).meta({
    description: 'Of bundles whose profile repeats an observation: each root with whether it came back',
  }),
});

/** It allows further keys, as later versions may add some without a new schema version. */
export function comparisonJsonSchema(): object {
  return { ...z.toJSONSchema(comparisonSchema, { io: 'input', reused: 'inline' }), title: 'pauselab compare --json' };
}
