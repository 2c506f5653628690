/**
 * Reads a resolved profile from a bundle's manifest. A bundle may come from anywhere, so values that become a file name, a
 * word of the engine's plan or an argument must be values that expansion can make. Unknown keys of later versions are
 * kept. An arm of a version without `kind` gets its kind here.
 */
import { z } from 'zod';
import { allocators } from '../../catalogue/allocators.js';
import { collectors } from '../../catalogue/collectors.js';
import { causes } from '../../facts/blame.js';
import { limitNames } from './limits.js';
import { preemptionModels } from '../check/preemption.js';
import { schedFeatureWord } from '../check/sched-feature.js';
import type { ResolvedProfile } from './resolved.js';

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const nice = z.number().int().min(-20).max(19);
const share = z.number().min(0).max(1);
const line = z
  .string()
  .max(4096)
  .regex(/^[^\0\r\n]*$/);
const kebab = z
  .string()
  .max(60)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
/** With the label of a JDK: `g1-nice-19@jdk-26`. */
const armName = z
  .string()
  .max(101)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*(@[A-Za-z0-9][A-Za-z0-9._-]*)?$/);
/** Such as `writer.mprotect`, `madvise_free` or `load.heap-wave`. */
const word = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);
const many = <T extends z.ZodType>(item: T) => z.array(item).max(1000);

const cpus = z.union([
  z.looseObject({ kind: z.enum(['first', 'second']) }),
  z.looseObject({ kind: z.literal('list'), cpus: many(z.number().int().min(0).max(4095)) }),
]);
const policy = z.string().regex(/^(other|batch|idle|(fifo|rr) \d{1,2})$/);
const slice_ns = whole.min(1).exactOptional();
const cpuWeight = whole.min(1).max(10_000).exactOptional();
const thread = { nice, policy, slice_ns, cpus };
/** Null: left as it is. */
const scheduling = { nice: z.nullable(nice), policy: z.nullable(policy), slice_ns, cpus: z.nullable(cpus) };

const holder = z.looseObject({
  ...thread,
  operation: word,
  pause_ns: whole,
  region: z.union([
    z.looseObject({ kind: z.literal('calibrated') }),
    z.looseObject({ kind: z.literal('bytes'), bytes: whole }),
    z.looseObject({ kind: z.literal('hold'), hold_ns: whole.min(1) }),
  ]),
  vmas: whole.min(2).max(1_000_000).exactOptional(),
  pages: z.enum(['small', 'huge']),
  toucher: z.nullable(z.looseObject(thread)),
  process: z.enum(['same', 'foreign']),
  cpuWeight,
  cpuMax: z.looseObject({ quota_ns: whole.min(1), period_ns: whole.min(1) }).exactOptional(),
  arena: whole.max(4095).exactOptional(),
  active: z.boolean(),
});

const agent = z.looseObject({
  ...thread,
  command: many(line).min(1),
  mode: z.enum(['repeat', 'stay']),
  pause_ns: whole,
  active: z.boolean(),
});

const ioHogs = z.looseObject({
  ...thread,
  count: whole.min(1).max(1000),
  fileBytes: whole.min(1),
  mostBytes: whole.min(1),
  active: z.boolean(),
});

const basics = {
  name: armName,
  title: line,
  control: z.nullable(z.enum(['idle', 'foreign'])),
  hogs: z.looseObject({
    cpuWeight,
    ...thread,
    count: whole.max(1000),
    burst: z.nullable(z.looseObject({ run_ns: whole, sleep_ns: whole })),
  }),
  victims: many(
    z.looseObject({ ...thread, series: word, role: word, operation: word, layout: word, interval_ns: whole }),
  ),
  agent: agent.exactOptional(),
  series: many(word),
};

const issues = many(z.looseObject({ call: line, by: z.nullable(line), atLeast: whole }));

