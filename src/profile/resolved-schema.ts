/**
 * A resolved profile as a bundle's manifest holds it, read back. A bundle may come from anywhere: what of it becomes a
 * file's name, a word of the engine's plan or an argument is held to what expansion itself makes. Further keys, as
 * later versions may add, are kept.
 */
import { z } from 'zod';
import { usage } from '../base/failure.js';
import { allocators } from '../catalogue/allocators.js';
import { collectors } from '../catalogue/collectors.js';
import { limitNames } from './limits.js';
import { preemptionModels } from './preemption.js';
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
/** `writer.mprotect`, `madvise_free`, `load.heap-wave`. */
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
const thread = { nice, policy, cpus };
/** Null: left as it is. */
const scheduling = { nice: z.nullable(nice), policy: z.nullable(policy), cpus: z.nullable(cpus) };

const holder = z.looseObject({
  ...thread,
  operation: word,
  pause_ns: whole,
  region: z.union([
    z.looseObject({ kind: z.literal('calibrated') }),
    z.looseObject({ kind: z.literal('bytes'), bytes: whole }),
  ]),
  pages: z.enum(['small', 'huge']),
  toucher: z.nullable(z.looseObject(thread)),
  process: z.enum(['same', 'foreign']),
  cpuMax: z.looseObject({ quota_ns: whole.min(1), period_ns: whole.min(1) }).exactOptional(),
  active: z.boolean(),
});

const basics = {
  name: kebab,
  title: line,
  control: z.nullable(z.enum(['idle', 'foreign'])),
  hogs: z.looseObject({
    ...thread,
    count: whole.max(1000),
    burst: z.nullable(z.looseObject({ run_ns: whole, sleep_ns: whole })),
  }),
  victims: many(
    z.looseObject({ ...thread, series: word, role: word, operation: word, layout: word, interval_ns: whole }),
  ),
  series: many(word),
};

const work = {
  loads: many(z.looseObject({ name: word, load: word, values: z.record(word, z.union([z.number(), line])) })),
  loadsIn: z.enum(['same', 'foreign']),
  threads: many(z.looseObject({ pattern: line, ...scheduling })),
  allocator: z.looseObject({ name: z.enum(allocators), path: z.nullable(line), settings: z.record(line, line) }),
  issues: many(z.looseObject({ call: line, by: z.nullable(line), atLeast: whole })),
};

const readiness = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('log'), pattern: line, deadline_ns: whole }),
  z.looseObject({ kind: z.literal('port'), port: whole.min(1).max(65_535), deadline_ns: whole }),
  z.looseObject({ kind: z.literal('after'), after_ns: whole }),
]);

const jvm = z.looseObject({
  ...work,
  jdk: line,
  java: z.nullable(line),
  collector: z.enum(collectors),
  flags: many(line),
  process: z.looseObject({
    ...scheduling,
    limits: z.partialRecord(z.enum(limitNames), z.union([whole, z.literal('unlimited')])),
  }),
  app: z.nullable(
    z.looseObject({
      args: many(line),
      ready: z.nullable(readiness),
      environment: z.record(line, line),
      probes: z.boolean(),
    }),
  ),
});

const arm = z.union([
  z.looseObject({
    ...basics,
    jvm: z.null(),
    stall: z.looseObject({ aim_ns: whole, leastHold_ns: whole }),
    layout: word,
    holder,
  }),
  z.looseObject({ ...basics, jvm: z.null(), holder: z.null(), churn: z.looseObject(work) }),
  z.looseObject({ ...basics, jvm, holder: z.nullable(holder) }),
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
  // A bundle of a version without guests has neither.
  kernels: many(line).default([]),
  preempt: many(z.enum(preemptionModels)).default([]),
  arms: z.array(arm).min(1).max(102),
});

/** `source`: the manifest's path. */
export function readResolved(value: unknown, source: string): ResolvedProfile {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw usage(
      `${source} holds no profile that this pauselab can run (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}); it was changed, or is of another version`,
    );
  }
  const profile = parsed.data as unknown as ResolvedProfile;
  const names = profile.arms.map(({ name }) => name);
  if (new Set(names).size < names.length)
    throw usage(`${source} holds a profile with two arms of one name; it was changed`);
  return profile;
}
