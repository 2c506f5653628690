/** The common part of the schema for a JVM and a native churn: loads, allocator, and rules for threads by name. */
import { z } from 'zod';
import { duration, either, flag, textLine, listOf, mapping, oneOf, recordOf, size, whole } from './fields.js';
import { allocators } from '../../catalogue/allocators.js';
import { defaults } from '../resolved/defaults.js';
import { jvmLoads, type JvmLoad, type LoadSetting } from '../../catalogue/jvm-loads.js';
import { threadFields } from './thread-schema.js';

/** The bounds are those of the load. */
const perKind = {
  size: ({ least, most }) => size(String(least), String(most)),
  duration: ({ least, most }) => duration(String(least), String(most)),
  count: ({ least, most }) => whole(Number(least), Number(most)),
  flag: () => flag(),
} satisfies Record<LoadSetting['kind'], (setting: LoadSetting) => z.ZodType<number | boolean>>;

function loadSettings({ settings }: JvmLoad) {
  const own = Object.entries(settings).map(([key, setting]) => [
    key,
    perKind[setting.kind](setting)
      .meta({ description: `${setting.explanation}; default ${String(setting.default)}` })
      .exactOptional(),
  ]);
  return {
    seed: whole(0, 2 ** 32 - 1)
      .meta({ description: 'Seed of its random numbers; default 1' })
      .exactOptional(),
    ...(Object.fromEntries(own) as Record<string, z.ZodExactOptional<z.ZodType<number | boolean>>>),
  };
}

export function loadSchema(name: string, load: JvmLoad) {
  return mapping({
    load: z.literal(name).meta({ description: load.explanation }),
    ...loadSettings(load),
  });
}

/** The settings of the JVM's malloc_churn. The native engine makes the same blocks from them. */
const oneChurn = mapping(loadSettings(jvmLoads.malloc_churn));

export const churn = either(
  'a mapping with settings of a churn such as { threads: 4, rate: 1000 }, or a list of 1 to 8 of them',
  [oneChurn.transform((one) => [one]), listOf(oneChurn, 'churns', 8)],
);

const rule = either(
  'a nice value from -20 to 19, or a mapping with some of the keys nice, policy, rtPriority, slice, cpus',
  [whole(-20, 19).transform((nice) => ({ nice })), mapping(threadFields)],
);

export const threadRules = recordOf(
  'a mapping from patterns of thread names to nice values or scheduling',
  textLine('a pattern of thread names'),
  rule,
);

export const allocator = mapping({
  name: oneOf(allocators).meta({ description: 'The allocator to preload; glibc: none' }),
  path: textLine('the path of a shared library')
    .regex(/^\/[^\s:]*$/, {
      error: () => 'expected an absolute path without blanks and colons, which separate the entries of LD_PRELOAD',
    })
    .meta({ description: 'Its shared library; default the usual path of distributions' })
    .exactOptional(),
  settings: recordOf(
    'a mapping of settings of the allocator, such as { dirty_decay_ms: 500 }',
    textLine('the name of a setting'),
    either('text, a number, true or false', [z.string(), z.number(), z.boolean()]),
  )
    .meta({ description: 'Settings of the allocator, by its names for them' })
    .exactOptional(),
});

export const purge = mapping({
  ...threadFields,
  pause: duration('0ms', '1h')
    .meta({ description: `Rest between two calls; default ${defaults.purge.pause}` })
    .exactOptional(),
  arena: either('all or the number of an arena of jemalloc', [z.literal('all'), whole(0, 4095)])
    .meta({ description: 'For jemalloc, the arena that is purged; default all' })
    .exactOptional(),
});

export const issues = recordOf(
  'a mapping from calls such as madvise.FREE to { by, atLeast }',
  textLine('a call such as madvise.FREE'),
  mapping({
    by: textLine('a pattern of thread names')
      .meta({ description: 'The threads that make the calls, as a pattern of names; default any' })
      .exactOptional(),
    atLeast: whole(1, 1_000_000_000).meta({ description: 'Least number of calls in a run; default 1' }).exactOptional(),
  }),
).meta({ description: 'System calls that an arm makes, counted by `profile verify`' });