const work = {
  loads: many(z.looseObject({ name: word, load: word, values: z.record(word, z.union([z.number(), line])) })),
  loadsIn: z.enum(['same', 'foreign']),
  threads: many(z.looseObject({ pattern: line, ...scheduling })),
  allocator: z.looseObject({ name: z.enum(allocators), path: z.nullable(line), settings: z.record(line, line) }),
  issues,
};

const readiness = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('log'), pattern: line, deadline_ns: whole }),
  z.looseObject({ kind: z.literal('port'), port: whole.min(1).max(65_535), deadline_ns: whole }),
  z.looseObject({ kind: z.literal('after'), after_ns: whole }),
]);

const jvm = {
  ...work,
  jdk: line,
  java: z.nullable(line),
  jdkLabel: z
    .string()
    .max(60)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
    .exactOptional(),
  collector: z.enum(collectors),
  flags: many(line),
  process: z.looseObject({
    ...scheduling,
    limits: z.partialRecord(z.enum(limitNames), z.union([whole, z.literal('unlimited')])),
  }),
};
const app = z.looseObject({
  args: many(line),
  ready: z.nullable(readiness),
  environment: z.record(line, line),
  probes: z.boolean(),
});
const inJvm = { ...basics, layout: word, holder: z.nullable(holder) };

const arm = z.discriminatedUnion('kind', [
  z.looseObject({
    ...basics,
    kind: z.literal('native'),
    stall: z.looseObject({ aim_ns: whole, leastHold_ns: whole }),
    layout: word,
    holder,
    ioHogs: ioHogs.exactOptional(),
    issues: issues.exactOptional(),
  }),
  z.looseObject({ ...basics, kind: z.literal('churn'), holder: z.nullable(holder), churn: z.looseObject(work) }),
  z.looseObject({ ...inJvm, kind: z.literal('jvm'), jvm: z.looseObject(jvm) }),
  z.looseObject({ ...inJvm, kind: z.literal('app'), jvm: z.looseObject({ ...jvm, app }) }),
]);

const schema = z.looseObject({
  name: kebab,
  title: line,
  description: z.string().max(20_000),
  runs: whole.min(1).max(1000),
  seed: whole.max(2 ** 32 - 1),
  warmup_ns: whole,
  duration_ns: whole.min(1),
  drain_ns: whole,
  threshold_ns: whole.min(1),
  spoiled: z.looseObject({ steal_share: share, foreignLoad_share: share, retries: whole.max(1000) }),
  // Bundles of versions without guests have neither key.
  kernels: many(line).default([]),
  preempt: many(z.enum(preemptionModels)).default([]),
  features: many(z.string().regex(schedFeatureWord)).min(1).exactOptional(),
  expects: many(
    z.looseObject({
      arm: armName,
      cause: z.enum(causes),
      by: z.nullable(line),
      median_ns: z.nullable(whole),
      call: line.exactOptional(),
      kernel: line.exactOptional(),
    }),
  ).exactOptional(),
  arms: z
    .array(z.preprocess(withKind, arm))
    .min(1)
    .max(102)
    .refine((arms) => new Set(arms.map(({ name }) => name)).size === arms.length, 'two arms have the same name'),
});

/** The published schema accepts any value, because later versions may add keys to a bundle's profile. */
export const resolvedProfileSchema = z.unknown().transform((value, context): ResolvedProfile => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as unknown as ResolvedProfile;
  const [issue] = parsed.error.issues;
  context.addIssue({
    code: 'custom',
    path: issue?.path ?? [],
    message: issue?.message ?? 'no profile',
  });
  return z.NEVER;
});

/** Old versions wrote null for the other kinds. */
function withKind(arm: unknown): unknown {
  if (!isMapping(arm) || Object.hasOwn(arm, 'kind')) return arm;
  const { jvm: ofArm, ...rest } = arm;
  if (!isMapping(ofArm)) return { ...rest, kind: rest.holder === null ? 'churn' : 'native' };
  const { app: ofJvm, ...loads } = ofArm;
  return isMapping(ofJvm) ? { ...arm, kind: 'app' } : { ...rest, jvm: loads, kind: 'jvm' };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
